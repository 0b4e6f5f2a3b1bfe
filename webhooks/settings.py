"""Settings, read once from the environment; every problem is reported at the same time."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.fernet import Fernet

SCHEDULE_LIMITS = (20, 7 * 86400, 30 * 86400)
SOURCE_VARIABLE = re.compile(r"^HOOKLINE_SOURCE_([A-Z0-9_]+)_(SCHEME|SECRET)$")


class SettingsError(Exception):
    """The environment does not make a configuration; lists every problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Hookline cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One source whose webhooks are received."""

    name: str
    scheme: str = "standard"
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of `HOOKLINE_*`; `.env.example` says what each means."""

    redis_url: str
    broker_url: str
    api_key: str
    secret_keys: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 8000
    flower_port: int = 5555
    demo_port: int = 8001
    retry_schedule: tuple[float, ...] = (5, 300, 1800, 7200, 18000)
    timeout_seconds: float = 15.0
    allow_networks: tuple[str, ...] = ()
    retention_seconds: float = 30 * 86400
    handlers: str = ""
    worker_processes: int = 1
    worker_slots: int = 100
    handler_processes: int = 2
    handler_timeout_seconds: float = 60.0
    max_body_bytes: int = 1024 * 1024
    window: int = 0
    task_events: bool = True
    durability: str = "everysec"
    replicas_ack: int = 0
    log_format: str = "auto"
    sources: tuple[SourceSettings, ...] = field(default=())
