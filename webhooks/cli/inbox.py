"""`hookline inbox`: what was received, and how far its handlers are."""

from typing import Any

import click

from webhooks.cli.connection import Command, Terminal, connected, given
from webhooks.cli.options import at_most, between

COLUMNS = ("id", "source", "type", "status", "received_at")
HANDLER_COLUMNS = ("id", "status", "attempts_count", "last_error", "next_attempt_at")


def of_source(command: Command) -> Command:
    """The option `--source`."""
    return click.option("--source", default="default", show_default=True, help="Whose webhooks.")(command)


def of_one_received(command: Command) -> Any:
    """Gives the command its terminal, and which received event it is about."""
    return click.argument("event_id")(of_source(connected(command)))


@click.group(help="What was received.")
def inbox() -> None:
    """Dispatch to the commands."""


@inbox.command("list", help="List what a source sent, newest first.")
@of_source
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--status", help="Only items that are done, ignored, or stand at this state, such as exhausted.")
@between
@at_most(50)
@connected
def list_inbox(terminal: Terminal, *, limit: int, **filters: Any) -> None:
    """Exit code 0, also where there is nothing."""
    terminal.show.many(terminal.client.inbox.list(**given(**filters)), COLUMNS, limit=limit)


@inbox.command(help="Show one received event with its handlers.")
@of_one_received
def show(terminal: Terminal, *, event_id: str, source: str) -> None:
    """Exit code 1 where there is none."""
    item = terminal.client.inbox.read(source, event_id)
    terminal.show.one(item, hidden=("handlers",))
    if terminal.show.console is not None:
        terminal.show.many(item["handlers"], HANDLER_COLUMNS, limit=len(item["handlers"]))


@inbox.command(help="Count what is kept of a source, and how far its handlers are.")
@of_source
@connected
def counts(terminal: Terminal, *, source: str) -> None:
    """Exit code 0, also where there is nothing."""
    terminal.show.one(terminal.client.inbox.counts(source))


@inbox.command(help="Run the handlers of a received event once more.")
@of_one_received
def replay(terminal: Terminal, *, event_id: str, source: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.inbox.replay(source, event_id))


@inbox.command(help="Decide that a received event needs no handling.")
@of_one_received
def ignore(terminal: Terminal, *, event_id: str, source: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.inbox.ignore(source, event_id))
