"""Growth: the same work beside ten thousand and a million kept deliveries, and a million waiting retries.

Takes eleven gigabytes of memory.
"""

import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.accounting import Rounds, percentile
from bench.drain import Drained, drain, ready_stack
from bench.report import machine, table
from bench.seeding import forget_the_file, multiply
from bench.sink import Sink
from bench.stack import Stack, free_port, wait_until

ROUNDS = 5
DELIVERIES = 1500
FEW, MANY = 10_000, 1_000_000
PAGES = 40
FAR_SECONDS = 7 * 24 * 3600
LISTS = {
    "deliveries": "/v1/deliveries",
    "… of an endpoint": "/v1/deliveries?endpoint_id={endpoint}",
    "… with a status": "/v1/deliveries?status=delivered",
    "… of an event type": "/v1/deliveries?event_type=bench.drain",
    "… between two times": "/v1/deliveries?since=2000-01-01T00:00:00Z&until=2100-01-01T00:00:00Z",
    "events": "/v1/events",
}


def sizes() -> dict[str, tuple[int, int]]:
    """How many deliveries are kept and how many wait, by what that is called."""
    return {
        f"{FEW:,} kept": (FEW, 0),
        f"{MANY:,} kept": (MANY, 0),
        f"{MANY:,} kept and as many retries waiting": (MANY, MANY),
    }


def run(folder: Path) -> str:
    """The section: cost of a delivery and of a page at each size."""
    with Sink() as sink, ExitStack() as entered:
        stacks = {
            name: entered.enter_context(ready_stack(folder / str(kept + waiting), events=True))
            for name, (kept, waiting) in sizes().items()
        }
        done = {name: _seed(stack, sink, *sizes()[name]) for name, stack in stacks.items()}
        costs: dict[str, list[Drained]] = {name: [] for name in stacks}
        for _ in range(ROUNDS):
            for name, stack in stacks.items():
                costs[name].append(drain(stack, sink, DELIVERIES))
        pages = {what: _pages_ms(stacks, path, done) for what, path in LISTS.items()}
        return _section(costs, pages, machine(next(iter(stacks.values())).valkey))


def _seed(stack: Stack, sink: Sink, kept: int, waiting: int) -> dict[str, Any]:
    """A delivered one of those that are kept now."""
    forget_the_file(stack)
    drain(stack, sink, DELIVERIES)
    done: dict[str, Any] = stack.get("/v1/deliveries", status="delivered", limit=1)["data"][0]
    multiply(stack, done, kept)
    if waiting:
        seconds, micros = stack.valkey.client.time()
        multiply(stack, failed_delivery(stack), waiting, due_us=(seconds + FAR_SECONDS) * 1_000_000 + micros)
    return done


def failed_delivery(stack: Stack) -> dict[str, Any]:
    """A delivery whose receiver is not there, waiting for a retry that is far away."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    made = {"url": nowhere, "event_types": ["bench.down"], "retry_schedule": [FAR_SECONDS], "max_in_flight": 1000}
    stack.post("/v1/endpoints", made)
    delivery = stack.post("/v1/events", {"type": "bench.down", "data": {"filling": "x" * 1000}})["deliveries"][0]["id"]
    path = f"/v1/deliveries/{delivery}"
    wait_until("it waits for its retry", lambda: stack.get(path)["status"] == "retrying")
    found: dict[str, Any] = stack.get(path)
    return found


def _pages_ms(stacks: dict[str, Stack], path: str, done: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The p50 at each size; calls are interleaved, as the rounds are."""
    took: dict[str, list[float]] = {name: [] for name in stacks}
    for _ in range(PAGES):
        for name, stack in stacks.items():
            began = time.monotonic()
            url = stack.url + path.format(endpoint=done[name]["endpoint_id"])
            stack.http.get(url, timeout=30).raise_for_status()
            took[name].append(time.monotonic() - began)
    return {name: percentile(each, 0.5) * 1000 for name, each in took.items()}


def _section(costs: dict[str, list[Drained]], pages: dict[str, dict[str, float]], where: str) -> str:
    def ms(rounds: list[Drained]) -> list[float]:
        return [each.worker_ms + each.redis_ms for each in rounds]

    base = ms(next(iter(costs.values())))
    rows = [
        (
            name,
            Rounds(tuple(each.per_second for each in rounds)).shown(0),
            Rounds(tuple(each.worker_ms for each in rounds)).shown(),
            Rounds(tuple(each.redis_ms for each in rounds)).shown(),
            Rounds(tuple(each / beside for each, beside in zip(ms(rounds), base, strict=True))).shown(),
        )
        for name, rounds in costs.items()
    ]
    head = ("beside", "deliveries a second", "worker CPU ms each", "Redis CPU ms each", "ratio of both")
    lists = [(what, *(f"{each:.1f}" for each in found.values())) for what, found in pages.items()]
    return f"""## Growth

`make bench -- growth`. {where}
{ROUNDS} interleaved rounds of {DELIVERIES} kept deliveries, drained on three stacks, one of each size;
a ratio is that to the round before it beside the fewest. The servers keep their data in memory only.

{table(head, rows)}

A page of 50, p50 of {PAGES} calls in ms:

{table(("list", *costs), lists)}"""
