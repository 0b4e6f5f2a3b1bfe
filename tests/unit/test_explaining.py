"""Each check of an explanation, each verdict, and the sentences of the story."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from webhooks.explaining import ALL_VERDICTS, Facts, explain
from webhooks.health import EndpointHealth
from webhooks.model import (
    Attempt,
    Delivery,
    Endpoint,
    ErrorCode,
    Event,
    Outcome,
    Reason,
    Response,
    Status,
    Trigger,
    Verdict,
)

ACCEPTED = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
EARLIER, LATER = ACCEPTED - timedelta(hours=1), ACCEPTED + timedelta(hours=1)

EVENT = Event(
    id="evt_1", tenant="acme", type="invoice.paid", occurred_at=ACCEPTED, digest="", created_at=ACCEPTED,
    body=b'{"type":"invoice.paid","timestamp":"2026-11-25T09:00:00.000Z","data":{"amount":5}}',
)  # fmt: skip
ENDPOINT = Endpoint(
    id="ep_1",
    tenant="acme",
    url="https://hooks.test/",
    event_types=("invoice.*",),
    created_at=EARLIER,
    updated_at=EARLIER,
)
DELIVERY = Delivery(
    id="evt_1:ep_1", event_id="evt_1", event_type="invoice.paid", endpoint_id="ep_1", tenant="acme",
    status=Status.PENDING, created_at=ACCEPTED, finished_at=LATER,
)  # fmt: skip


def explained(*, event=EVENT, endpoint=ENDPOINT, delivery=None, attempts=()):
    return explain(Facts(event=event, endpoint=endpoint, delivery=delivery, attempts=attempts))


def failed(explanation):
    return {step.check: step.detail for step in explanation.steps if not step.passed}


@pytest.mark.parametrize(
    ("event", "endpoint", "check", "detail"),
    [
        ({}, {"tenant": "other"}, "tenant", "the event is of the tenant acme, the endpoint of other"),
        ({}, {"event_types": ("order.*", "a.b")}, "event_types", "none of order.*, a.b matches invoice.paid"),
        ({"type": "hookline.endpoint.failing"}, {"event_types": ("*",)}, "event_types",
         "none of * matches hookline.endpoint.failing"),
        ({"channels": ("eu",)}, {"channels": ("us", "asia")}, "channels",
         "the endpoint takes us, asia alone; the event is on eu"),
        ({}, {"channels": ("us",)}, "channels", "the endpoint takes us alone; the event is on no channel"),
        ({"endpoint_ids": ("ep_2",)}, {}, "endpoint_ids", "the event is for ep_2 alone"),
        ({}, {"filter": "data.amount > `100`"}, "filter", "data.amount > `100` is not true of this event"),
        ({"body": b""}, {"filter": "data"}, "filter",
         "the event's data is erased, so the filter cannot be asked again"),
        ({}, {"created_at": LATER, "updated_at": LATER}, "unchanged",
         "the endpoint was made at 2026-11-25T10:00:00.000Z, after the event was accepted"),
        ({}, {"updated_at": LATER}, "unchanged",
         "the endpoint was changed at 2026-11-25T10:00:00.000Z, after the event was accepted"),
    ],
)  # fmt: skip
def test_the_check_that_fails_says_why_and_is_repeated_in_the_story(event, endpoint, check, detail):
    explanation = explained(event=replace(EVENT, **event), endpoint=replace(ENDPOINT, **endpoint))

    assert (explanation.verdict, failed(explanation)) == ("not_matched", {check: detail})
    assert explanation.story == (f"The endpoint was not owed the event ({check}: {detail}).",)


def test_every_check_that_fails_is_told_not_the_first_alone():
    endpoint = replace(ENDPOINT, event_types=("a",), channels=("eu",), enabled=False, disabled_reason="manual")

    assert list(failed(explained(endpoint=endpoint))) == ["enabled", "event_types", "channels"]


def test_the_checks_come_in_one_order_and_name_what_passed():
    steps = explained(delivery=DELIVERY).steps

    assert [step.check for step in steps][:6] == ["event", "endpoint", "tenant", "enabled", "event_types", "channels"]
    assert all(step.passed and step.detail for step in steps)
    assert next(step.detail for step in steps if step.check == "event_types") == "invoice.* matches invoice.paid"


def test_what_is_not_there_has_a_verdict_of_its_own():
    assert explained(event=None).verdict == "unknown_event"
    assert explained(endpoint=None).verdict == "unknown_endpoint"


def test_a_delivery_to_a_deleted_endpoint_is_still_explained():
    cancelled = replace(DELIVERY, status=Status.CANCELLED, reason=Reason.ENDPOINT_DELETED)
    explanation = explained(endpoint=None, delivery=cancelled)

    assert (explanation.verdict, failed(explanation)) == ("cancelled", {"endpoint": "it was deleted"})
    assert explanation.story[-1] == "It was cancelled at 2026-11-25T10:00:00.000Z: its endpoint was deleted."


def test_a_delivery_that_is_still_being_made_is_waited_for():
    assert explained().verdict == "waiting"


@pytest.mark.parametrize("status", list(Status))
def test_each_state_has_a_verdict_and_a_last_sentence(status):
    explanation = explained(delivery=replace(DELIVERY, status=status))

    assert explanation.verdict in ALL_VERDICTS
    assert len(explanation.story) == 2


def test_an_endpoint_that_was_disabled_at_acceptance_fails_the_check_though_it_is_enabled_now():
    """Case 118: nothing is dropped without trace."""
    explanation = explained(delivery=replace(DELIVERY, status=Status.SKIPPED, reason=Reason.ENDPOINT_DISABLED))

    assert failed(explanation) == {"enabled": "it was disabled when the event was accepted"}
    assert explanation.verdict == "skipped"


def test_an_endpoint_that_was_disabled_later_passes_the_check():
    endpoint = replace(ENDPOINT, enabled=False, disabled_reason="manual", disabled_at=LATER)
    cancelled = replace(DELIVERY, status=Status.CANCELLED, reason=Reason.ENDPOINT_DISABLED)

    assert failed(explained(endpoint=endpoint, delivery=cancelled)) == {}


@pytest.mark.parametrize(
    ("waiting", "sentence"),
    [
        ({"waiting_for": "in_flight_cap"}, "It waits for a slot: 2 of 2 are in flight at the endpoint."),
        ({"waiting_for": "rate_limit"}, "It waits for the endpoint's rate limit; that uses up no retry."),
        ({"waiting_for": "breaker"},
         "It waits for the endpoint's breaker, which is open; probed again at 2026-11-25T10:00:00.000Z."),
        ({"waiting_for": "order"}, ("It stands in line behind an earlier one of the ordered endpoint "
         "(evt_0:ep_1, the head since 2026-11-25T08:00:00.000Z).")),
        ({"status": Status.RETRYING, "next_attempt_at": LATER}, "The next retry is due at 2026-11-25T10:00:00.000Z."),
        ({}, "It may go now, and waits for a worker."),
        ({"status": Status.SENDING}, "An attempt is under way now."),
    ],
)  # fmt: skip
def test_the_story_ends_with_what_the_delivery_waits_for(waiting, sentence):
    health = EndpointHealth(
        state="open", next_probe_at=LATER, in_flight=2, effective_cap=2, head="evt_0:ep_1", head_since=EARLIER
    )
    explanation = explained(endpoint=replace(ENDPOINT, health=health), delivery=replace(DELIVERY, **waiting))

    assert (explanation.verdict, explanation.story[-1]) == ("waiting", sentence)


def attempt(number, **outcome):
    trigger = Trigger.RETRY if number > 1 else Trigger.INITIAL
    made = Outcome(**{"verdict": Verdict.FAILED, "duration_ms": 12.4, **outcome})
    return Attempt(number=number, trigger=trigger, started_at=ACCEPTED, outcome=made)


def test_each_attempt_is_a_sentence():
    attempts = [
        attempt(1, response=Response(status_code=503), retry_after_seconds=120.0),
        attempt(2, error=ErrorCode.TIMEOUT, duration_ms=15000.4),
        attempt(3, verdict=Verdict.LOST),
        attempt(4, verdict=Verdict.DELIVERED, response=Response(status_code=200)),
    ]
    story = explained(delivery=replace(DELIVERY, status=Status.DELIVERED), attempts=attempts).story

    assert story == (
        "The delivery was made at 2026-11-25T09:00:00.000Z.",
        "Attempt 1 (initial) at 2026-11-25T09:00:00.000Z was answered 503 after 12 ms; it asked for a pause of 120 s.",
        "Attempt 2 (retry) at 2026-11-25T09:00:00.000Z failed after 15000 ms: timeout.",
        (
            "Attempt 3 (retry) at 2026-11-25T09:00:00.000Z was lost: its worker died or froze, "
            "and whether it was received is not known."
        ),
        "Attempt 4 (retry) at 2026-11-25T09:00:00.000Z was answered 200 after 12 ms.",
        "It was delivered at 2026-11-25T10:00:00.000Z.",
    )


def test_a_story_of_very_many_attempts_says_what_it_leaves_out():
    attempts = [attempt(number, error=ErrorCode.DNS) for number in range(1, 26)]
    story = explained(delivery=replace(DELIVERY, status=Status.EXHAUSTED), attempts=attempts).story

    assert story[1] == "The first 5 attempts are left out here."
    assert len(story) == 23
