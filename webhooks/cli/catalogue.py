"""`hookline event-types` and `inbox`: what may be published, and what was received."""

import json
from typing import Any

import click
import yaml

from webhooks.cli.connection import Command, Terminal, connected, given

TYPE_COLUMNS = ("name", "description", "enforcement", "deprecated")
INBOX_COLUMNS = ("id", "source", "type", "status", "received_at")


@click.group("event-types", help="The catalogue of event types.")
def event_types() -> None:
    """Dispatch to the commands."""


@event_types.command("list", help="List the catalogue.")
@click.option("--limit", type=int, default=250, show_default=True)
@connected
def list_types(terminal: Terminal, *, limit: int) -> None:
    """Exit code 0, also where it is empty."""
    terminal.show.many(terminal.client.event_types.list(), TYPE_COLUMNS, limit=limit)


@event_types.command(help="Show one event type with its schema.")
@click.argument("name")
@connected
def show(terminal: Terminal, *, name: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.event_types.get(name))


@event_types.command(help="Describe an event type, new or known.")
@click.argument("name")
@click.option("--description")
@click.option("--schema", type=click.File(encoding="utf-8"), help="A file with a JSON Schema.")
@click.option("--example", type=click.File(encoding="utf-8"), help="A file with an example of its data.")
@click.option("--deprecated/--current", default=None)
@click.option("--archived/--unarchived", default=None)
@click.option("--enforcement", type=click.Choice(("off", "warn", "refuse")))
@connected
def put(terminal: Terminal, *, name: str, schema: Any, example: Any, **options: Any) -> None:
    """Exit code 0 once it is kept."""
    files = {key: _read(file, key) for key, file in given(schema=schema, example=example).items()}
    terminal.show.one(terminal.client.event_types.put(name, **given(**options), **files))


@event_types.command("import", help="Take event types over from the webhooks of an OpenAPI document, JSON or YAML.")
@click.argument("document", type=click.File(encoding="utf-8"))
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@connected
def import_types(terminal: Terminal, *, document: Any, dry_run: bool) -> None:
    """Exit code 0 once they are kept."""
    try:
        parsed = yaml.safe_load(document)
    except yaml.YAMLError as error:
        raise click.BadParameter(f"is neither JSON nor YAML: {error}", param_hint="DOCUMENT") from None
    terminal.show.one(terminal.client.event_types.import_openapi(parsed, dry_run=dry_run))


@event_types.command(help="Take an event type out of the catalogue.")
@click.argument("name")
@connected
def delete(terminal: Terminal, *, name: str) -> None:
    """Exit code 0 once it is gone."""
    terminal.client.event_types.delete(name)
    terminal.show.done(f"{name} is gone")


@click.group(help="What was received.")
def inbox() -> None:
    """Dispatch to the commands."""


@inbox.command("list", help="List what a source sent, newest first.")
@click.option("--source", default="default", show_default=True)
@click.option("--type", "event_type")
@click.option("--since", help="As RFC 3339, such as 2026-11-25T09:00:00Z.")
@click.option("--until")
@click.option("--limit", type=int, default=50, show_default=True)
@connected
def list_inbox(terminal: Terminal, *, limit: int, **filters: Any) -> None:
    """Exit code 0, also where there is nothing."""
    terminal.show.many(terminal.client.inbox.list(**given(**filters)), INBOX_COLUMNS, limit=limit)


def of_one_received(command: Command) -> Any:
    """Gives the command its terminal, and which received event it is about."""
    of_source = click.option("--source", default="default", show_default=True)(connected(command))
    return click.argument("event_id")(of_source)


@inbox.command("show", help="Show one received event with its handlers.")
@of_one_received
def show_inbox(terminal: Terminal, *, event_id: str, source: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.inbox.read(source, event_id))


@inbox.command("replay", help="Run the handlers of a received event once more.")
@of_one_received
def replay_inbox(terminal: Terminal, *, event_id: str, source: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.inbox.replay(source, event_id))


@inbox.command("ignore", help="Decide that a received event needs no handling.")
@of_one_received
def ignore_inbox(terminal: Terminal, *, event_id: str, source: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.inbox.ignore(source, event_id))


def _read(file: Any, option: str) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"holds no JSON: {error}", param_hint=f"--{option}") from None
