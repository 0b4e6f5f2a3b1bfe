from datetime import UTC, datetime, timedelta

import pytest

from api.ui.timeline import spans, waits
from webhooks.model import Attempt, Delivery, Outcome, Response, Status, Trigger, Verdict

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def delivery(status, **fields):
    return Delivery(
        id="e:p", event_id="e", event_type="a.b", endpoint_id="p", tenant="t", status=status, created_at=NOW, **fields
    )


def attempt(number, *, after, seconds, status=500):
    outcome = Outcome(
        verdict=Verdict.DELIVERED if status == 200 else Verdict.FAILED,
        duration_ms=seconds * 1000,
        response=Response(status_code=status),
    )
    return Attempt(number=number, trigger=Trigger.RETRY, started_at=NOW + timedelta(seconds=after), outcome=outcome)


def test_waits_and_attempts_are_as_wide_as_they_were_long():
    tries = [attempt(1, after=10, seconds=10), attempt(2, after=80, seconds=20, status=200)]
    found = spans(delivery(Status.DELIVERED, finished_at=NOW + timedelta(seconds=100)), tries)

    assert [(span.kind, span.left, span.width) for span in found] == [
        ("wait", 0, 10),
        ("failed", 10, 10),
        ("wait", 20, 60),
        ("delivered", 80, 20),
    ]


def test_what_is_to_come_ends_the_line():
    [*_, last] = spans(
        delivery(Status.RETRYING, next_attempt_at=NOW + timedelta(seconds=100)), [attempt(1, after=0, seconds=25)]
    )

    assert (last.kind, last.left, last.width, last.seconds) == ("next", 25, 75, 75)


def test_the_shortest_attempt_can_be_seen_and_stays_within_the_line():
    [*_, last] = spans(delivery(Status.EXHAUSTED), [attempt(1, after=86400, seconds=0.001)])

    assert last.width > 0.5
    assert last.left + last.width == pytest.approx(100)


def test_without_attempts_there_is_no_line():
    assert spans(delivery(Status.PENDING), []) == []


def test_waits_count_from_the_end_of_the_attempt_before():
    assert waits(delivery(Status.RETRYING), [attempt(1, after=1, seconds=2), attempt(2, after=8, seconds=1)]) == [1, 5]
