"""When to try again."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.model import ErrorCode, Outcome, Response, Verdict
from webhooks.schedule import delay_seconds, retries_left, retry_after_seconds

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
DEFAULT = (5.0, 300.0, 1800.0, 7200.0, 18000.0)


def failed(status: int = 503, *, retry_after: float | None = None) -> Outcome:
    return Outcome(verdict=Verdict.FAILED, response=Response(status_code=status), retry_after_seconds=retry_after)


@given(luck=st.floats(0, 1, exclude_max=True), used=st.integers(0, 4))
def test_a_delay_is_never_early_and_never_a_fifth_late(luck, used):
    """Case 72: no hidden cap, no jitter down to zero."""
    delay = delay_seconds(DEFAULT, used, failed(), own_schedule=False, luck=luck)

    assert DEFAULT[used] <= delay <= DEFAULT[used] * 1.2


def test_two_hours_stay_two_hours():
    assert delay_seconds((5, 300, 3600, 7200), 3, failed(), own_schedule=True, luck=0) == 7200


def test_deliveries_that_failed_together_come_back_apart():
    """Case 79: the jitter window spreads them."""
    delays = {round(delay_seconds(DEFAULT, 0, failed(), own_schedule=False, luck=i / 500), 3) for i in range(500)}

    assert len(delays) > 400


def test_no_retry_is_left_when_the_schedule_became_shorter_than_what_was_used():
    assert retries_left((1.0,), 3) == 0
    assert retries_left((1.0, 2.0), 1) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        (format_datetime(NOW + timedelta(seconds=120), usegmt=True), 120.0),
        (format_datetime(NOW - timedelta(seconds=120), usegmt=True), None),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("1.5", None),
        ("", None),
        ("٣", None),
        ("Wed, 99 Nov 2026 09:00:00 GMT", None),
        ("86400", 86400.0),
        ("99999999999999999999", 86400.0),
        ("9" * 5000, 86400.0),
    ],
)
def test_retry_after_is_read_in_both_forms_capped_at_a_day_and_nonsense_ignored(value, seconds):
    """Case 77."""
    assert retry_after_seconds(value, NOW) == seconds


def test_the_wait_is_the_longer_of_ours_and_the_receivers():
    assert delay_seconds((30,), 0, failed(retry_after=120), own_schedule=True, luck=0) == 120
    assert delay_seconds((300,), 0, failed(retry_after=120), own_schedule=True, luck=0) == 300


@pytest.mark.parametrize("outcome", [failed(429), Outcome(verdict=Verdict.FAILED, error=ErrorCode.TIMEOUT)])
def test_from_the_second_retry_on_429_and_timeouts_wait_a_minute_unless_the_endpoint_has_its_own_schedule(
    outcome,
):
    assert delay_seconds((5, 5), 0, outcome, own_schedule=False, luck=0) == 5
    assert delay_seconds((5, 5), 1, outcome, own_schedule=False, luck=0) == 60
    assert delay_seconds((5, 5), 1, outcome, own_schedule=True, luck=0) == 5
