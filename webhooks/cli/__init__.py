"""The command line: `hookline up`, `hookline demo`."""

import click

from webhooks import __version__
from webhooks.cli.demo import demo
from webhooks.cli.up import up


@click.group(help="Webhooks, sent and received.")
@click.version_option(__version__, prog_name="hookline")
def main() -> None:
    """Dispatch to the commands."""


main.add_command(up)
main.add_command(demo)
