"""`hookline send`: publish one event."""

import time
from collections.abc import Sequence
from typing import Any

import click

from webhooks.cli.connection import Disappointed, Terminal, connected, given
from webhooks.cli.events import show_event
from webhooks.cli.options import json_of
from webhooks.client.shapes import Delivery, Event

LOOK_EVERY_SECONDS = 0.5
FINAL = frozenset({"delivered", "exhausted", "cancelled", "skipped"})


@click.command(help="Publish an event. DATA is JSON, @file, or - for standard input.")
@click.argument("event_type")
@click.argument("data", default="{}")
@click.option("--tenant", help="Whose event it is.")
@click.option("--id", "event_id", help="The event's id; the same one again makes no second event.")
@click.option("--idempotency-key", help="Instead of an id: the same key again makes no second event.")
@click.option("--occurred-at", help="When it happened, as RFC 3339.")
@click.option(
    "--channel", "channels", multiple=True, help="What it is about, for endpoints that name channels; may be repeated."
)
@click.option("--endpoint", "endpoint_ids", multiple=True, help="To these endpoints alone; may be repeated.")
@click.option("--ordering-key", help="Events with the same one arrive in order at ordered endpoints.")
@click.option("--wait", type=float, metavar="SECONDS", help="Wait for the deliveries; exit code 4 unless all arrive.")
@connected
def send(
    terminal: Terminal,
    *,
    event_type: str,
    data: str,
    idempotency_key: str | None,
    wait: float | None,
    event_id: str | None,
    **options: Any,
) -> None:
    """Exit code 0 once the event is kept."""
    fields = given(id=event_id, **options)
    event = terminal.client.publish(event_type, _data(data), idempotency_key=idempotency_key, **fields)
    if wait is None:
        show_event(terminal, event)
        return
    deliveries = _awaited(terminal, event, seconds=wait)
    show_event(terminal, {**event, "deliveries": deliveries})
    _judge(deliveries, seconds=wait)


def _data(text: str) -> bytes:
    """JSON, every digit as it was written."""
    raw = text
    if text == "-" or text.startswith("@"):
        with click.open_file(text.removeprefix("@"), encoding="utf-8") as file:
            raw = file.read()
    try:
        json_of(raw)
    except ValueError as error:
        raise click.BadParameter(f"is no JSON: {error}", param_hint="DATA") from None
    return raw.encode()


def _awaited(terminal: Terminal, event: Event, *, seconds: float) -> list[Delivery]:
    """The event's deliveries, once all are finished or the time is over."""
    give_up = time.monotonic() + seconds
    while True:
        deliveries = list(terminal.client.deliveries.list(event_id=event["id"], tenant=event["tenant"]))
        left = give_up - time.monotonic()
        if left <= 0 or all(each["status"] in FINAL for each in deliveries):
            return deliveries
        time.sleep(min(LOOK_EVERY_SECONDS, left))


def _judge(deliveries: Sequence[Delivery], *, seconds: float) -> None:
    unfinished = sum(each["status"] not in FINAL for each in deliveries)
    if unfinished:
        raise Disappointed(f"{unfinished} of {len(deliveries)} unfinished after {seconds:g} s")
    failed = sum(each["status"] != "delivered" for each in deliveries)
    if failed:
        raise Disappointed(f"{failed} of {len(deliveries)} not delivered")
