"""`hookline event-types`: the catalogue of what may be published."""

import json
from typing import Any

import click
import yaml

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.options import at_most

COLUMNS = ("name", "description", "enforcement", "deprecated")


@click.group("event-types", help="The catalogue of event types.")
def event_types() -> None:
    """Dispatch to the commands."""


@event_types.command("list", help="List the catalogue by name.")
@click.option("--pattern", help="Only types that this asks for, such as invoice.*.")
@click.option("--archived", is_flag=True, default=None, help="Archived ones, too.")
@at_most(250)
@connected
def list_types(terminal: Terminal, *, limit: int, pattern: str | None, archived: bool | None) -> None:
    """Exit code 0, also where it is empty."""
    filters = given(pattern=pattern, archived="true" if archived else None)
    terminal.show.many(terminal.client.event_types.list(**filters), COLUMNS, limit=limit)


@event_types.command(help="Show one event type with its schema.")
@click.argument("name")
@connected
def show(terminal: Terminal, *, name: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.event_types.get(name))


@event_types.command(help="Describe an event type; replaces what was said of it before.")
@click.argument("name")
@click.option("--description", help="What happened, in a sentence.")
@click.option("--schema", type=click.File(encoding="utf-8"), help="A file with a JSON Schema.")
@click.option("--example", type=click.File(encoding="utf-8"), help="A file with an example of its data.")
@click.option("--deprecated/--current", default=None, help="Whether endpoints had better ask for another one.")
@click.option("--archived/--unarchived", default=None, help="Whether lists leave it out.")
@click.option(
    "--enforcement", type=click.Choice(("off", "warn", "refuse")), help="What an event that breaks the schema meets."
)
@connected
def put(terminal: Terminal, *, name: str, schema: Any, example: Any, **options: Any) -> None:
    """Exit code 0 once it is kept."""
    files = {key: _read(file, key) for key, file in given(schema=schema, example=example).items()}
    terminal.show.one(terminal.client.event_types.put(name, **given(**options), **files))


@event_types.command("import", help="Take event types from an OpenAPI document's webhooks.")
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


def _read(file: Any, option: str) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"holds no JSON: {error}", param_hint=f"--{option}") from None
