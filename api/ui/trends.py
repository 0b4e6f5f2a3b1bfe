"""Minutes of counts as the lines of a chart: deliveries by what became of them, and the delay of first attempts."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from webhooks import measuring
from webhooks.answers import Minute
from webhooks.model import Lane

OUTCOMES = {
    "delivered": "delivered",
    "retries": "retries.scheduled",
    "exhausted": "exhausted",
    "cancelled": "cancelled",
}
"""Each line's counter."""
BOUNDS = (*(f"{bound:g}" for bound in measuring.BUCKETS), measuring.INFINITE)
HALF, MOST = 0.5, 0.95


def series(minutes: Sequence[Minute]) -> dict[str, list[Any]]:
    """The chart's columns; `at` is in seconds since 1970, delays are in seconds and None where nothing was sent."""
    columns: dict[str, list[Any]] = {"at": [int(minute.began_at.timestamp()) for minute in minutes]}
    for line, counter in OUTCOMES.items():
        columns[line] = [minute.counts.get(counter, 0) for minute in minutes]
    columns["half"] = [delay(minute.counts, HALF) for minute in minutes]
    columns["most"] = [delay(minute.counts, MOST) for minute in minutes]
    return columns


def total(minutes: Sequence[Minute], line: str) -> int:
    """How often in all of them."""
    return sum(minute.counts.get(OUTCOMES[line], 0) for minute in minutes)


def delay(counts: Mapping[str, int], share: float) -> float | None:
    """How long that share of the first attempts waited at most, to the bucket: from acceptance to the attempt.

    What is beyond the last bucket is said to be as long as that.
    """
    sizes = [counts.get(f"{measuring.DELAY}:{Lane.DELIVERIES}:{bound}", 0) for bound in BOUNDS]
    if not sum(sizes):
        return None
    place = bisect_left(list(accumulate(sizes)), share * sum(sizes))
    return measuring.BUCKETS[min(place, len(measuring.BUCKETS) - 1)]


def merged(minutes: Sequence[Minute]) -> dict[str, int]:
    """All of their counts as one."""
    names = {name for minute in minutes for name in minute.counts}
    return {name: sum(minute.counts.get(name, 0) for minute in minutes) for name in names}
