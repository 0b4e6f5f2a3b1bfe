"""`hookline demo`: one event through all four lanes, told as it happens."""

import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Self, TypeVar
from urllib.parse import quote

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from webhooks.cli.keys import FILE, keys_of
from webhooks.client import Hookline, NoAnswer, Refused, Trouble
from webhooks.client.shapes import Delivery
from webhooks.settings import Settings, SettingsError

SCHEDULE = [1, 2, 4, 8, 16]
PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.1
FINAL = ("delivered", "exhausted", "cancelled")
TRIES = 2
NOT_FOUND = 404

Found = TypeVar("Found")

console = Console()


class DemoFailed(Exception):
    """The story did not end as it should."""


class Story:
    """The lines told so far, and one that changes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._began = time.monotonic()
        self._live = Live(console=console, refresh_per_second=10, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, line: str) -> None:
        """A line that stays."""
        self.lines.append(line)
        console.print(f"[dim]{time.monotonic() - self._began:5.1f} s[/]  {line}", highlight=False, soft_wrap=True)

    def waiting(self, line: str) -> None:
        """What is waited for just now."""
        self._live.update(Text(f"         … {line}", style="dim"))


@click.command(help="Send one event through all four lanes and tell the story.")
@click.option("--receiver", help="Where the workers reach the demo receiver, if not on this machine.")
def demo(receiver: str | None) -> None:
    """Exit code 0 where the story ended with a handler that ran, else 1."""
    settings = _settings(os.environ)  # noqa: TID251 - the composition root of the command
    url = receiver or f"http://127.0.0.1:{settings.demo_port}/webhook"
    try:
        with Story() as story:
            _tell(story, Hookline(settings.api_url, settings.api_key, tries=TRIES), settings, url)
    except NoAnswer:
        raise click.ClickException("Hookline does not answer: start it with `make up`, then try again.") from None
    except (DemoFailed, Trouble) as error:
        raise click.ClickException(str(error)) from None


def _settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the stack that runs here; the story speaks to its API alone, so any store will do."""
    given = {name: value for name, value in environ.items() if value.strip()}
    data = Path(given.get("HOOKLINE_DATA_DIR", "./var"))
    if not (data / FILE).exists() and "HOOKLINE_API_KEY" not in given:
        raise click.ClickException("Hookline does not run here: start it with `make up`, then try again.")
    kept = keys_of(data) if (data / FILE).exists() else {}
    try:
        return Settings.from_env({"HOOKLINE_REDIS_URL": "redis://127.0.0.1/0"} | kept | given)
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


def _secret(settings: Settings) -> str:
    """The secret with which the stack's own receiver verifies. Raises DemoFailed."""
    secrets_of = {source.name: source.secrets for source in settings.sources}
    if not secrets_of.get("default"):
        raise DemoFailed("The source `default` has no secret: set HOOKLINE_SOURCE_DEFAULT_SECRET, then try again.")
    return secrets_of["default"][0]


def _tell(story: Story, client: Hookline, settings: Settings, receiver: str) -> None:
    endpoint = client.endpoints.create(
        receiver,
        event_types=["invoice.*"],
        retry_schedule=SCHEDULE,
        secret=_secret(settings),
        description="the demo receiver: fails twice, then receives",
    )
    times = ", ".join(map(str, SCHEDULE))
    story.tell(f"endpoint registered: {endpoint['id']} at the demo receiver, retries after {times} s")
    data = {"invoice": f"in_{secrets.token_hex(4)}", "amount": 4200}
    # to this endpoint alone: the receiver counts by event, so those of earlier demos would take part in the refusals
    event = client.publish("invoice.paid", data, endpoint_ids=[endpoint["id"]])
    story.tell(f"event posted: {event['id']} invoice.paid")
    [mine] = event["deliveries"]
    delivery = _follow(story, client, mine["id"])
    if delivery["status"] != "delivered":
        raise DemoFailed(f"the delivery ended {delivery['status']}")
    item = _await(
        lambda: _done(_if_there(lambda: client.inbox.read("default", event["id"]))),
        waiting=lambda: story.waiting("the handler"),
    )
    for handler in item["handlers"]:
        story.tell(f"handler run: {handler['endpoint_id'].partition('.')[2]}")
    story.tell("[bold green]completed[/]")
    _links(story, settings, mine["id"])


def _follow(story: Story, client: Hookline, delivery_id: str) -> Delivery:
    told = 0

    def look() -> Delivery | None:
        nonlocal told
        found = client.deliveries.get(delivery_id)
        for attempt in found["attempts"][told:]:
            came = attempt["status_code"] or attempt["error"] or attempt["outcome"]
            story.tell(f"attempt {attempt['number']} → {came}")
            told = attempt["number"]
        due = found["next_attempt_at"]
        story.waiting(f"next attempt at {due}" if due else found["status"])
        return found if found["status"] in FINAL else None

    return _await(look)


def _if_there(read: Callable[[], Found]) -> Found | None:
    """What was read, or None where there is nothing yet."""
    try:
        return read()
    except Refused as error:
        if error.status != NOT_FOUND:
            raise
        return None


def _done(item: dict[str, Any] | None) -> dict[str, Any] | None:
    return item if item and item["status"] == "done" else None


def _await(look: Callable[[], Found | None], waiting: Callable[[], None] | None = None) -> Found:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        if waiting:
            waiting()
        time.sleep(POLL_SECONDS)
    raise DemoFailed(f"nothing more came within {PATIENCE_SECONDS:.0f} s; what does `make up` say?")


def _links(story: Story, settings: Settings, delivery_id: str) -> None:
    path = Path(settings.data_dir) / "invoices.sqlite3"
    if path.exists():
        with closing(sqlite3.connect(path)) as database:
            (paid,) = database.execute("SELECT count(*) FROM paid").fetchone()
        story.tell(f"the handler's local state: {paid} invoice(s) paid (python -m examples.invoices lists them)")
    story.tell(f"its way, drawn: {settings.api_url}/ui/flow?delivery={quote(delivery_id)}")
    story.tell(f"in Flower: http://127.0.0.1:{settings.flower_port}/task/{quote(delivery_id)}")
    story.tell(f"the API, described: {settings.api_url}/docs")
