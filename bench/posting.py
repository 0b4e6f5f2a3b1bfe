"""Events posted at a rate, or as fast as it goes, each with the moment at which it was due to be posted."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests

from bench.sink import Sink
from bench.stack import API_KEY, Stack, wait_until

WARM = 400
"""Deliveries that an endpoint has behind it before it is measured."""


class Api(Protocol):
    """Where events are posted to."""

    url: str


@dataclass(slots=True)
class Posted:
    """How long each call took, in seconds, and how many were refused."""

    accept_seconds: list[float] = field(default_factory=list)
    refused: int = 0


def session() -> requests.Session:
    """One customer's connection."""
    made = requests.Session()
    made.trust_env = False
    made.headers["Authorization"] = f"Bearer {API_KEY}"
    return made


def register(stack: Stack, sink: Sink, event_type: str) -> None:
    """An endpoint there that takes all it is given: enough first deliveries have opened its slow start."""
    stack.post("/v1/endpoints", {"url": sink.url, "max_in_flight": 1000, "event_types": [event_type]})
    sink.reset()
    post_at(stack, per_second=None, count=WARM, size=0, type=event_type)
    wait_until("the first are through", lambda: sink.report()["count"] >= WARM, seconds=120)


def post_at(
    api: Api, *, per_second: float | None, count: int, threads: int = 16, size: int = 1000, **fields: Any
) -> Posted:
    """So many events with `size` bytes of data each; without a rate each thread posts as fast as it is answered.

    A call that begins late, since all threads were busy, is timed from when it was due: waiting is not hidden.
    """
    posted = Posted()
    lock = threading.Lock()
    began = time.monotonic() + 0.1
    numbers = iter(range(count))

    def run() -> None:
        http = session()
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            due = began + number / per_second if per_second else time.monotonic()
            time.sleep(max(0.0, due - time.monotonic()))
            body = {"type": "bench.posted", "data": {"sent_at": due, "filling": "x" * size}, **fields}
            answer = http.post(f"{api.url}/v1/events", json=body, timeout=30)
            took = time.monotonic() - due
            with lock:
                posted.accept_seconds.append(took)
                posted.refused += not answer.ok

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return posted
