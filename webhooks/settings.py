"""Settings, read once from the environment; every problem is reported at the same time."""

import difflib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from webhooks import variables
from webhooks.source_variables import SOURCE_VARIABLE, read_sources
from webhooks.sources import Source

PREFIX = "HOOKLINE_"
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named to be avoided
DATABASE = re.compile(r"/(\d{0,4})")
REDIS_URL = variables.url_of("redis", "rediss", "sentinel")
BROKER_URL = variables.url_of("redis", "rediss", "sentinel", "amqp", "amqps")
PORT = variables.integer(1, 65535)

VARIABLES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "HOOKLINE_REDIS_URL": ("redis_url", REDIS_URL),
    "HOOKLINE_BROKER_URL": ("broker_url", BROKER_URL),
    "HOOKLINE_API_KEY": ("api_key", variables.api_key),
    "HOOKLINE_SECRET_KEY": ("secret_keys", variables.secret_keys),
    "HOOKLINE_HOST": ("host", variables.host),
    "HOOKLINE_PORT": ("port", PORT),
    "HOOKLINE_FLOWER_PORT": ("flower_port", PORT),
    "HOOKLINE_DEMO_PORT": ("demo_port", PORT),
    "HOOKLINE_DATA_DIR": ("data_dir", variables.path),
    "HOOKLINE_RETRY_SCHEDULE": ("retry_schedule", variables.schedule),
    "HOOKLINE_TIMEOUT": ("timeout_seconds", variables.duration_between("1s", "60s")),
    "HOOKLINE_ALLOW_NETWORKS": ("allow_networks", variables.networks),
    "HOOKLINE_RETENTION": ("retention_seconds", variables.duration_between("1m", "3650d")),
    "HOOKLINE_AUDIT_RETENTION": ("audit_retention_seconds", variables.duration_between("1h", "3650d")),
    "HOOKLINE_HANDLERS": ("handlers", variables.module),
    "HOOKLINE_PROXIES": ("proxies", variables.networks),
    "HOOKLINE_RELOAD": ("reload", variables.switch),
    "HOOKLINE_HANDLER_TIMEOUT": ("handler_timeout_seconds", variables.duration_between("1s", "1h")),
    "HOOKLINE_WORKER_PROCESSES": ("worker_processes", variables.integer(1, 256)),
    "HOOKLINE_WORKER_SLOTS": ("worker_slots", variables.integer(1, 1000)),
    "HOOKLINE_HANDLER_PROCESSES": ("handler_processes", variables.integer(1, 256)),
    "HOOKLINE_WINDOW": ("window", variables.integer(0, 1_000_000)),
    "HOOKLINE_MAX_BODY": ("max_body_bytes", variables.size(1024, 16 * 1024**2)),
    "HOOKLINE_MAX_BATCH_BODY": ("max_batch_bytes", variables.size(1024, 64 * 1024**2)),
    "HOOKLINE_TASK_EVENTS": ("task_events", variables.switch),
    "HOOKLINE_DURABILITY": ("durability", variables.choice("everysec", "always")),
    "HOOKLINE_REPLICAS_ACK": ("replicas_ack", variables.integer(0, 16)),
    "HOOKLINE_FLOWER_LOGIN": ("flower_login", variables.login),
    "HOOKLINE_FLOWER_URL": ("flower_url", variables.url_of("http", "https")),
    "HOOKLINE_PAGES_URL": ("pages_url", variables.url_of("http", "https")),
    "HOOKLINE_ALIVE_FILE": ("alive_file", variables.path),
    "HOOKLINE_EGRESS_PROXY": ("egress_proxy", variables.url_of("http")),
    "HOOKLINE_TRACES_URL": ("traces_url", variables.url_of("http", "https")),
    "HOOKLINE_SEND_TRACEPARENT": ("send_traceparent", variables.switch),
    "HOOKLINE_LOG_FORMAT": ("log_format", variables.choice("auto", "json", "console")),
}
"""Each variable's field and reader; those of the sources stand in source_variables.py."""

OTHERS = frozenset({"HOOKLINE_URL"})
"""Variables of the command line, which are nothing to a server and may stand in the same shell."""

HOW_TO_GET = {
    "HOOKLINE_REDIS_URL": "give a server's URL, such as redis://127.0.0.1:6379/0; `make up` brings its own",
    "HOOKLINE_API_KEY": "make one with: openssl rand -hex 32",
    "HOOKLINE_SECRET_KEY": "make one with: openssl rand -base64 32 | tr '+/' '-_'",
}
URLS = ("redis_url", "broker_url", "traces_url", "egress_proxy", "flower_url", "pages_url")
SECRET_FIELDS = frozenset({"api_key", "secret_keys", "flower_login"})


