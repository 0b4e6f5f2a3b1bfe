"""`hookline endpoints`: where tenants want events."""

import json
from typing import Any

import click

from webhooks.cli.connection import Terminal, connected, given
from webhooks.cli.progress import follow

COLUMNS = ("id", "url", "event_types", "enabled")


class Pairs(click.ParamType[tuple[str, str]]):
    """NAME=VALUE."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The two parts; click shows what is wrong."""
        name, found, content = str(value).partition("=")
        if not found or not name:
            self.fail(f"{value!r} is not {self.name}", param, ctx)
        return name, content


class Seconds(click.ParamType[list[float] | str]):
    """A comma list of seconds, or `default`."""

    name = "SECONDS,…"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> list[float] | str:
        """The numbers; click shows what is wrong."""
        if value == "default":
            return "default"
        try:
            return [float(each) for each in str(value).split(",") if each.strip()]
        except ValueError:
            self.fail(f"{value!r} is no comma list of seconds such as 5,300,1800", param, ctx)


SETTINGS = (
    click.option("--description"),
    click.option("--event-type", "event_types", multiple=True, help="A pattern such as invoice.*; may be repeated."),
    click.option("--channel", "channels", multiple=True, help="May be repeated."),
    click.option("--filter", "filter_", help="A JMESPath expression over the event."),
    click.option("--header", "headers", multiple=True, type=Pairs(), help="Sent with each request; may be repeated."),
    click.option("--retry-schedule", type=Seconds(), help="One delay for each retry, or `default`."),
    click.option("--timeout", "timeout_seconds", type=float, help="Seconds for a whole attempt."),
    click.option("--max-in-flight", type=int),
    click.option("--ordered/--unordered", default=None),
    click.option("--metadata", help="A JSON object of your own."),
    click.option("--enabled/--disabled", default=None),
)


def with_settings(command: Any) -> Any:
    """Gives a command the options for an endpoint's fields."""
    for option in reversed(SETTINGS):
        command = option(command)
    return command


@click.group(help="Where tenants want events.")
def endpoints() -> None:
    """Dispatch to the commands."""


@endpoints.command("list", help="List a tenant's endpoints, newest first.")
@click.option("--tenant")
@click.option("--limit", type=int, default=50, show_default=True)
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
@click.option("--tenant")
@click.option("--secret", help="Your own whsec_…; else one is made.")
@with_settings
@connected
def create(terminal: Terminal, *, url: str, tenant: str | None, secret: str | None, **settings: Any) -> None:
    """Exit code 0 once it is kept."""
    made = terminal.client.endpoints.create(url, **given(tenant=tenant, secret=secret), **_fields(settings))
    terminal.show.one(made, hidden=("health",))


@endpoints.command(help="Change the fields that are given.")
@click.argument("endpoint_id")
@click.option("--url", help="Another scheme, host or port takes credentials away.")
@with_settings
@connected
def update(terminal: Terminal, *, endpoint_id: str, url: str | None, **settings: Any) -> None:
    """Exit code 0 once it is changed."""
    changed = terminal.client.endpoints.update(endpoint_id, **given(url=url), **_fields(settings))
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
    terminal.show.one(terminal.client.endpoints.test(endpoint_id, **given(type=event_type)))


@endpoints.command(help="Show the signing secret.")
@click.argument("endpoint_id")
@connected
def secret(terminal: Terminal, *, endpoint_id: str) -> None:
    """Exit code 0; the call is audited."""
    terminal.show.one(terminal.client.endpoints.secret(endpoint_id))


@endpoints.command(help="Make a new signing secret; the old one goes on signing for a while.")
@click.argument("endpoint_id")
@click.option("--secret", "new_secret", help="Your own whsec_…; else one is made.")
@click.option("--overlap", "overlap_seconds", type=float, help="Seconds, else a day.")
@connected
def rotate(terminal: Terminal, *, endpoint_id: str, new_secret: str | None, overlap_seconds: float | None) -> None:
    """Exit code 0 once it signs."""
    fields = given(secret=new_secret, overlap_seconds=overlap_seconds)
    terminal.show.one(terminal.client.endpoints.rotate(endpoint_id, **fields))


@endpoints.command(help="Replay what failed since then, in the background.")
@click.argument("endpoint_id")
@click.option("--since", required=True, help="As RFC 3339, such as 2026-11-25T09:00:00Z.")
@click.option("--until")
@click.option("--status", "statuses", multiple=True, help="exhausted, cancelled, skipped; may be repeated.")
@click.option("--dry-run", is_flag=True, default=None, help="Only count.")
@click.option("--wait/--no-wait", default=True, show_default=True, help="Show how far it is until it is done.")
@connected
def recover(terminal: Terminal, *, endpoint_id: str, since: str, wait: bool, **options: Any) -> None:
    """Exit code 0 once it is done, or begun where it is not waited for."""
    fields = {name: list(value) if isinstance(value, tuple) else value for name, value in given(**options).items()}
    answer = terminal.client.endpoints.recover(endpoint_id, since=since, **fields)
    follow(terminal, answer, wait=wait and not fields.get("dry_run"))


@endpoints.command(help="How its attempts went.")
@click.argument("endpoint_id")
@click.option("--since")
@connected
def stats(terminal: Terminal, *, endpoint_id: str, since: str | None) -> None:
    """Exit code 0."""
    terminal.show.one(terminal.client.endpoints.stats(endpoint_id, **given(since=since)), hidden=("buckets",))


def _fields(settings: dict[str, Any]) -> dict[str, Any]:
    """The options as the API calls them."""
    fields = given(**settings)
    renamed = {"filter": fields.pop("filter_")} if "filter_" in fields else {}
    if "headers" in fields:
        fields["headers"] = dict(fields["headers"])
    if fields.get("retry_schedule") == "default":
        fields["retry_schedule"] = None
    if "metadata" in fields:
        fields["metadata"] = _object(fields["metadata"])
    return {**{name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}, **renamed}


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.BadParameter(f"is no JSON: {error}", param_hint="--metadata") from None
