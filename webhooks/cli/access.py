"""`hookline keys`, `audit`, `tenants`: who may do what, who did, and for whom."""

from collections.abc import Mapping
from typing import Any

import click

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.options import at_most, between, of_tenant
from webhooks.cli.progress import follow

SCOPES = ("publish", "manage", "read")
KEY_COLUMNS = ("id", "name", "tenant", "scopes", "created_at", "last_used_at")
AUDIT_COLUMNS = ("at", "key_name", "action", "target", "tenant", "change")
LINK_COLUMNS = ("id", "tenant", "name", "created_at", "expires_at")
TENANT_COLUMNS = ("id", "endpoints_count", "events_count", "unfinished_count", "failed_count", "retention_seconds")


@click.group(help="API keys.")
def keys() -> None:
    """Dispatch to the commands."""


@keys.command("list", help="List keys, newest first; never the keys themselves.")
@click.option("--tenant", help="Only those bound to this tenant.")
@at_most(50)
@connected
def list_keys(terminal: Terminal, *, tenant: str | None, limit: int) -> None:
    """Exit code 0, also where there is none."""
    terminal.show.many(terminal.client.keys.list(tenant=tenant), KEY_COLUMNS, limit=limit)


@keys.command("show", help="Show what a key may do and when it was used last.")
@click.argument("key_id")
@connected
def show_key(terminal: Terminal, *, key_id: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.keys.get(key_id))


@keys.command(help="Make a key; it is shown here and never again.")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; may be repeated.",
)
@click.option("--tenant", help="For this tenant alone.")
@connected
def create(terminal: Terminal, *, name: str, scopes: tuple[str, ...], tenant: str | None) -> None:
    """Exit code 0 once it works."""
    terminal.show.one(terminal.client.keys.create(name, scopes=list(scopes), tenant=tenant))


@keys.command(help="Revoke a key.")
@click.argument("key_id")
@connected
def revoke(terminal: Terminal, *, key_id: str) -> None:
    """Exit code 1 where there is none."""
    terminal.client.keys.delete(key_id)
    terminal.show.done(f"{key_id} is revoked")


@click.command(help="Who changed what, newest first.")
@click.option("--tenant", help="Only what was done in this tenant.")
@click.option("--key-id", help="Only what was done with this key.")
@click.option("--action", help="Such as change_endpoint.")
@click.option("--target", help="The id of what was changed.")
@between
@at_most(50)
@connected
def audit(terminal: Terminal, *, limit: int, **filters: Any) -> None:
    """Exit code 0, also where there is nothing."""
    entries = terminal.client.audit.list(**given(**filters))
    readable = entries if terminal.show.console is None else ({**each, "change": _change(each)} for each in entries)
    terminal.show.many(readable, AUDIT_COLUMNS, limit=limit)


@click.group(help="Whose events and endpoints there are.")
def tenants() -> None:
    """Dispatch to the commands."""


@tenants.command("list", help="List tenants by name, with their counts.")
@at_most(50)
@connected
def list_tenants(terminal: Terminal, *, limit: int) -> None:
    """Exit code 0, also where there is none."""
    terminal.show.many(terminal.client.tenants.list(), TENANT_COLUMNS, limit=limit)


@tenants.command(help="Show one tenant.")
@click.argument("tenant")
@connected
def show(terminal: Terminal, *, tenant: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.tenants.get(tenant))


@tenants.command(help="Say how long a tenant's finished events are kept.")
@click.argument("tenant")
@click.option("--days", type=float, help="Of all its events.")
@click.option("--type", "types", multiple=True, metavar="TYPE=DAYS", help="Of one event type; may be repeated.")
@click.option("--default", "reset", is_flag=True, help="As the installation keeps them.")
@connected
def keep(terminal: Terminal, *, tenant: str, days: float | None, types: tuple[str, ...], reset: bool) -> None:
    """Exit code 0 once it is so, for events that finish from now on."""
    fields: dict[str, Any] = {"retention_seconds": None, "retention_by_type": None} if reset else {}
    if days is not None:
        fields["retention_seconds"] = days * 86400
    if types:
        fields["retention_by_type"] = dict(map(_kept_for, types))
    if not fields:
        raise click.UsageError("say --days, --type or --default")
    terminal.show.one(terminal.client.tenants.update(tenant, **fields))


@tenants.command(help="Delete a tenant and everything of it.")
@click.argument("tenant")
@click.confirmation_option("--yes", prompt="Delete this tenant with its endpoints, events, deliveries and keys?")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show how far it is until it is done.")
@connected
def delete(terminal: Terminal, *, tenant: str, wait: bool) -> None:
    """Exit code 0 once it is done, or begun where it is not waited for."""
    follow(terminal, terminal.client.tenants.delete(tenant), wait=wait)


@click.group("portal-links", help="Links to the pages of one tenant.")
def portal_links() -> None:
    """Dispatch to the commands."""


@portal_links.command("list", help="List a tenant's links, without their addresses.")
@of_tenant
@connected
def list_links(terminal: Terminal, *, tenant: str | None) -> None:
    """Exit code 0, also where there is none."""
    terminal.show.many(terminal.client.portal_links.list(tenant=tenant), LINK_COLUMNS, limit=250)


@portal_links.command("create", help="Make a link; its address is shown here and never again.")
@of_tenant
@click.option("--hours", type=float, help="How long it is good for, else a day.")
@connected
def create_link(terminal: Terminal, *, tenant: str | None, hours: float | None) -> None:
    """Exit code 0 once it opens."""
    lasting = {} if hours is None else {"expires_in_seconds": hours * 3600}
    terminal.show.one(terminal.client.portal_links.create(**given(tenant=tenant), **lasting))


@portal_links.command("revoke", help="Take a link back.")
@click.argument("link_id")
@connected
def revoke_link(terminal: Terminal, *, link_id: str) -> None:
    """Exit code 0 once it opens nothing."""
    terminal.client.portal_links.delete(link_id)
    terminal.show.done(f"{link_id} is revoked")


def _change(entry: Mapping[str, Any]) -> str | None:
    """The fields that a change made different; what was made or deleted whole is in the JSON."""
    before, after = entry["before"], entry["after"]
    if before is None or after is None:
        return None
    return ", ".join(f"{name}: {before[name]} → {after[name]}" for name in sorted(after))


def _kept_for(text: str) -> tuple[str, float]:
    name, _, days = text.partition("=")
    try:
        return name, float(days) * 86400
    except ValueError:
        raise click.BadParameter(f"{text!r} is not TYPE=DAYS, such as invoice.paid=90", param_hint="--type") from None
