"""`hookline sources`: whose webhooks are received."""

from collections.abc import Mapping
from typing import Any

import click

from webhooks.cli.connection import Command, Failed, Terminal, connected, given
from webhooks.cli.options import PAIR, RATE, at_most, resettable
from webhooks.client import Refused
from webhooks.schemes import SCHEMES

COLUMNS = ("name", "path", "scheme", "secrets_count", "networks", "from_environment")
NOT_FOUND = 404
SECONDS_PER_DAY = 86400
KEPT = ("scheme", "options", "networks", "rate_limit", "retention_seconds")
"""What an update leaves as it is, where it is not given; secrets stay by themselves."""

RESETTABLE = {
    "option": "options",
    "network": "networks",
    "rate-limit": "rate_limit",
    "keep-days": "retention_seconds",
}

SETTINGS = (
    click.option("--secret", "secrets", multiple=True, help="What it signs with; several during a rotation."),
    click.option("--option", "options", multiple=True, type=PAIR, help="Of its scheme; may be repeated."),
    click.option("--network", "networks", multiple=True, help="Where from it may be sent; may be repeated."),
    click.option("--rate-limit", type=RATE, help="How many are taken, such as 100/1s."),
    click.option("--keep-days", type=float, help="How long its events are kept, else as the installation keeps them."),
)


def with_settings(command: Command) -> Command:
    """Gives a command the options for a source's fields."""
    for option in reversed(SETTINGS):
        command = option(command)
    return command


@click.group(help="Whose webhooks are received.")
def sources() -> None:
    """Dispatch to the commands."""


@sources.command("list", help="List sources by name, those of the environment included.")
@at_most(1000)
@connected
def list_sources(terminal: Terminal, *, limit: int) -> None:
    """Exit code 0, also where there is none."""
    terminal.show.many(terminal.client.sources.list(), COLUMNS, limit=limit)


@sources.command(help="Show one source; its secrets are counted, not shown.")
@click.argument("name")
@connected
def show(terminal: Terminal, *, name: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.sources.get(name))


@sources.command(help="Receive from a new source, at /webhooks/NAME.")
@click.argument("name")
@click.option(
    "--scheme", type=click.Choice(list(SCHEMES)), default="standard", show_default=True, help="How it proves itself."
)
@with_settings
@connected
def create(terminal: Terminal, *, name: str, **settings: Any) -> None:
    """Exit code 0 once it receives, 1 where it is there already: nothing is replaced by mistake."""
    if _present(terminal, name) is not None:
        raise Failed(f"there is a source {name} already; change it with `hookline sources update {name}`")
    terminal.show.one(terminal.client.sources.put(name, **_fields(settings)))


@sources.command(help="Change what is given of a source; the rest stays.")
@click.argument("name")
@click.option("--scheme", type=click.Choice(list(SCHEMES)), help="Another scheme needs its secrets and options anew.")
@with_settings
@resettable(RESETTABLE)
@connected
def update(terminal: Terminal, *, name: str, reset: tuple[str, ...], **settings: Any) -> None:
    """Exit code 0 once it is so, 1 where there is none, or where it is one of the environment."""
    present = terminal.client.sources.get(name)
    changes = _fields(settings)
    kept = {field: present[field] for field in KEPT if field not in reset}
    if changes.get("scheme", present["scheme"]) != present["scheme"]:
        kept.pop("options", None)
    changes["options"] = {**kept.get("options", {}), **changes.get("options", {})}
    terminal.show.one(terminal.client.sources.put(name, **{**kept, **changes}))


@sources.command(help="Delete a source; what was received stays in the inbox.")
@click.argument("name")
@click.confirmation_option("--yes", prompt="Delete this source? Nothing is received for it any more.")
@connected
def delete(terminal: Terminal, *, name: str) -> None:
    """Exit code 0, also when it was gone before; 1 where it is one of the environment."""
    terminal.client.sources.delete(name)
    terminal.show.done(f"{name} is gone")


def _present(terminal: Terminal, name: str) -> Mapping[str, Any] | None:
    try:
        return terminal.client.sources.get(name)
    except Refused as error:
        if error.status != NOT_FOUND:
            raise
        return None


def _fields(settings: dict[str, Any]) -> dict[str, Any]:
    """The options as the API calls them."""
    fields = given(**settings)
    if "options" in fields:
        fields["options"] = dict(fields["options"])
    if "keep_days" in fields:
        fields["retention_seconds"] = fields.pop("keep_days") * SECONDS_PER_DAY
    return fields