class SettingsError(Exception):
    """The environment does not make a configuration; lists every problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("Hookline cannot start:\n" + "\n".join(f"  - {problem}" for problem in problems))
        self.problems = problems


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
    data_dir: str = "./var"
    retry_schedule: tuple[float, ...] = (5, 300, 1800, 7200, 18000)
    timeout_seconds: float = 15.0
    allow_networks: tuple[str, ...] = ()
    retention_seconds: float = 30 * 86400
    audit_retention_seconds: float = 365 * 86400
    handlers: str = ""
    reload: bool = False
    proxies: tuple[str, ...] = ()
    worker_processes: int = os.cpu_count() or 1
    worker_slots: int = 100
    handler_processes: int = 2
    handler_timeout_seconds: float = 60.0
    max_body_bytes: int = 1024 * 1024
    max_batch_bytes: int = 16 * 1024 * 1024
    window: int = 0
    task_events: bool = True
    durability: str = "everysec"
    replicas_ack: int = 0
    flower_login: str = ""
    flower_url: str = ""
    pages_url: str = ""
    alive_file: str = ""
    egress_proxy: str = ""
    traces_url: str = ""
    send_traceparent: bool = False
    log_format: str = "auto"
    sources: tuple[Source, ...] = ()

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """The settings that these variables make; an empty one counts as unset. Raises SettingsError."""
        problems = list(_unknown(environ))
        values = _read_variables(environ, problems)
        values["sources"] = read_sources(environ, problems)
        settings = cls(**dict.fromkeys(_required(), "") | values)
        problems += _contradictions(settings)
        if problems:
            raise SettingsError(problems)
        return settings

    @property
    def api_url(self) -> str:
        """Where the API is reached from this machine."""
        address = ANY_ADDRESS.get(self.host, self.host)
        return f"http://[{address}]:{self.port}" if ":" in address else f"http://{address}:{self.port}"

    def summary(self) -> dict[str, Any]:
        """What the start-up log may show: secrets as `set` or `not set`, URLs without their passwords."""
        shown = {item.name: getattr(self, item.name) for item in fields(self)}
        shown |= {name: "set" if shown[name] else "not set" for name in SECRET_FIELDS}
        shown |= {name: without_password(shown[name]) for name in URLS}
        shown["sources"] = {source.name: source.scheme for source in self.sources}
        return shown


def without_password(url: str) -> str:
    """The URL with its password, if it has one, as `***`; its query, which may hold one too, is left out."""
    parts = urlsplit(url)
    credentials, at, place = parts.netloc.rpartition("@")
    user, colon, _ = credentials.partition(":")
    netloc = f"{user}{colon and ':***'}{at}{place}"
    return parts._replace(netloc=netloc, query="", fragment="").geturl()


def _required() -> list[str]:
    return [item.name for item in fields(Settings) if item.default is MISSING]


def _read_variables(environ: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, (field, read) in VARIABLES.items():
        text = environ.get(name, "")
        if not text.strip():
            problems += [f"{name} is not set; {HOW_TO_GET[name]}"] if name in HOW_TO_GET else []
            continue
        try:
            values[field] = read(text)
        except ValueError as error:
            problems.append(f"{name}: {error}")
    if "redis_url" in values and not environ.get("HOOKLINE_BROKER_URL", "").strip():
        values["broker_url"] = _next_database(values["redis_url"], problems)
    return values


def _next_database(url: str, problems: list[str]) -> str:
    """The database after the store's, so that dropping the broker's loses nothing."""
    parts = urlsplit(url)
    database = DATABASE.fullmatch(parts.path or "/")
    if not database:
        problems.append("HOOKLINE_REDIS_URL: its path must be the number of a database, such as /0")
        return ""
    return parts._replace(path=f"/{int(database[1] or 0) + 1}").geturl()


def _unknown(environ: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in OTHERS or name in VARIABLES or SOURCE_VARIABLE.fullmatch(name):
            continue
        meant = difflib.get_close_matches(name[len(PREFIX) :], [known[len(PREFIX) :] for known in VARIABLES], n=1)
        hint = f"did you mean {PREFIX}{meant[0]}?" if meant else ".env.example lists them all"
        yield f"{name} is not a setting; {hint}"


def _contradictions(settings: Settings) -> Iterator[str]:
    """What is right by itself and wrong together."""
    if settings.redis_url and settings.redis_url.rstrip("/") == settings.broker_url.rstrip("/"):
        yield "HOOKLINE_BROKER_URL is the store's own database; give it another number, such as /1"
    ports = {"HOOKLINE_PORT": settings.port, "HOOKLINE_FLOWER_PORT": settings.flower_port}
    ports["HOOKLINE_DEMO_PORT"] = settings.demo_port
    for name, port in ports.items():
        rivals = [other for other in ports if ports[other] == port]
        if rivals[0] != name:
            yield f"{name}: {port} is the port of {rivals[0]} already; give each its own"
