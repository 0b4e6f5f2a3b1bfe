"""`hookline events`: what happened."""

from collections.abc import Mapping
from typing import Any

import click

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.options import at_most, between, of_tenant

COLUMNS = ("id", "type", "occurred_at", "deliveries_count", "skipped_count")
DELIVERY_COLUMNS = ("id", "status", "reason")
RECEIVED_COLUMNS = ("source", "status", "received_at")
IN_TABLES = ("deliveries", "skipped", "received")
HIDDEN = ("body", "nodes")


@click.group(help="What happened.")
def events() -> None:
    """Dispatch to the commands."""


@events.command("list", help="List events, newest first.")
@of_tenant
@click.option("--type", "event_type", help="Only events of this type.")
@between
@at_most(50)
@connected
def list_events(terminal: Terminal, *, limit: int, **filters: Any) -> None:
    """Exit code 0, also where there is none."""
    terminal.show.many(terminal.client.events.list(**given(**filters)), COLUMNS, limit=limit)


@events.command(help="Show one event with its data and its first deliveries.")
@click.argument("event_id")
@of_tenant
@connected
def show(terminal: Terminal, *, event_id: str, tenant: str | None) -> None:
    """Exit code 1 where there is none."""
    show_event(terminal, terminal.client.events.get(event_id, tenant=tenant))


@events.command(help="Erase what an event says; what became of it stays.")
@click.argument("event_id")
@of_tenant
@click.confirmation_option(
    "--yes", prompt="Erase this event's payload? What waits is cancelled, and nothing can be replayed."
)
@connected
def erase(terminal: Terminal, *, event_id: str, tenant: str | None) -> None:
    """Exit code 0, also when it was erased before."""
    terminal.client.events.erase_payload(event_id, tenant=tenant)
    terminal.show.done(f"{event_id} says nothing any more")


def show_event(terminal: Terminal, event: Mapping[str, Any]) -> None:
    """An event with its deliveries, and how it was received where this installation is the receiver too."""
    terminal.show.one(event, hidden=IN_TABLES + HIDDEN)
    if terminal.show.console is None:
        return
    skipped = ({**each, "status": "skipped"} for each in event["skipped"])
    tables = ([*event["deliveries"], *skipped], DELIVERY_COLUMNS), (event.get("received", []), RECEIVED_COLUMNS)
    for rows, columns in tables:
        if rows:
            terminal.show.many(rows, columns, limit=len(rows))
