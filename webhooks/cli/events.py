"""`hookline events`: what happened."""

from typing import Any

import click

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.options import at_most, between, of_tenant

COLUMNS = ("id", "type", "occurred_at", "deliveries_count", "skipped_count")
DELIVERY_COLUMNS = ("id", "endpoint_id", "status")


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
    event = terminal.client.events.get(event_id, tenant=tenant)
    terminal.show.one(event, hidden=("deliveries", "skipped", "body", "nodes"))
    if terminal.show.console is not None:
        listed = [*event["deliveries"], *({**each, "status": "skipped"} for each in event["skipped"])]
        terminal.show.many(listed, DELIVERY_COLUMNS, limit=len(listed))


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
