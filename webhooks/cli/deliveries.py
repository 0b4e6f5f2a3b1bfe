"""`hookline deliveries`, `replay`, `cancel`, `explain`: what became of events."""

from typing import Any

import click
from rich.table import Table

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.options import at_most, between, of_tenant
from webhooks.cli.showing import cell
from webhooks.client.shapes import Delivery

COLUMNS = ("id", "event_type", "status", "attempts_count", "last", "next_attempt_at")
ATTEMPT_COLUMNS = ("number", "trigger", "started_at", "duration_ms", "outcome", "status_code", "error", "error_detail")


@click.group(help="What became of an event at an endpoint.")
def deliveries() -> None:
    """Dispatch to the commands."""


@deliveries.command("list", help="List deliveries, newest first.")
@of_tenant
@click.option("--endpoint", "endpoint_id", help="Only those to this endpoint (ep_…).")
@click.option("--event", "event_id", help="Only those of this event (evt_…).")
@click.option("--type", "event_type", help="Only those of this event type.")
@click.option("--status", help="A comma list of states, or unfinished, delivered, failed, undelivered.")
@between
@at_most(50)
@connected
def list_deliveries(terminal: Terminal, *, limit: int, **filters: Any) -> None:
    """Exit code 0, also where there is none."""
    found = terminal.client.deliveries.list(**given(**filters))
    readable = found if terminal.show.console is None else ({**each, "last": last(each)} for each in found)
    terminal.show.many(readable, COLUMNS, limit=limit)


@deliveries.command(help="Show one delivery with its attempts.")
@click.argument("delivery_id")
@connected
def show(terminal: Terminal, *, delivery_id: str) -> None:
    """Exit code 1 where there is none."""
    delivery = terminal.client.deliveries.get(delivery_id)
    terminal.show.one(delivery, hidden=("attempts",))
    if terminal.show.console is not None:
        terminal.show.console.print(_attempts(delivery))


@click.command(
    help="Send finished deliveries once more: those of an event (evt_…), or one (evt_…:ep_…).",
    short_help="Send finished deliveries once more.",
)
@click.argument("which")
@click.option("--tenant", help="The event's, where it is not the default.")
@connected
def replay(terminal: Terminal, *, which: str, tenant: str | None) -> None:
    """Exit code 1 where it cannot be."""
    if ":" in which:
        terminal.show.one(terminal.client.deliveries.replay(which))
    else:
        terminal.show.one(terminal.client.events.replay(which, tenant=tenant))


@click.command(help="Give up on a delivery; what is being sent just now still ends.")
@click.argument("delivery_id")
@connected
def cancel(terminal: Terminal, *, delivery_id: str) -> None:
    """Exit code 1 where it is finished already."""
    terminal.show.one(terminal.client.deliveries.cancel(delivery_id))


@click.command(help="Why an event did or did not reach an endpoint.")
@click.argument("event_id")
@click.argument("endpoint_id")
@of_tenant
@connected
def explain(terminal: Terminal, *, event_id: str, endpoint_id: str, tenant: str | None) -> None:
    """Exit code 0 whatever the verdict."""
    answer = terminal.client.explain(event_id, endpoint_id, tenant=tenant)
    console = terminal.show.console
    if console is None:
        terminal.show.one(answer)
        return
    console.print(f"[bold]{answer['verdict']}[/]")
    for step in answer["steps"]:
        console.print("✓" if step["passed"] else "✗", f"{step['check']}: {step['detail']}", markup=False)
    for line in answer["story"]:
        console.print(line, markup=False)


def last(delivery: Delivery) -> str:
    """Why there is no further attempt, else what the last one came to: a person reads one word."""
    return str(delivery["reason"] or delivery["last_status_code"] or delivery["last_error"] or "")


def _attempts(delivery: Delivery) -> Table:
    table = Table(*ATTEMPT_COLUMNS, box=None, header_style="dim", pad_edge=False)
    for attempt in delivery["attempts"]:
        table.add_row(*(cell(attempt[name], field=name) for name in ATTEMPT_COLUMNS))
    return table
