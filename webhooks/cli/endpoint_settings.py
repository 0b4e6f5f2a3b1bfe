"""The options that make up an endpoint, and the fields of the API that they stand for."""

import json
from typing import Any, TextIO

import click

from webhooks.cli.connection import Command, given
from webhooks.cli.options import DELAYS, OBJECT, PAIR, RATE
from webhooks.signing_secrets import SigningScheme

SIGNING = {"signing_scheme": "scheme", "header_prefix": "header_prefix", "signature_header": "signature_header"}
TLS = {"tls_certificate": "certificate", "tls_key": "private_key", "tls_ca": "ca"}

SETTINGS = (
    click.option("--description", help="What it is, for people."),
    click.option("--event-type", "event_types", multiple=True, help="A pattern such as invoice.*; may be repeated."),
    click.option("--channel", "channels", multiple=True, help="Only events on one of these; may be repeated."),
    click.option("--filter", "filter_", help="Only events for which this JMESPath expression holds."),
    click.option("--header", "headers", multiple=True, type=PAIR, help="Sent with each request; may be repeated."),
    click.option("--retry-schedule", type=DELAYS, help="One delay for each retry, or `default`."),
    click.option("--timeout", "timeout_seconds", type=float, help="Seconds for a whole attempt."),
    click.option("--rate-limit", type=RATE, help="How often it is called at most, such as 100/1s."),
    click.option("--max-in-flight", type=int, help="How many requests are under way to it at once."),
    click.option("--ordered/--unordered", default=None, help="Whether events arrive in order, by ordering key."),
    click.option("--metadata", type=OBJECT, help="A JSON object of your own."),
    click.option("--enabled/--disabled", default=None, help="Whether anything is sent."),
    click.option(
        "--signing",
        "signing_scheme",
        type=click.Choice([str(each) for each in SigningScheme]),
        help="How requests are signed.",
    ),
    click.option("--header-prefix", help="What signature headers begin with, in place of webhook-."),
    click.option("--signature-header", help="The name of the signature's header, whatever the prefix."),
    click.option("--auth", type=click.File(encoding="utf-8"), help='A file such as {"type": "bearer", "token": "…"}.'),
    click.option("--tls-certificate", type=click.File(), help="A client certificate in PEM, its issuers behind it."),
    click.option("--tls-key", type=click.File(), help="Its private key in PEM."),
    click.option("--tls-ca", type=click.File(), help="Whom alone to trust there, in PEM."),
)
RESETTABLE = {
    "description": "description",
    "event-type": "event_types",
    "channel": "channels",
    "filter": "filter",
    "header": "headers",
    "retry-schedule": "retry_schedule",
    "timeout": "timeout_seconds",
    "rate-limit": "rate_limit",
    "max-in-flight": "max_in_flight",
    "metadata": "metadata",
    "signing": "signing",
    "auth": "auth",
    "tls": "tls",
}
"""What `--reset` takes, by the names of the options, and the fields of the API."""


def with_settings(command: Command) -> Command:
    """Gives a command the options for an endpoint's fields."""
    for option in reversed(SETTINGS):
        command = option(command)
    return command


def fields_of(settings: dict[str, Any]) -> dict[str, Any]:
    """The options as the API calls them."""
    fields = given(**settings)
    if "filter_" in fields:
        fields["filter"] = fields.pop("filter_")
    if "headers" in fields:
        fields["headers"] = dict(fields["headers"])
    if fields.get("retry_schedule") == "default":
        fields["retry_schedule"] = None
    if "auth" in fields:
        fields["auth"] = _json(fields["auth"])
    signing = {name: fields.pop(option) for option, name in SIGNING.items() if option in fields}
    tls = {name: fields.pop(option).read() for option, name in TLS.items() if option in fields}
    return fields | given(signing=signing or None, tls=tls or None)


def _json(file: TextIO) -> Any:
    try:
        return json.load(file)
    except ValueError as error:
        raise click.BadParameter(f"holds no JSON: {error}", param_hint="--auth") from None
