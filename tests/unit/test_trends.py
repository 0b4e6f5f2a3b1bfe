from datetime import UTC, datetime, timedelta

from api.ui.trends import delay, merged, series, total
from webhooks import measuring
from webhooks.answers import Minute

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def minutes(*counts):
    return [Minute(began_at=NOW + timedelta(minutes=at), counts=each) for at, each in enumerate(counts)]


def waited(*seconds):
    counts = {}
    for each in seconds:
        for name, by in measuring.observed((measuring.DELAY, "deliveries"), each).items():
            counts[name] = counts.get(name, 0) + by
    return counts


def test_each_minute_is_a_column_and_what_was_not_counted_is_zero():
    found = series(minutes({"delivered": 3}, {"exhausted": 1, "retries.scheduled": 2}))

    assert found["at"] == [NOW.timestamp(), NOW.timestamp() + 60]
    assert (found["delivered"], found["retries"], found["exhausted"]) == ([3, 0], [0, 2], [0, 1])
    assert found["half"] == [None, None]


def test_the_share_of_a_delay_is_the_bound_of_its_bucket():
    counts = waited(0.003, 0.004, 0.02, 4)

    assert (delay(counts, 0.5), delay(counts, 0.75), delay(counts, 0.95)) == (0.005, 0.025, 5.0)


def test_what_is_beyond_all_buckets_is_as_long_as_the_last():
    assert delay(waited(100_000), 0.5) == measuring.BUCKETS[-1]


def test_minutes_add_up():
    found = minutes({"delivered": 3}, {"delivered": 4, "cancelled": 1})

    assert total(found, "delivered") == 7
    assert merged(found) == {"delivered": 7, "cancelled": 1}
