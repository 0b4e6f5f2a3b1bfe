"""What attempts and requests are measured by."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.vectors import NOW
from webhooks.measuring import observed, of_attempt, of_request, outcome_class
from webhooks.model import Attempt, Delivery, ErrorCode, Lane, Outcome, Response, Status, Trigger, Verdict

DELIVERED = Outcome(verdict=Verdict.DELIVERED, duration_ms=12.0, response=Response(status_code=200))
DELIVERY = Delivery(
    id="evt_1:ep_1",
    event_id="evt_1",
    event_type="invoice.paid",
    endpoint_id="ep_1",
    tenant="default",
    status=Status.SENDING,
    created_at=NOW,
)


def tried(outcome=DELIVERED, *, after=0.003):
    return Attempt(number=1, trigger=Trigger.INITIAL, started_at=NOW + timedelta(seconds=after), outcome=outcome)


def test_a_first_attempt_counts_its_outcome_its_duration_and_how_long_it_waited():
    assert of_attempt(DELIVERY, tried()) == {
        "outcome:deliveries:2xx": 1,
        "duration:deliveries:0.025": 1,
        "duration:deliveries:sum_us": 12_000,
        "delay:deliveries:0.005": 1,
        "delay:deliveries:sum_us": 3_000,
    }


@pytest.mark.parametrize(
    "more", [{"attempts": 1}, {"trigger": Trigger.REPLAY}, {"trigger": Trigger.TEST}, {"created_at": None}]
)
def test_only_the_first_attempt_of_an_accepted_event_says_how_long_it_waited(more):
    assert not [name for name in of_attempt(replace(DELIVERY, **more), tried()) if name.startswith("delay")]


@pytest.mark.parametrize(
    ("outcome", "named"),
    [
        (DELIVERED, "2xx"),
        (Outcome(verdict=Verdict.FAILED, response=Response(status_code=301)), "3xx"),
        (Outcome(verdict=Verdict.FAILED, response=Response(status_code=429)), "4xx"),
        (Outcome(verdict=Verdict.FAILED, response=Response(status_code=599)), "5xx"),
        (Outcome(verdict=Verdict.FAILED, error=ErrorCode.RESET), "reset"),
        (
            Outcome(
                verdict=Verdict.FAILED,
                error=ErrorCode.RESPONSE_HEADERS_TOO_LARGE,
                response=Response(status_code=200),
            ),
            "response_headers_too_large",
        ),
        (Outcome(verdict=Verdict.LOST), "lost"),
    ],
)
def test_outcomes_fall_into_a_bounded_set_of_classes(outcome, named):
    assert outcome_class(outcome, Lane.DELIVERIES) == named


def test_a_handler_that_returned_is_done():
    assert outcome_class(Outcome(verdict=Verdict.DELIVERED), Lane.HANDLERS) == "done"


@pytest.mark.parametrize(
    ("seconds", "bucket", "total"),
    [(0.001, "0.001", 1_000), (0.0011, "0.0025", 1_100), (3600, "3600", 3_600_000_000), (3601, "inf", 3_601_000_000)],
)
def test_a_bucket_holds_what_is_at_most_its_bound(seconds, bucket, total):
    assert observed(("delay", "x"), seconds) == {f"delay:x:{bucket}": 1, "delay:x:sum_us": total}


def test_a_clock_that_went_back_observes_zero():
    assert observed(("delay", "x"), -5) == {"delay:x:0.001": 1, "delay:x:sum_us": 0}


def test_a_request_counts_by_part_and_status():
    assert of_request("events", 202, 0.002)["requests:events:202"] == 1
