"""`hookline tail`: deliveries as they come and change."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, islice
from typing import Any
from urllib.parse import urlsplit

import click
from rich.text import Text

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.deliveries import last
from webhooks.cli.options import of_tenant
from webhooks.cli.showing import COLOURS
from webhooks.client import NoAnswer, Refused
from webhooks.client.calls import WORTH_REPEATING
from webhooks.client.shapes import Delivery

FOLLOWED = 250
"""The newest deliveries, whose changes are seen."""
LOOK_EVERY_SECONDS = 1.0

CLOCK = slice(11, 19)
"""The time of day in a moment; all times are UTC."""

State = tuple[str, int]
Pause = Callable[[float], None]


@click.command(
    help=f"Show deliveries as they come and change, the newest {FOLLOWED}, until Ctrl-C.",
    short_help="Show deliveries as they come and change, until Ctrl-C.",
)
@of_tenant
@click.option("--endpoint", "endpoint_id", help="Only those to this endpoint (ep_…).")
@click.option("--type", "event_type", help="Only those of this event type.")
@click.option("--looks", type=click.IntRange(min=1), help="Stop after so many looks, one a second.")
@connected
def tail(terminal: Terminal, *, looks: int | None, **filters: Any) -> None:
    """Exit code 0 after Ctrl-C."""
    _note(terminal, "what comes from now on is shown; Ctrl-C ends it")
    with suppress(KeyboardInterrupt):
        follow(terminal, given(**filters), looks=looks)


def follow(terminal: Terminal, filters: dict[str, Any], *, looks: int | None = None, pause: Pause = time.sleep) -> None:
    """What came and changed since the first look has been shown, after so many looks. Raises Refused, NoAnswer."""
    seen: dict[str, State] = {}
    for number, newest in enumerate(_looks(terminal, filters, looks=looks, pause=pause)):
        changed = list(changes(newest, seen))
        for delivery in changed if number else ():
            _show(terminal, delivery)


def _looks(terminal: Terminal, filters: dict[str, Any], *, looks: int | None, pause: Pause) -> Iterator[list[Delivery]]:
    """The newest deliveries, once a second; while the API is away nothing, which is said once."""
    yield _newest(terminal, filters)
    away = False
    for _ in range(1, looks) if looks is not None else count():
        pause(LOOK_EVERY_SECONDS)
        try:
            newest = _newest(terminal, filters)
        except NoAnswer as error:
            if not away:
                _note(terminal, f"{error}; looking on")
            away = True
        else:
            away = False
            yield newest


def _newest(terminal: Terminal, filters: dict[str, Any]) -> list[Delivery]:
    """Raises Refused, and NoAnswer also for an API that says to come again later."""
    try:
        return list(islice(terminal.client.deliveries.list(**filters), FOLLOWED))
    except Refused as error:
        if error.status in WORTH_REPEATING:
            raise NoAnswer(error.detail) from error
        raise


def _note(terminal: Terminal, line: str) -> None:
    """For people alone."""
    if terminal.show.console is not None:
        terminal.show.console.print(line, style="dim", markup=False)


def changes(newest: list[Delivery], seen: dict[str, State]) -> Iterator[Delivery]:
    """Those that differ from what was seen, the oldest first; what was seen is brought up to date."""
    for delivery in reversed(newest):
        state = (delivery["status"], delivery["attempts_count"])
        if seen.get(delivery["id"]) != state:
            seen[delivery["id"]] = state
            yield delivery
    for gone in seen.keys() - {delivery["id"] for delivery in newest} if newest else ():
        del seen[gone]


def _show(terminal: Terminal, delivery: Delivery) -> None:
    console = terminal.show.console
    if console is None:
        terminal.show.done("", delivery)
        return
    line = line_of(delivery)
    # An id is folded by no terminal, so that it can be copied.
    apart = " " if line.cell_len + 1 + len(delivery["id"]) <= console.width else "\n" + " " * len("hh:mm:ss ")
    console.print(line.append(apart).append(delivery["id"], style="dim"), soft_wrap=True)


def line_of(delivery: Delivery) -> Text:
    """When, what, how it came, from which type to which host, and when it goes on."""
    attempt = f"attempt {delivery['attempts_count']}" + (f": {came}" if (came := last(delivery)) else "")
    to = urlsplit(delivery["url"] or "").netloc or delivery["endpoint_id"]
    due = delivery["next_attempt_at"]
    return Text.assemble(
        (delivery["updated_at"][CLOCK] + " ", "dim"),
        (f"{delivery['status']:<9} ", COLOURS.get(delivery["status"], "")),
        f"{attempt if delivery['attempts_count'] else last(delivery) or 'no attempt yet':<14}  ",
        f"{delivery['event_type']} → {to}",
        f", again at {due[CLOCK]}" if due and delivery["status"] == "retrying" else "",
    )
