"""Growth: the same work beside ten thousand, then a million, kept deliveries and waiting retries."""

import time
from collections.abc import Callable
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


def run(folder: Path) -> str:
    """The section: cost of a delivery and of a page at each size."""
    sizes: dict[str, list[Drained]] = {}
    pages: dict[str, dict[str, float]] = {}
    with Sink() as sink, ready_stack(folder, events=True) as stack:
        forget_the_file(stack)
        drain(stack, sink, DELIVERIES)
        done = stack.get("/v1/deliveries", status="delivered", limit=1)["data"][0]
        steps: list[tuple[str, Callable[[], None]]] = [
            (f"{FEW:,} kept", lambda: multiply(stack, done, FEW)),
            (f"{MANY:,} kept", lambda: multiply(stack, done, MANY - FEW, first=FEW + 1)),
            (f"and {MANY:,} retries waiting", lambda: _wait(stack, MANY)),
        ]
        for name, grow in steps:
            grow()
            sizes[name] = [drain(stack, sink, DELIVERIES) for _ in range(ROUNDS)]
            pages[name] = {what: _page_ms(stack, path, done) for what, path in LISTS.items()}
        return _section(sizes, pages, machine(stack.valkey))


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


def _wait(stack: Stack, count: int) -> None:
    seconds, micros = stack.valkey.client.time()
    multiply(stack, failed_delivery(stack), count, due_us=(seconds + FAR_SECONDS) * 1_000_000 + micros)


def _page_ms(stack: Stack, path: str, delivery: dict[str, Any]) -> float:
    url = stack.url + path.format(endpoint=delivery["endpoint_id"])
    took = []
    for _ in range(PAGES):
        began = time.monotonic()
        stack.http.get(url, timeout=30).raise_for_status()
        took.append(time.monotonic() - began)
    return percentile(took, 0.5) * 1000


def _section(sizes: dict[str, list[Drained]], pages: dict[str, dict[str, float]], where: str) -> str:
    def cost(rounds: list[Drained]) -> Rounds:
        return Rounds(tuple(each.worker_ms + each.redis_ms for each in rounds))

    base = cost(next(iter(sizes.values()))).median
    rows = [
        (
            name,
            Rounds(tuple(each.per_second for each in rounds)).shown(0),
            cost(rounds).shown(),
            f"{cost(rounds).median / base:.2f} ×",
        )
        for name, rounds in sizes.items()
    ]
    lists = [(what, *(f"{pages[name][what]:.1f}" for name in sizes)) for what in LISTS]
    return f"""## Growth

`make bench -- growth`. {where}
At each size {ROUNDS} rounds of {DELIVERIES} kept deliveries are drained;
the sizes come one after the other, since they cannot be interleaved. The server keeps its data in memory only.

{table(("beside", "deliveries a second", "CPU ms each, workers and Redis", "ratio"), rows)}

A page of 50, p50 of {PAGES} calls in ms:

{table(("list", *sizes), lists)}"""
