"""Fairness: one tenant posts a hundred thousand events; what a single event of another tenant waits for meanwhile."""

import threading
import time

from bench.accounting import percentile
from bench.posting import session
from bench.receiver import RecordingReceiver
from bench.sink import Sink
from bench.stack import Stack

EVENTS = 100_000
MOST_SECONDS = 120.0
"""A slow machine does not get all of them posted; what counts is that workers have more than they can do."""
POSTERS = 4
BATCH = 500
EVERY_SECONDS = 1.0
"""One event of the other tenant, from the flood's beginning to its end."""

Figure = tuple[str, str, str]
"""A promise, what was measured, the bound."""


class _Flood:
    """Posts as fast as it is answered, until enough are posted or the time is over."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._lock = threading.Lock()
        self._give_up = time.monotonic() + MOST_SECONDS
        self.posted = 0
        self.posters = [threading.Thread(target=self._post) for _ in range(POSTERS)]
        for poster in self.posters:
            poster.start()

    def goes_on(self) -> bool:
        """Whether anybody still posts."""
        return any(poster.is_alive() for poster in self.posters)

    def _post(self) -> None:
        http = session()
        while self.posted < EVENTS and time.monotonic() < self._give_up:
            events = [{"type": "flood", "tenant": "many", "data": {}}] * BATCH
            http.post(f"{self._stack.url}/v1/events/batch", json={"events": events}, timeout=60).raise_for_status()
            with self._lock:
                self.posted += BATCH


def measure(stack: Stack, sink: Sink) -> list[Figure]:
    """Seconds from POST to arrival of each single event, while the flood comes in and goes out."""
    stack.post("/v1/endpoints", {"url": sink.url, "tenant": "many", "max_in_flight": 1000})
    waits: list[float] = []
    backlog = [0]
    with RecordingReceiver() as receiver:
        stack.post("/v1/endpoints", {"url": receiver.url, "tenant": "one"})
        flood = _Flood(stack)
        while flood.goes_on():
            waits.append(_single(stack, receiver, len(waits)))
            backlog.append(int(stack.valkey.client.zcard("index:tenant:many:unfinished")))
            time.sleep(EVERY_SECONDS)
    told = f"{len(waits)} single events beside {flood.posted} of another tenant, whose backlog grew to {max(backlog)}"
    shown = ", ".join(f"{percentile(waits, share):.2f} s" for share in (0.5, 0.99, 1.0))
    return [(f"fairness: p50, p99 and longest wait of {told}", shown, "≤ 2 s")]


def _single(stack: Stack, receiver: RecordingReceiver, number: int) -> float:
    began = time.time()
    stack.post("/v1/events", {"type": "single", "tenant": "one", "data": {"n": number}})
    return receiver.wait_for(number + 1, seconds=60)[number].at - began
