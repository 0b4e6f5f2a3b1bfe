"""`hookline flow`: the flow, counted."""

import click

from webhooks.cli.connection import Terminal, connected
from webhooks.flow import STEPS


@click.command(help="How often each node of the flow was reached, and each edge taken.")
@connected
def flow(terminal: Terminal) -> None:
    """Exit code 0, also where nothing was counted."""
    counted = terminal.client.flow()
    if terminal.show.console is None:
        terminal.show.one(counted)
        return
    nodes = [{"node": node, "step": STEPS[node], "reached": count} for node, count in counted["nodes"].items()]
    edges = [{"edge": edge.replace(":", " → "), "taken": count} for edge, count in counted["edges"].items()]
    terminal.show.many(nodes, ("node", "step", "reached"), limit=len(nodes))
    terminal.show.many(edges, ("edge", "taken"), limit=len(edges))
    terminal.show.done(f"counted since {counted['since']}")
