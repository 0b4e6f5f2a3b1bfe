"""`hookline endpoints`: where tenants want events."""

from typing import Any

import click

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.endpoint_settings import RESETTABLE, fields_of, with_settings
from webhooks.cli.events import show_event
from webhooks.cli.options import MOMENT, at_most, of_tenant, resettable
from webhooks.cli.progress import follow

COLUMNS = ("id", "url", "event_types", "enabled")
TYPE_COLUMNS = ("name", "pattern", "description", "deprecated")
RECOVERED = ("exhausted", "cancelled", "skipped")


@click.group(help="Where tenants want events.")
def endpoints() -> None:
    """Dispatch to the commands."""


@endpoints.command("list", help="List a tenant's endpoints, newest first.")
@of_tenant
@at_most(50)
@connected
def list_endpoints(terminal: Terminal, *, tenant: str | None, limit: int) -> None:
    """Exit code 0, also where there is none."""
    terminal.show.many(terminal.client.endpoints.list(tenant=tenant), COLUMNS, limit=limit)


@endpoints.command(help="Show one endpoint with its health.")
@click.argument("endpoint_id")
@connected
def show(terminal: Terminal, *, endpoint_id: str) -> None:
    """Exit code 1 where there is none."""
    terminal.show.one(terminal.client.endpoints.get(endpoint_id))


@endpoints.command(help="Register an endpoint; its signing secret is shown here.")
@click.argument("url")
@of_tenant
@click.option("--secret", help="Your own whsec_…; else one is made.")
@with_settings
@connected
def create(terminal: Terminal, *, url: str, tenant: str | None, secret: str | None, **settings: Any) -> None:
    """Exit code 0 once it is kept."""
    made = terminal.client.endpoints.create(url, **given(tenant=tenant, secret=secret), **fields_of(settings))
    terminal.show.one(made, hidden=("health",))


@endpoints.command(help="Change the fields that are given; the rest stays.")
@click.argument("endpoint_id")
@click.option("--url", help="Another scheme, host or port takes credentials away.")
@with_settings
@resettable(RESETTABLE)
@connected
def update(terminal: Terminal, *, endpoint_id: str, url: str | None, reset: tuple[str, ...], **settings: Any) -> None:
    """Exit code 0 once it is changed."""
    fields = {**given(url=url), **fields_of(settings), **dict.fromkeys(reset)}
    if fields.get("signing"):  # the API replaces it whole
        fields["signing"] = {**terminal.client.endpoints.get(endpoint_id)["signing"], **fields["signing"]}
    changed = terminal.client.endpoints.update(endpoint_id, **fields)
    terminal.show.one(changed, hidden=("health",))


@endpoints.command(help="Delete an endpoint; what waits for it is cancelled.")
@click.argument("endpoint_id")
@click.confirmation_option("--yes", prompt="Delete this endpoint?")
@connected
def delete(terminal: Terminal, *, endpoint_id: str) -> None:
    """Exit code 0, also when it was gone before."""
    terminal.client.endpoints.delete(endpoint_id)
    terminal.show.done(f"{endpoint_id} is gone")


@endpoints.command(help="Send a test event to this endpoint alone.")
@click.argument("endpoint_id")
@click.option("--type", "event_type", help="Else hookline.test.")
@connected
def test(terminal: Terminal, *, endpoint_id: str, event_type: str | None) -> None:
    """Exit code 0 once the event is kept."""
    show_event(terminal, terminal.client.endpoints.test(endpoint_id, **given(type=event_type)))


@endpoints.command(help="Show the signing secret.")
@click.argument("endpoint_id")
@connected
def secret(terminal: Terminal, *, endpoint_id: str) -> None:
    """Exit code 0; the call is audited."""
    terminal.show.one(terminal.client.endpoints.secret(endpoint_id))


@endpoints.command(help="Make a new signing secret; the old one signs on for a day.")
@click.argument("endpoint_id")
@click.option("--secret", "new_secret", help="Your own whsec_…; else one is made.")
@click.option("--overlap", "overlap_seconds", type=float, help="Seconds, else a day.")
@connected
def rotate(terminal: Terminal, *, endpoint_id: str, new_secret: str | None, overlap_seconds: float | None) -> None:
    """Exit code 0 once it signs."""
    fields = given(secret=new_secret, overlap_seconds=overlap_seconds)
    terminal.show.one(terminal.client.endpoints.rotate(endpoint_id, **fields))


@endpoints.command("revoke-previous", help="End all earlier signing secrets at once.")
@click.argument("endpoint_id")
@connected
def revoke_previous(terminal: Terminal, *, endpoint_id: str) -> None:
    """Exit code 0, also where there was none."""
    terminal.show.one(terminal.client.endpoints.revoke_previous(endpoint_id))


@endpoints.command("event-types", help="List the event types of the catalogue that it would get.")
@click.argument("endpoint_id")
@connected
def list_event_types(terminal: Terminal, *, endpoint_id: str) -> None:
    """Exit code 0, also where there is none."""
    found = terminal.client.endpoints.event_types(endpoint_id)
    terminal.show.many(found["data"], TYPE_COLUMNS, limit=len(found["data"]))
    if found["patterns_without_types"]:
        click.echo(f"no type fits: {', '.join(found['patterns_without_types'])}", err=True)


@endpoints.command(help="Replay what failed since then, in the background.")
@click.argument("endpoint_id")
@click.option("--since", required=True, help=f"From then on. {MOMENT}")
@click.option("--until", help="Before then.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(RECOVERED), help="Else all; may be repeated.")
@click.option("--dry-run", is_flag=True, default=None, help="Only count.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show how far it is until it is done.")
@connected
def recover(terminal: Terminal, *, endpoint_id: str, since: str, wait: bool, **options: Any) -> None:
    """Exit code 0 once it is done, or begun where it is not waited for."""
    fields = given(**options)
    answer = terminal.client.endpoints.recover(endpoint_id, since=since, **fields)
    follow(terminal, answer, wait=wait and not fields.get("dry_run"))


@endpoints.command(help="How its attempts went.")
@click.argument("endpoint_id")
@click.option("--since", help=f"From then on, else for a day. {MOMENT}")
@connected
def stats(terminal: Terminal, *, endpoint_id: str, since: str | None) -> None:
    """Exit code 0."""
    terminal.show.one(terminal.client.endpoints.stats(endpoint_id, **given(since=since)), hidden=("buckets",))
