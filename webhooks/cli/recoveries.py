"""`hookline recoveries`: after an outage, and how far background work is."""

from typing import Any

import click

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.progress import follow


@click.group(help="Failures of a time range sent again, and other background work.")
def recoveries() -> None:
    """Dispatch to the commands."""


@recoveries.command(help="Show how far a recovery is, or the deletion of a tenant.")
@click.argument("recovery_id")
@click.option("--wait", is_flag=True, help="Until it is over.")
@connected
def show(terminal: Terminal, *, recovery_id: str, wait: bool) -> None:
    """Exit code 1 where it failed or there is none."""
    follow(terminal, terminal.client.recoveries.get(recovery_id), wait=wait)


@recoveries.command(help="Replay what failed since then at all endpoints of a tenant, in the background.")
@click.option("--since", required=True, help="As RFC 3339, such as 2026-11-25T09:00:00Z.")
@click.option("--until")
@click.option("--tenant")
@click.option("--status", "statuses", multiple=True, help="exhausted, cancelled, skipped; may be repeated.")
@click.option("--dry-run", is_flag=True, default=None, help="Only count.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show how far it is until it is done.")
@connected
def start(terminal: Terminal, *, since: str, wait: bool, **options: Any) -> None:
    """Exit code 0 once it is done, or begun where it is not waited for."""
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in given(**options).items()}
    answer = terminal.client.recoveries.start(since=since, **fields)
    follow(terminal, answer, wait=wait and not fields.get("dry_run"))
