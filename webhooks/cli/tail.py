"""`hookline tail`: deliveries as they come and change."""

import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import click
from rich.text import Text

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.options import of_tenant
from webhooks.cli.showing import COLOURS
from webhooks.client import NoAnswer
from webhooks.client.shapes import Delivery

FOLLOWED = 250
"""The newest deliveries, whose changes are seen."""
LOOK_EVERY_SECONDS = 1.0

State = tuple[str, int]


@click.command(
    help=f"Show deliveries as they come and change, the newest {FOLLOWED}, until Ctrl-C.",
    short_help="Show deliveries as they come and change, until Ctrl-C.",
)
@of_tenant
@click.option("--endpoint", "endpoint_id", help="Only those to this endpoint (ep_…).")
@click.option("--type", "event_type", help="Only those of this event type.")
@click.option("--looks", type=int, help="Stop after so many looks, one a second.")
@connected
def tail(terminal: Terminal, *, looks: int | None, **filters: Any) -> None:
    """Exit code 0 after Ctrl-C."""
    seen: dict[str, State] = {}
    first, count = True, 0
    while looks is None or count < looks:
        count += 1
        try:
            newest = list(islice(terminal.client.deliveries.list(**given(**filters)), FOLLOWED))
        except NoAnswer:
            if first:
                raise
            newest = []
        for delivery in changes(newest, seen):
            if not first:
                _show(terminal, delivery)
        first = False
        if count != looks:
            time.sleep(LOOK_EVERY_SECONDS)


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
    if terminal.show.console is None:
        terminal.show.done("", delivery)
        return
    came = delivery["last_status_code"] or delivery["last_error"] or ""
    line = Text.assemble(
        (delivery["updated_at"][11:19] + " ", "dim"),
        (f"{delivery['status']:<10}", COLOURS.get(delivery["status"], "")),
        f"{came!s:<16} {delivery['event_type']} → {delivery['url'] or delivery['endpoint_id']} ",
        (f"attempt {delivery['attempts_count']} {delivery['id']}", "dim"),
    )
    terminal.show.console.print(line)
