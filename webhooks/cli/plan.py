"""`hookline plan`: how large an installation must be for a load."""

import click
from rich.console import Console
from rich.table import Table

from webhooks import variables
from webhooks.cli.options import Read
from webhooks.planning import Load, Plan, Room, plan

GIB = 1024**3
LARGEST_BODY = 16 * 1024**2
DURATION = Read("duration", variables.duration)
SIZE = Read("size", variables.size(1, LARGEST_BODY))


@click.command("plan", help="Reckon what a load takes: processes, Redis, memory.")
@click.option("--rate", type=float, required=True, help="Events a second, on average over a day.")
@click.option("--fanout", type=float, default=1.0, show_default=True, help="Deliveries of one event.")
@click.option("--retention", type=DURATION, default="30d", show_default=True, help="How long they are kept.")
@click.option("--peak", type=float, default=3.0, show_default=True, help="The busiest hour against the average.")
@click.option("--body", type=SIZE, default="1000", show_default=True, help="Size of an event.")
@click.option("--failing", type=float, default=0.05, show_default=True, help="Share of attempts that fail.")
@click.option("--answer", type=DURATION, default="200ms", show_default=True, help="How long receivers take.")
@click.option("--server-memory", type=float, default=64.0, show_default=True, help="GiB of one Redis server.")
@click.option("--core-price", type=float, help="Of one core for a month, in your money.")
@click.option("--gib-price", type=float, help="Of one GiB of memory for a month.")
def plan_command(
    *,
    rate: float,
    fanout: float,
    retention: float,
    peak: float,
    body: int,
    failing: float,
    answer: float,
    server_memory: float,
    core_price: float | None,
    gib_price: float | None,
) -> None:
    """Print the plan. Exit code 2 for a load that cannot be meant."""
    load = Load(
        events_per_second=rate,
        deliveries_per_event=fanout,
        retention_seconds=retention,
        peak=peak,
        body_bytes=body,
        failing_share=failing,
        attempt_seconds=answer,
    )
    room = Room(server_memory_bytes=server_memory * GIB)
    try:
        made = plan(load, room=room)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    console = Console()
    console.print(table_of(made, load, room))
    if core_price is not None and gib_price is not None:
        price = made.cores * core_price + made.servers * server_memory * gib_price
        console.print(f"{made.cores} cores and {made.servers * server_memory:,.0f} GiB of Redis: {price:,.0f} a month")
    console.print("Reckoned from measurements on one machine (docs/operations.md); measure yours before you buy.")


def table_of(made: Plan, load: Load, room: Room) -> Table:
    """What is needed, and why so much."""
    table = Table("part", "needed", "since")
    table.add_row(
        "deliveries", f"{made.deliveries_per_day:,.0f} a day", f"{made.attempts_per_second:,.0f} attempts/s at the peak"
    )
    table.add_row(
        "API", f"{made.api_processes} processes", f"{load.events_per_second * load.peak:,.0f} events/s at the peak"
    )
    table.add_row("delivery workers", f"{made.worker_processes} processes", f"bound by {made.workers_bound_by}")
    table.add_row(
        "Redis processor",
        f"{made.servers_for_processor} server(s)",
        f"{made.redis_busy_share:.0%} of one core; one server carries {made.most_events_per_second:,.0f} such events/s",
    )
    table.add_row(
        "Redis memory",
        f"{made.servers_for_memory} server(s)",
        f"{made.memory_bytes / GIB:,.1f} GiB; one server holds {room.held_bytes / GIB:,.0f}",
    )
    table.add_row(
        "append-only file",
        f"{made.file_bytes_per_second / 1e6:,.1f} MB/s",
        "written at the peak, before it is rewritten",
    )
    return table
