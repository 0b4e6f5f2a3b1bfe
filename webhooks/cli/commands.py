"""All commands, as one group."""

import click

from webhooks import __version__
from webhooks.cli.access import audit, keys, portal_links, tenants
from webhooks.cli.catalogue import event_types, inbox
from webhooks.cli.deliveries import cancel, deliveries, explain, replay
from webhooks.cli.demo import demo
from webhooks.cli.endpoints import endpoints
from webhooks.cli.listen import listen
from webhooks.cli.migrate import migrate
from webhooks.cli.plan import plan_command
from webhooks.cli.recoveries import recoveries
from webhooks.cli.reencrypt import reencrypt
from webhooks.cli.send import send
from webhooks.cli.tail import tail
from webhooks.cli.up import up
from webhooks.cli.verify import verify


@click.group(help="Webhooks, sent and received.")
@click.version_option(__version__, prog_name="hookline")
def hookline() -> None:
    """Dispatch to the commands."""


COMMANDS = (
    up,
    demo,
    migrate,
    plan_command,
    send,
    listen,
    verify,
    tail,
    endpoints,
    deliveries,
    replay,
    cancel,
    explain,
    event_types,
    inbox,
    recoveries,
    keys,
    audit,
    tenants,
    portal_links,
    reencrypt,
)
for command in COMMANDS:
    hookline.add_command(command)
