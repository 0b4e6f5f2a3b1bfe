"""Shapes of traffic: fan-out, size of the payload, batches."""

import time
from pathlib import Path

from bench.accounting import Rounds, cpu_seconds
from bench.drain import ready_stack, redis_pid, worker_pids
from bench.posting import post_at, register
from bench.report import machine, table
from bench.sink import Sink
from bench.stack import Stack, wait_until

ROUNDS = 5
FAN_OUTS = {1: 600, 10: 100, 100: 12}
"""Endpoints of an event, and how many such events a round has."""
SIZES = {1_000: 600, 7_000: 400, 100_000: 100}
BATCH = 1000


def run(folder: Path) -> str:
    """The section: cost of a delivery by fan-out and by size, and how many events a second batches accept."""
    with Sink() as sink, ready_stack(folder, events=True) as stack:
        for number in range(max(FAN_OUTS)):
            fields = {"url": f"{sink.url}/{number}", "max_in_flight": 1000}
            types = [f"bench.fan{width}" for width in FAN_OUTS if number < width]
            stack.post("/v1/endpoints", {**fields, "event_types": types})
        register(stack, sink, "bench.posted")
        fans: dict[int, list[tuple[float, float]]] = {width: [] for width in FAN_OUTS}
        sizes: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}
        accepted: dict[str, list[float]] = {"single": [], "batch": []}
        for _ in range(ROUNDS):
            for width, count in FAN_OUTS.items():
                fans[width].append(_sent(stack, sink, count=count, width=width, type=f"bench.fan{width}"))
            for size, count in SIZES.items():
                sizes[size].append(_sent(stack, sink, count=count, size=size))
            accepted["single"].append(_accepted_singly(stack, sink))
            accepted["batch"].append(_accepted_in_batch(stack, sink))
        return _section(fans, sizes, accepted, machine(stack.valkey))


def _sent(
    stack: Stack, sink: Sink, *, count: int, width: int = 1, size: int = 1000, **fields: str
) -> tuple[float, float]:
    """Deliveries a second, and CPU milliseconds of API, workers and Redis for each."""
    pids = [stack.processes["api"].pid, *worker_pids(stack), redis_pid(stack)]
    before = cpu_seconds(pids)
    sink.reset()
    began = time.monotonic()
    post_at(stack, per_second=None, count=count, size=size, **fields)
    wait_until("all arrived", lambda: sink.report()["count"] >= count * width, seconds=120)
    last = sink.report()["last"]
    return count * width / (last - began), (cpu_seconds(pids) - before) / (count * width) * 1000


def _accepted_singly(stack: Stack, sink: Sink) -> float:
    sink.reset()
    began = time.monotonic()
    post_at(stack, per_second=None, count=BATCH)
    took = time.monotonic() - began
    wait_until("all arrived", lambda: sink.report()["count"] >= BATCH, seconds=120)
    return BATCH / took


def _accepted_in_batch(stack: Stack, sink: Sink) -> float:
    sink.reset()
    rows = [{"type": "bench.posted", "data": {"filling": "x" * 1000}} for _ in range(BATCH)]
    began = time.monotonic()
    answered = stack.post("/v1/events/batch", {"events": rows})
    took = time.monotonic() - began
    assert all(row["status"] == 202 for row in answered["data"])  # noqa: PLR2004 - kept
    wait_until("all arrived", lambda: sink.report()["count"] >= BATCH, seconds=120)
    return BATCH / took


def _section(
    fans: dict[int, list[tuple[float, float]]],
    sizes: dict[int, list[tuple[float, float]]],
    accepted: dict[str, list[float]],
    where: str,
) -> str:
    def rows(found: dict[int, list[tuple[float, float]]]) -> list[tuple[str, str, str]]:
        return [
            (
                f"{key:,}",
                Rounds(tuple(each[0] for each in rounds)).shown(0),
                Rounds(tuple(each[1] for each in rounds)).shown(),
            )
            for key, rounds in found.items()
        ]

    single, batch = (Rounds(tuple(accepted[name])) for name in ("single", "batch"))
    head = ("deliveries a second", "CPU ms each, API, workers and Redis")
    return f"""## Fan-out, size, batches

`make bench -- shapes`. {where}
{ROUNDS} interleaved rounds, posted as fast as 16 callers get answers; medians, least and most.

{table(("endpoints of an event", *head), rows(fans))}

{table(("bytes of data", *head), rows(sizes))}

One call with {BATCH} events accepted {batch.shown(0)} events a second, single calls {single.shown(0)}:
{batch.median / single.median:.1f} ×."""
