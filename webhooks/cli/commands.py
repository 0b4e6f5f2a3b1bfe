"""All commands, as one group."""

import click

from webhooks import __version__
from webhooks.cli.demo import demo
from webhooks.cli.migrate import migrate
from webhooks.cli.up import up


@click.group(help="Webhooks, sent and received.")
@click.version_option(__version__, prog_name="hookline")
def hookline() -> None:
    """Dispatch to the commands."""


hookline.add_command(up)
hookline.add_command(demo)
hookline.add_command(migrate)
