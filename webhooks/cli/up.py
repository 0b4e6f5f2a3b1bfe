"""`hookline up`: everything on this machine, under supervision, until Ctrl-C."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import click
import requests
from rich.console import Console
from rich.table import Table

from webhooks.cli import obstacles, programs
from webhooks.cli.keys import keys_of
from webhooks.cli.obstacles import CannotStart, Lock
from webhooks.settings import Settings, SettingsError, without_password

LOOPBACK = "127.0.0.0/8,::1/128"
DEMO_HANDLERS = "examples.invoices"
ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 90.0
LOOK_EVERY_SECONDS = 0.2

console = Console()


@click.command(
    help="Run everything on this machine until Ctrl-C: Redis, API, workers, beat, Flower and a demo receiver. "
    "Settings are HOOKLINE_* variables (.env.example); data and keys are kept in HOOKLINE_DATA_DIR, else ./var.",
    short_help="Run everything on this machine until Ctrl-C.",
)
def up() -> None:
    """Exit code 0 after a stop that was asked for, 1 with clear lines where it cannot start or go on."""
    environ = dict(os.environ)  # noqa: TID251 - the composition root of the command
    data = Path(environ.get("HOOKLINE_DATA_DIR") or "./var")
    try:
        obstacles.make_writable(data)
        with obstacles.alone(data) as lock:
            raise SystemExit(_run(environ, data.resolve(), lock=lock))
    except (SettingsError, CannotStart) as error:
        click.echo(str(error), err=True)
        raise SystemExit(1) from None


def _run(given: Mapping[str, str], data: Path, *, lock: Lock) -> int:
    environ, said = completed(given, data, to_person=sys.stdout.isatty())
    redis_port = None
    if "HOOKLINE_REDIS_URL" not in environ:
        redis_port = obstacles.redis_port(data, patience_seconds=lock.patience_seconds)
        environ["HOOKLINE_REDIS_URL"] = f"redis://127.0.0.1:{redis_port}/0"
    settings = Settings.from_env(environ)
    obstacles.check_ports(settings, patience_seconds=lock.patience_seconds)
    if redis_port is None:
        from webhooks.cli import store_obstacles  # noqa: PLC0415 - it takes half as long as all else

        store_obstacles.check_server(settings.redis_url)
        store_obstacles.check_store(settings)
    found = programs.programs(settings, data=data, redis_port=redis_port)
    config = data / "supervisord.conf"
    config.write_text(programs.supervisord_config(found, folder=data), encoding="utf-8")
    return _supervise(config, programs.environment(environ, root=ROOT), settings, said, lock=lock)


def completed(given: Mapping[str, str], data: Path, *, to_person: bool) -> tuple[dict[str, str], list[str]]:
    """The environment with the folder's keys and what suits a first try, and what was chosen; what is given wins."""
    given = {name: value for name, value in given.items() if value.strip() or name == "HOOKLINE_ALLOW_NETWORKS"}
    environ, said = keys_of(data), []
    if "HOOKLINE_SOURCE_DEFAULT_SCHEME" in given:
        del environ["HOOKLINE_SOURCE_DEFAULT_SECRET"]  # it is one for the usual scheme
    if to_person:
        environ["HOOKLINE_LOG_FORMAT"] = "console"
    if "HOOKLINE_ALLOW_NETWORKS" not in given:
        environ["HOOKLINE_ALLOW_NETWORKS"] = LOOPBACK
        said.append(f"endpoints on loopback are allowed for the demo (HOOKLINE_ALLOW_NETWORKS={LOOPBACK})")
    environ["HOOKLINE_RELOAD"] = "on"
    if "HOOKLINE_HANDLERS" not in given:
        environ["HOOKLINE_HANDLERS"] = DEMO_HANDLERS
        said.append(f"handlers are the demo's (HOOKLINE_HANDLERS={DEMO_HANDLERS})")
    return {**environ, **given, "HOOKLINE_DATA_DIR": str(data)}, said


def _supervise(config: Path, environ: Mapping[str, str], settings: Settings, said: list[str], *, lock: Lock) -> int:
    """The supervisor inherits the lock: should we be killed, the folder is not free before all has ended."""
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(config), "-n"]
    asked = False

    def stop(*_: object) -> None:
        nonlocal asked
        asked = True
        supervisor.send_signal(signal.SIGTERM)

    lock.mark_running()
    supervisor = subprocess.Popen(  # noqa: S603 - our own interpreter
        [*programs.ending_with_parent(), *command],
        env={**environ, "PYTHONWARNINGS": "ignore"},
        start_new_session=True,
        pass_fds=(lock.descriptor,),
    )
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, stop)
    began = time.monotonic()
    if _wait_until_ready(supervisor, settings):
        _announce(settings, said, seconds=time.monotonic() - began)
    supervisor.wait()
    if not asked:
        raise CannotStart(f"The supervisor has ended by itself, and all else with it; see {config.parent} and above.")
    lock.mark_ended()
    return 0


def _wait_until_ready(supervisor: subprocess.Popen[bytes], settings: Settings) -> bool:
    urls = {
        "the API": f"{settings.api_url}/health/ready",
        "Flower": f"http://127.0.0.1:{settings.flower_port}/healthcheck",
        "the demo receiver": f"http://127.0.0.1:{settings.demo_port}/",
    }
    deadline = time.monotonic() + READY_SECONDS
    with requests.Session() as http:
        http.trust_env = False  # a proxy of the environment knows nothing of this machine's loopback
        while supervisor.poll() is None:
            missing = [name for name, url in urls.items() if not _answers(http, url)]
            if not missing:
                return True
            if time.monotonic() > deadline:
                console.print(f"[yellow]still waiting for {', '.join(missing)}; the lines above may say why[/]")
                deadline = time.monotonic() + READY_SECONDS
            time.sleep(LOOK_EVERY_SECONDS)
    return False


def _answers(http: requests.Session, url: str) -> bool:
    try:
        return http.get(url, timeout=2).ok
    except requests.RequestException:
        return False


def _announce(settings: Settings, said: list[str], *, seconds: float) -> None:
    table = Table(title=f"Hookline is ready after {seconds:.1f} s", show_header=False, title_justify="left")
    table.add_row("pages", f"{settings.api_url}/ui/  (sign in with the API key)")
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
