"""A delivery's attempts and the waits between them, drawn to scale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from webhooks.model import Attempt, Delivery, Status

LEAST_PERCENT = 0.7
"""The narrowest that an attempt is drawn; most take no time beside their waits."""
LABELLED_PERCENT = 7.0
"""A wait that is narrower has no room for its length; the list below the drawing says it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of the line; `kind` is an attempt's outcome, `wait`, or `next` for what is to come."""

    kind: str
    left: float
    width: float
    seconds: float
    label: str = ""

    @property
    def middle(self) -> float:
        """Where a label stands, in per cent."""
        return self.left + self.width / 2

    @property
    def roomy(self) -> bool:
        """Whether a label fits."""
        return self.width >= LABELLED_PERCENT


def spans(delivery: Delivery, attempts: Sequence[Attempt]) -> list[Span]:
    """From the delivery's making to its end or its next attempt, in per cent of the whole; empty without attempts."""
    if not attempts or delivery.created_at is None:
        return []
    whole = _end(delivery, attempts) - delivery.created_at
    return list(_scaled(delivery, attempts, delivery.created_at, max(whole, timedelta(milliseconds=1))))


def waits(delivery: Delivery, attempts: Sequence[Attempt]) -> list[float]:
    """Seconds between each attempt and what was before it: the making, or the end of the attempt before."""
    before = delivery.created_at
    found = []
    for attempt in attempts:
        found.append(max(0.0, (attempt.started_at - before).total_seconds()) if before else 0.0)
        before = _ended(attempt)
    return found


def _scaled(delivery: Delivery, attempts: Sequence[Attempt], began: datetime, whole: timedelta) -> Iterator[Span]:
    before = began
    for attempt in attempts:
        yield _span("wait", before, attempt.started_at, began, whole)
        ended = _ended(attempt)
        tried = _span(attempt.outcome.verdict, attempt.started_at, ended, began, whole, label=str(attempt.number))
        yield tried
        before = ended
    if delivery.status is Status.RETRYING and delivery.next_attempt_at:
        yield _span("next", before, delivery.next_attempt_at, began, whole)


def _span(kind: str, start: datetime, end: datetime, began: datetime, whole: timedelta, *, label: str = "") -> Span:
    width = max(LEAST_PERCENT if label else 0.0, (end - start) / whole * 100)
    left = min((start - began) / whole * 100, 100 - width)
    return Span(kind=kind, left=left, width=width, seconds=max(0.0, (end - start).total_seconds()), label=label)


def _end(delivery: Delivery, attempts: Sequence[Attempt]) -> datetime:
    moments = [_ended(attempts[-1]), delivery.finished_at, delivery.next_attempt_at]
    return max(moment for moment in moments if moment)


def _ended(attempt: Attempt) -> datetime:
    return attempt.started_at + timedelta(milliseconds=attempt.outcome.duration_ms)
