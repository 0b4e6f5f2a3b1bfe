"""The command line of each process of a stack."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = (sys.executable, "-m")
APP = "workers.app"
GUNICORN = (
    "-k",
    "api.slow_clients.Worker",
    "-w",
    "1",
    "--threads",
    "16",
    "--keep-alive",
    "75",
    "--graceful-timeout",
    "5",
)


def api(port: int, *, app: str = "api.wsgi:app") -> list[str]:
    """The HTTP API on loopback."""
    return [*PYTHON, "gunicorn", app, "-b", f"127.0.0.1:{port}", *GUNICORN, "--no-control-socket"]


def plain_api(port: int, *, app: str) -> list[str]:
    """Somebody else's on loopback, in gunicorn's own threads."""
    return [*PYTHON, "gunicorn", app, "-b", f"127.0.0.1:{port}", "-k", "gthread", *GUNICORN[2:], "--no-control-socket"]


def delivery_worker(name: str, *, slots: int, app: str = APP) -> list[str]:
    """A worker that sends, on threads."""
    return [*_celery(app), "worker", "-P", "threads", "-c", str(slots), "-Q", "deliveries", "-n", f"{name}@%h"]


def handler_worker(name: str, *, slots: int = 2, app: str = APP) -> list[str]:
    """A worker that runs handlers, on processes."""
    return [*_celery(app), "worker", "-P", "prefork", "-c", str(slots), "-Q", "handlers", "-n", f"{name}@%h"]


def beat(folder: Path) -> list[str]:
    """Celery's clock, its memory in that folder."""
    return [*_celery(APP), "beat", "-s", str(folder / "beat-schedule")]


def flower(port: int) -> list[str]:
    """Flower on loopback."""
    config = ROOT / "workers" / "flower_config.py"
    return [*_celery(APP), "flower", "--address=127.0.0.1", f"--port={port}", "--read-only", f"--conf={config}"]


def _celery(app: str) -> list[str]:
    return [*PYTHON, "celery", "-A", app]
