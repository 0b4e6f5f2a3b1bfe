"""How an endpoint fared: its attempts counted, timed, and put into buckets of an hour or a day."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from webhooks.answers import Recent
from webhooks.model import Verdict

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURLY_UP_TO = timedelta(hours=48)
LONGEST = timedelta(days=90)
DEFAULT = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The attempts that started within an hour or a day from `start` on."""

    start: datetime
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointStatistics:
    """Counts and times of attempts; the percentiles are None where there were none."""

    attempts: int
    delivered: int
    failed: int
    p50_ms: float | None
    p95_ms: float | None
    buckets: tuple[Bucket, ...]


def beginning(since: datetime | None, *, now: datetime) -> datetime:
    """From when on attempts count: `since`, but 90 days ago at the earliest; a day ago where it is not said."""
    return max(since, now - LONGEST) if since else now - DEFAULT


def statistics(attempts: Sequence[Recent], *, since: datetime, now: datetime) -> EndpointStatistics:
    """What these attempts come to; every bucket from `since` until now is there, empty ones too."""
    delivered = sum(each.verdict is Verdict.DELIVERED for each in attempts)
    times = sorted(each.duration_ms for each in attempts)
    return EndpointStatistics(
        attempts=len(attempts),
        delivered=delivered,
        failed=len(attempts) - delivered,
        p50_ms=percentile(times, 0.5) if times else None,
        p95_ms=percentile(times, 0.95) if times else None,
        buckets=_buckets(attempts, since=since, now=now),
    )


def _buckets(attempts: Sequence[Recent], *, since: datetime, now: datetime) -> tuple[Bucket, ...]:
    width = HOUR if now - since <= HOURLY_UP_TO else DAY
    counted = Counter((_start(each.started_at, width), each.verdict is Verdict.DELIVERED) for each in attempts)
    start = _start(since, width)
    starts = []
    while start <= now:
        starts.append(start)
        start += width
    return tuple(Bucket(start=each, delivered=counted[each, True], failed=counted[each, False]) for each in starts)


def _start(moment: datetime, width: timedelta) -> datetime:
    whole = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return whole.replace(hour=0) if width == DAY else whole


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of these ordered values that at least this share does not exceed; raises IndexError for none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
