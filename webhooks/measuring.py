"""What attempts and requests are measured by: counters with names, added up where the state is kept.

A counter's name is its parts joined by colons; a histogram is a counter for each bucket and one for the sum in
microseconds. Whatever process counts, the store holds the one total (docs/operations.md, Metrics).
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import timedelta

from webhooks.model import Attempt, Delivery, Lane, Outcome, Trigger, Verdict, lane_of

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
"""Upper bounds in seconds; what is longer falls into `inf`."""
INFINITE = "inf"

OUTCOMES, DURATION, DELAY = "outcome", "duration", "delay"
REQUESTS, REQUEST_DURATION = "requests", "request_duration"
SUM = "sum_us"
TOTALS = frozenset({OUTCOMES, DURATION, REQUESTS, REQUEST_DURATION})
"""Kinds of counters that are read in all, never minute by minute; no histogram's sum is, either."""


def of_attempt(delivery: Delivery, attempt: Attempt) -> dict[str, int]:
    """What to add for an attempt: its outcome's class, how long it took and, for the first, how long it waited."""
    lane = lane_of(delivery.endpoint_id)
    counts = {_name(OUTCOMES, lane, outcome_class(attempt.outcome, lane)): 1}
    counts |= observed((DURATION, lane), attempt.outcome.duration_ms / 1000)
    first = not delivery.attempts and delivery.trigger is Trigger.INITIAL
    if first and delivery.created_at is not None:
        counts |= observed((DELAY, lane), (attempt.started_at - delivery.created_at) / timedelta(seconds=1))
    return counts


def of_request(blueprint: str, status: int, seconds: float) -> dict[str, int]:
    """What to add for a request that was answered."""
    return {_name(REQUESTS, blueprint, str(status)): 1, **observed((REQUEST_DURATION, blueprint), seconds)}


def by_the_minute(counter: str) -> bool:
    """Whether the counter is read minute by minute, too."""
    parts = counter.split(":")
    return parts[0] not in TOTALS and parts[-1] != SUM


def outcome_class(outcome: Outcome, lane: Lane) -> str:
    """`2xx` to `5xx`, an error's code, `lost`, or for a handler that returned `done`: a bounded set."""
    if outcome.verdict is Verdict.LOST:
        return "lost"
    if outcome.error is not None:
        return outcome.error.value
    if outcome.status_code is not None:
        return f"{outcome.status_code // 100}xx"
    return "done" if lane is Lane.HANDLERS else "internal"


def observed(parts: Sequence[str], seconds: float) -> dict[str, int]:
    """What to add for one observation; a clock that went back observes nothing less than zero."""
    seconds = max(0.0, seconds)
    place = bisect_left(BUCKETS, seconds)
    bound = f"{BUCKETS[place]:g}" if place < len(BUCKETS) else INFINITE
    return {_name(*parts, bound): 1, _name(*parts, SUM): round(seconds * 1_000_000)}


def _name(*parts: str) -> str:
    return ":".join(parts)
