"""An endpoint's latest attempts in one line: how many succeeded, how long they took."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from webhooks.answers import Recent
from webhooks.model import Verdict

ENOUGH = 2
"""Fewer attempts have no percentile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """The attempts, the latest last, and what they come to."""

    attempts: Sequence[Recent]
    delivered: int
    median_ms: float | None
    p95_ms: float | None


def strip(recent: Sequence[Recent]) -> Strip:
    """What those attempts come to; lost ones took nobody knows how long."""
    took = [each.duration_ms for each in recent if each.verdict is not Verdict.LOST]
    return Strip(
        attempts=recent,
        delivered=sum(each.verdict is Verdict.DELIVERED for each in recent),
        median_ms=median(took) if took else None,
        p95_ms=quantiles(took, n=20, method="inclusive")[-1] if len(took) >= ENOUGH else None,
    )
