"""The endpoints of `make chaos`: plain ones, and one of each kind that is kept from the others; how all misbehave."""

import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack

SCHEDULE = [1.0] * 10
TIMEOUT_SECONDS = 3
TYPES = 4
"""Each event goes to two endpoints: those whose numbers are the type's, and four more."""
KEYS = 24
"""Ordering keys among the events; each type has six of them to itself."""
CAP = 4
PLAIN, CAPPED, LIMITED, ORDERED, DOWN = "plain", "capped", "rate-limited", "ordered", "down at first"
KINDS = (PLAIN, CAPPED, LIMITED, ORDERED, DOWN, PLAIN, PLAIN, ORDERED)
OWN: Mapping[str, dict[str, Any]] = {
    PLAIN: {"max_in_flight": 20},
    CAPPED: {"max_in_flight": CAP},
    LIMITED: {"max_in_flight": 20, "rate_limit": {"limit": 20, "period_seconds": 1}},
    ORDERED: {"max_in_flight": 20, "ordered": True},
    DOWN: {"max_in_flight": 20},
}
DOWN_SECONDS = 20.0
"""Shorter than the breaker's first wait, so that the first probe finds it up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an endpoint of the run receives, and of what kind it is."""

    path: str
    kind: str


def register(stack: Stack, receiver: RecordingReceiver) -> dict[str, Place]:
    """Two endpoints for each event type; from endpoint id to its place."""
    places = {}
    for number, kind in enumerate(KINDS):
        common = {"retry_schedule": SCHEDULE, "timeout_seconds": TIMEOUT_SECONDS}
        asked = {"url": f"{receiver.url}/{number}", "event_types": [f"load.n{number % TYPES}"]}
        made = stack.post("/v1/endpoints", {**common, **asked, **OWN[kind]})
        places[made["id"]] = Place(path=f"/{number}", kind=kind)
    return places


def event(number: int) -> dict[str, Any]:
    """The so-many-th event of the load."""
    return {
        "id": f"evt_chaos_{number}",
        "type": f"load.n{number % TYPES}",
        "ordering_key": f"k{number % KEYS}",
        "data": {"n": number},
    }


@dataclass(slots=True)
class Misbehaviour:
    """Mostly 200, sometimes an error, a reset or a silence beyond the deadline; one endpoint is down at first."""

    luck: random.Random
    began: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, path: str, _event_id: str) -> Answer:
        """What this request is answered."""
        if path == f"/{KINDS.index(DOWN)}" and time.monotonic() - self.began < DOWN_SECONDS:
            return Answer(status=503)
        with self.lock:
            draw = self.luck.random()
        return _drawn(draw)


def _drawn(draw: float) -> Answer:
    if draw < 0.08:  # noqa: PLR2004 - shares of the load
        return Answer(status=500)
    if draw < 0.10:  # noqa: PLR2004
        return Answer(status=0)
    if draw < 0.11:  # noqa: PLR2004
        return Answer(delay_seconds=TIMEOUT_SECONDS + 1)
    return Answer(delay_seconds=0.005)
