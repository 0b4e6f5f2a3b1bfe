"""`hookline recoveries`: after an outage, and how far background work is."""

from typing import Any

import click

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.options import MOMENT, of_tenant
from webhooks.cli.progress import follow

RECOVERED = ("exhausted", "cancelled", "skipped")


@click.group(help="What failed in a time range, sent again; how far that is.")
def recoveries() -> None:
    """Dispatch to the commands."""


@recoveries.command(help="Show how far a recovery is, or the deletion of a tenant.")
@click.argument("recovery_id")
@click.option("--wait", is_flag=True, help="Until it is over.")
@connected
def show(terminal: Terminal, *, recovery_id: str, wait: bool) -> None:
    """Exit code 1 where it failed or there is none."""
    follow(terminal, terminal.client.recoveries.get(recovery_id), wait=wait)


@recoveries.command(help="Replay what failed since then at all endpoints of a tenant.")
@click.option("--since", required=True, help=f"From then on. {MOMENT}")
@click.option("--until", help="Before then.")
@of_tenant
@click.option("--status", "statuses", multiple=True, type=click.Choice(RECOVERED), help="Else all; may be repeated.")
@click.option("--dry-run", is_flag=True, default=None, help="Only count.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show how far it is until it is done.")
@connected
def start(terminal: Terminal, *, since: str, wait: bool, **options: Any) -> None:
    """Exit code 0 once it is done, or begun where it is not waited for."""
    fields = given(**options)
    answer = terminal.client.recoveries.start(since=since, **fields)
    follow(terminal, answer, wait=wait and not fields.get("dry_run"))
