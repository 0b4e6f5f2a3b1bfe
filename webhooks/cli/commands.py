"""All commands, as one group."""

from collections.abc import Mapping, Sequence

import click

from webhooks import __version__
from webhooks.cli.access import audit, keys, portal_links, tenants
from webhooks.cli.catalogue import event_types
from webhooks.cli.deliveries import cancel, deliveries, explain, replay
from webhooks.cli.demo import demo
from webhooks.cli.endpoints import endpoints
from webhooks.cli.events import events
from webhooks.cli.flow import flow
from webhooks.cli.inbox import inbox
from webhooks.cli.listen import listen
from webhooks.cli.migrate import migrate
from webhooks.cli.plan import plan_command
from webhooks.cli.recoveries import recoveries
from webhooks.cli.reencrypt import reencrypt
from webhooks.cli.send import send
from webhooks.cli.send_batch import send_batch
from webhooks.cli.sources import sources
from webhooks.cli.tail import tail
from webhooks.cli.up import up
from webhooks.cli.verify import verify

SECTIONS: Mapping[str, Sequence[click.Command]] = {
    "Run": (up, demo, plan_command, migrate, reencrypt),
    "Publish": (send, send_batch, endpoints, event_types),
    "Follow": (tail, flow, events, deliveries, explain, replay, cancel, recoveries),
    "Receive": (sources, inbox, listen, verify),
    "Manage": (keys, tenants, portal_links, audit),
}


class Sectioned(click.Group):
    """A group whose help shows its commands by what they are for."""

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One list for each section; what a command is for is never cut."""
        for title, commands in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(str(each.name), each.get_short_help_str(limit=200)) for each in commands])


@click.group(
    cls=Sectioned,
    help="Webhooks, sent and received: `hookline up` runs everything here, `hookline demo` shows it.",
    epilog="`hookline COMMAND --help` says how each is used.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="hookline")
def hookline() -> None:
    """Dispatch to the commands."""


for section in SECTIONS.values():
    for command in section:
        hookline.add_command(command)
