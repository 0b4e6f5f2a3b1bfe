"""The state machine of a delivery."""

from datetime import UTC, datetime
from itertools import product

import pytest

from webhooks import lifecycle
from webhooks.errors import IllegalMove
from webhooks.model import (
    Attempt,
    Delivery,
    ErrorCode,
    Outcome,
    Reason,
    Response,
    Status,
    Trigger,
    Verdict,
)

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
SCHEDULE = (10.0, 20.0, 40.0, 80.0, 160.0)


def sending(**changes) -> Delivery:
    fields = {
        "id": "evt_1:ep_1",
        "event_id": "evt_1",
        "event_type": "invoice.paid",
        "endpoint_id": "ep_1",
        "tenant": "default",
        "status": Status.SENDING,
    }
    return Delivery(**{**fields, **changes})


def attempt(outcome: Outcome, *, number: int = 1, trigger: Trigger = Trigger.INITIAL) -> Attempt:
    return Attempt(number=number, trigger=trigger, started_at=NOW, outcome=outcome)


def answered(status: int) -> Outcome:
    verdict = Verdict.DELIVERED if lifecycle.is_success(status) else Verdict.FAILED
    return Outcome(verdict=verdict, response=Response(status_code=status))


def settle(delivery: Delivery, outcome: Outcome, **options):
    trigger = delivery.next_trigger
    options = {"schedule": SCHEDULE, "own_schedule": True, "luck": 0.0, **options}
    return lifecycle.settle(delivery, attempt(outcome, trigger=trigger), **options)


def test_five_retries_at_10_20_40_80_160_seconds_then_exhausted():
    settled = [settle(sending(retries_used=used, attempts=used), answered(503)) for used in range(6)]

    assert [each.status for each in settled] == [Status.RETRYING] * 5 + [Status.EXHAUSTED]
    assert [each.delay_seconds for each in settled[:5]] == list(SCHEDULE)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_any_2xx_delivers(status):
    """Case 69."""
    assert settle(sending(), answered(status)).status is Status.DELIVERED


@pytest.mark.parametrize(
    "status",
    [100, 199, 300, 301, 302, 304, 307, 399, 400, 401, 404, 408, 409, 413, 422, 425, 429, 500, 503, 999],
)
def test_everything_else_is_retried(status):
    """Cases 49, 81: the table is short: 2xx delivers, 410 stops, the rest is retried."""
    assert settle(sending(), answered(status)).status is Status.RETRYING


@pytest.mark.parametrize("error", list(ErrorCode))
def test_an_attempt_without_an_answer_is_retried(error):
    assert settle(sending(), Outcome(verdict=Verdict.FAILED, error=error)).status is Status.RETRYING


def test_a_refused_address_is_final():
    outcome = Outcome(verdict=Verdict.FAILED, error=ErrorCode.ADDRESS_REFUSED, final=True)

    assert settle(sending(), outcome).status is Status.EXHAUSTED


def test_410_cancels_the_delivery_and_stops_the_endpoint():
    """Case 80."""
    settled = settle(sending(), answered(410))

    assert (settled.status, settled.reason, settled.stop_endpoint) == (Status.CANCELLED, Reason.GONE, "gone")


def test_a_test_send_is_never_retried_and_stops_no_endpoint():
    delivery = sending(trigger=Trigger.TEST)

    assert settle(delivery, answered(500)).status is Status.EXHAUSTED
    assert settle(delivery, answered(410)).stop_endpoint is None


def test_a_lost_attempt_counts():
    """Or a payload that kills workers would come again for ever."""
    delivery = sending(retries_used=5, attempts=5)
    record = lifecycle.lost(delivery, started_at=NOW, duration_ms=30_000)

    settled = lifecycle.settle(delivery, record, schedule=SCHEDULE, own_schedule=True, luck=0)

    assert (record.number, record.trigger, record.outcome.verdict) == (6, Trigger.RETRY, Verdict.LOST)
    assert settled.status is Status.EXHAUSTED


def test_a_connection_failure_begins_slow_start_anew_but_a_500_does_not():
    refused = Outcome(verdict=Verdict.FAILED, error=ErrorCode.CONNECT_REFUSED)

    assert settle(sending(), refused).slow_down
    assert not settle(sending(), answered(500)).slow_down


def test_a_late_2xx_delivers_and_any_other_late_answer_is_a_record_only():
    assert lifecycle.settle_late(attempt(answered(200))).status is Status.DELIVERED
    assert lifecycle.settle_late(attempt(answered(500))).status is Status.RETRYING


ARROWS = {
    ("pending", "sending"),
    ("retrying", "sending"),
    ("sending", "pending"),
    ("sending", "retrying"),
    ("sending", "delivered"),
    ("sending", "exhausted"),
    ("sending", "cancelled"),
    ("pending", "cancelled"),
    ("retrying", "cancelled"),
    ("retrying", "delivered"),
    ("delivered", "pending"),
    ("exhausted", "pending"),
    ("cancelled", "pending"),
    ("skipped", "pending"),
}


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_only_the_drawn_arrows_exist(before, after):
    if (before, after) in ARROWS:
        lifecycle.require_move(before, after)
        return
    with pytest.raises(IllegalMove, match=f"{before} cannot become {after}"):
        lifecycle.require_move(before, after)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SENDING])
def test_only_a_delivery_that_is_sending_can_be_settled(status):
    with pytest.raises(IllegalMove):
        settle(sending(status=status), answered(503))
