"""Fairness: one tenant posts a hundred thousand events; what a single event of another tenant waits for meanwhile."""

import threading
import time

from bench.accounting import percentile
from bench.posting import post_at
from bench.receiver import RecordingReceiver
from bench.sink import Sink
from bench.stack import Stack

EVENTS = 100_000
POSTERS = 8
EVERY_SECONDS = 1.0
"""One event of the other tenant, from the flood's beginning to its end."""

Figure = tuple[str, str, str]
"""A promise, what was measured, the bound."""


def measure(stack: Stack, sink: Sink) -> list[Figure]:
    """Seconds from POST to arrival of each single event, while the flood comes in and goes out."""
    stack.post("/v1/endpoints", {"url": sink.url, "tenant": "many", "max_in_flight": 1000})
    flood = threading.Thread(
        target=lambda: post_at(
            stack, per_second=None, count=EVENTS, threads=POSTERS, size=100, type="flood", tenant="many"
        )
    )
    waits: list[float] = []
    backlog = [0]
    with RecordingReceiver() as receiver:
        stack.post("/v1/endpoints", {"url": receiver.url, "tenant": "one"})
        began = time.monotonic()
        flood.start()
        while flood.is_alive():
            waits.append(_single(stack, receiver, len(waits)))
            backlog.append(int(stack.valkey.client.zcard("index:tenant:many:unfinished")))
            flood.join(EVERY_SECONDS)
        took = time.monotonic() - began
    return [
        (
            (
                f"fairness: another tenant's {len(waits)} single events, while {EVENTS} are posted in {took:.0f} s "
                f"(backlog up to {max(backlog)}): p50, p99, longest"
            ),
            ", ".join(f"{percentile(waits, share):.2f} s" for share in (0.5, 0.99, 1.0)),
            "≤ 2 s",
        )
    ]


def _single(stack: Stack, receiver: RecordingReceiver, number: int) -> float:
    began = time.time()
    stack.post("/v1/events", {"type": "single", "tenant": "one", "data": {"n": number}})
    return receiver.wait_for(number + 1, seconds=60)[number].at - began
