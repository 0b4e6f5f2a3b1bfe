"""`hookline up`: everything on this machine, under supervision, until Ctrl-C."""

import contextlib
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import click
import redis
import requests
from rich.console import Console
from rich.table import Table

from webhooks.cli import programs
from webhooks.cli.keys import keys_of
from webhooks.settings import Settings, SettingsError, without_password

LOOPBACK = "127.0.0.0/8,::1/128"
DEMO_HANDLERS = "examples.invoices"
REDIS_PORT_FILE = "redis-port"
READY_SECONDS = 90.0
LOOK_EVERY_SECONDS = 0.2

console = Console()


@click.command(help="Run everything on this machine until Ctrl-C.")
def up() -> None:
    """Exit code 0 after a stop that was asked for, 1 with one clear line where it cannot start."""
    environ = dict(os.environ)  # noqa: TID251 - the composition root of the command
    data = Path(environ.get("HOOKLINE_DATA_DIR") or "./var")
    try:
        _make_writable(data)
        with _alone(data):
            raise SystemExit(_run(environ, data.resolve()))
    except (SettingsError, CannotStart) as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None


class CannotStart(Exception):
    """One line that says what is in the way and what to do."""


def _run(given: Mapping[str, str], data: Path) -> int:
    environ, said = _complete(given, data)
    redis_port = None
    if not given.get("HOOKLINE_REDIS_URL"):
        redis_port = _redis_port(data)
        environ["HOOKLINE_REDIS_URL"] = f"redis://127.0.0.1:{redis_port}/0"
    settings = Settings.from_env(environ)
    _check_ports(settings)
    if redis_port is None:
        _check_server(settings.redis_url)
    found = programs.programs(settings, data=data, redis_port=redis_port)
    config = data / "supervisord.conf"
    config.write_text(programs.supervisord_config(found, folder=data))
    root = Path(__file__).resolve().parents[2]
    return _supervise(config, programs.environment(environ, root=root), settings, said)


def _complete(given: Mapping[str, str], data: Path) -> tuple[dict[str, str], list[str]]:
    """The environment with the keys of the data folder and what suits a first try; it wins where it says something."""
    said = []
    environ = {**keys_of(data), **{name: value for name, value in given.items() if value.strip()}}
    environ["HOOKLINE_DATA_DIR"] = str(data)
    if "HOOKLINE_ALLOW_NETWORKS" not in given:
        environ["HOOKLINE_ALLOW_NETWORKS"] = LOOPBACK
        said.append(f"endpoints on loopback are allowed for the demo (HOOKLINE_ALLOW_NETWORKS={LOOPBACK})")
    if not environ.get("HOOKLINE_HANDLERS"):
        environ["HOOKLINE_HANDLERS"] = DEMO_HANDLERS
        said.append(f"handlers are the demo's (HOOKLINE_HANDLERS={DEMO_HANDLERS})")
    return environ, said


def _supervise(config: Path, environ: Mapping[str, str], settings: Settings, said: list[str]) -> int:
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(config), "-n"]
    supervisor = subprocess.Popen(  # noqa: S603 - our own interpreter
        [*programs.ending_with_parent(), *command],
        env={**environ, "PYTHONWARNINGS": "ignore"},
        start_new_session=True,
    )
    for asked in (signal.SIGINT, signal.SIGTERM):
        signal.signal(asked, lambda *_: supervisor.send_signal(signal.SIGTERM))
    began = time.monotonic()
    if _wait_until_ready(supervisor, settings):
        _announce(settings, said, seconds=time.monotonic() - began)
    supervisor.wait()
    return 0


def _wait_until_ready(supervisor: subprocess.Popen[bytes], settings: Settings) -> bool:
    urls = {
        "the API": f"{settings.api_url}/health/ready",
        "Flower": f"http://127.0.0.1:{settings.flower_port}/healthcheck",
        "the demo receiver": f"http://127.0.0.1:{settings.demo_port}/",
    }
    deadline = time.monotonic() + READY_SECONDS
    while supervisor.poll() is None:
        missing = {name: url for name, url in urls.items() if not _answers(url)}
        if not missing:
            return True
        if time.monotonic() > deadline:
            console.print(f"[yellow]still waiting for {', '.join(missing)}; the lines above may say why[/]")
            deadline = time.monotonic() + READY_SECONDS
        time.sleep(LOOK_EVERY_SECONDS)
    return False


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=2).ok
    return False


def _announce(settings: Settings, said: list[str], *, seconds: float) -> None:
    table = Table(title=f"Hookline is ready after {seconds:.1f} s", show_header=False, title_justify="left")
    table.add_row("API", f"{settings.api_url}  (/openapi.json, /docs)")
    table.add_row("API key", settings.api_key)
    table.add_row("Flower", f"http://127.0.0.1:{settings.flower_port}")
    table.add_row("demo receiver", f"http://127.0.0.1:{settings.demo_port}")
    table.add_row("Redis", without_password(settings.redis_url))
    table.add_row("data and keys", settings.data_dir)
    console.print(table)
    for line in said:
        console.print(f"note: {line}", highlight=False)
    console.print("In a second terminal: make demo. Ctrl-C stops everything.", highlight=False)


def _make_writable(data: Path) -> None:
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {data} cannot be written ({error.strerror}); name another in HOOKLINE_DATA_DIR."
        ) from None


@contextlib.contextmanager
def _alone(data: Path) -> Iterator[IO[Any]]:
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotStart(
                f"Hookline runs on {data} already; stop it, or name another folder in HOOKLINE_DATA_DIR."
            ) from None
        yield lock


def _redis_port(data: Path) -> int:
    """The port of the embedded server: the one of the last time if it is free, so that URLs stay true."""
    kept = data / REDIS_PORT_FILE
    if kept.exists() and (port := int(kept.read_text() or 0)) and _is_free("127.0.0.1", port):
        return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept.write_text(str(port))
    return int(port)


def _check_ports(settings: Settings) -> None:
    for variable, host, port in (
        ("HOOKLINE_PORT", settings.host, settings.port),
        ("HOOKLINE_FLOWER_PORT", "127.0.0.1", settings.flower_port),
        ("HOOKLINE_DEMO_PORT", "127.0.0.1", settings.demo_port),
    ):
        if not _is_free(host, port):
            raise CannotStart(f"Port {port} is in use; free it, or choose another in {variable}.")


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise CannotStart(f"HOOKLINE_HOST={host} cannot be bound: {error.strerror}.") from None
    return True


def _check_server(url: str) -> None:
    try:
        redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2).ping()
    except redis.RedisError as error:
        raise CannotStart(
            f"HOOKLINE_REDIS_URL={without_password(url)} does not answer ({error}); start it, or unset the variable "
            "for an embedded one."
        ) from None
