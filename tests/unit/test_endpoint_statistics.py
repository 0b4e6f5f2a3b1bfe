"""How an endpoint fared, in counts, times and buckets."""

from datetime import UTC, datetime, timedelta

import pytest

from webhooks.answers import Recent
from webhooks.endpoint_statistics import Bucket, beginning, statistics
from webhooks.model import Verdict

NOW = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)


def tried(hours_ago, verdict=Verdict.DELIVERED, ms=10.0):
    return Recent(verdict=verdict, came="200", duration_ms=ms, started_at=NOW - timedelta(hours=hours_ago))


def test_attempts_are_counted_by_the_hour_and_empty_hours_are_there():
    attempts = [tried(0), tried(2), tried(2, Verdict.FAILED), tried(2, Verdict.LOST)]
    found = statistics(attempts, since=NOW - timedelta(hours=3), now=NOW)

    assert (found.attempts, found.delivered, found.failed) == (4, 2, 2)
    assert found.buckets == (
        Bucket(start=datetime(2026, 11, 25, 6, tzinfo=UTC), delivered=0, failed=0),
        Bucket(start=datetime(2026, 11, 25, 7, tzinfo=UTC), delivered=1, failed=2),
        Bucket(start=datetime(2026, 11, 25, 8, tzinfo=UTC), delivered=0, failed=0),
        Bucket(start=datetime(2026, 11, 25, 9, tzinfo=UTC), delivered=1, failed=0),
    )


def test_beyond_two_days_a_bucket_is_a_day():
    found = statistics([tried(50)], since=NOW - timedelta(hours=49), now=NOW)

    assert [each.start.day for each in found.buckets] == [23, 24, 25]


@pytest.mark.parametrize(("count", "p50", "p95"), [(1, 1, 1), (2, 1, 2), (100, 50, 95), (21, 11, 20)])
def test_percentiles_are_times_that_were_measured(count, p50, p95):
    found = statistics([tried(0, ms=float(ms)) for ms in range(1, count + 1)], since=NOW, now=NOW)

    assert (found.p50_ms, found.p95_ms) == (p50, p95)


def test_without_attempts_there_are_no_times():
    found = statistics([], since=NOW, now=NOW)

    assert (found.attempts, found.p50_ms, found.p95_ms) == (0, None, None)


def test_it_begins_a_day_ago_and_ninety_days_ago_at_the_earliest():
    assert beginning(None, now=NOW) == NOW - timedelta(days=1)
    assert beginning(NOW - timedelta(hours=1), now=NOW) == NOW - timedelta(hours=1)
    assert beginning(NOW - timedelta(days=1000), now=NOW) == NOW - timedelta(days=90)
