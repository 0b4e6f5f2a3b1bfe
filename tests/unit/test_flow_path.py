from datetime import UTC, datetime, timedelta

from api.ui.flow_path import Receipt, steps
from webhooks.model import Attempt, Delivery, Event, Outcome, Response, Status, Trigger, Verdict

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def event(**fields):
    return Event(
        **{
            "id": "evt_1",
            "tenant": "default",
            "type": "a.b",
            "occurred_at": NOW,
            "body": b"{}",
            "digest": "",
            "created_at": NOW,
            **fields,
        }
    )


def delivery(status, **fields):
    given = {"id": "evt_1:ep_1", "event_id": "evt_1", "event_type": "a.b", "endpoint_id": "ep_1", "tenant": "default"}
    return Delivery(status=status, **{**given, **fields})


def attempt(number, status, *, trigger=Trigger.RETRY, after=0.0):
    verdict = Verdict.DELIVERED if status == 200 else Verdict.FAILED
    outcome = Outcome(verdict=verdict, duration_ms=100, response=Response(status_code=status))
    return Attempt(number=number, trigger=trigger, started_at=NOW + timedelta(seconds=after), outcome=outcome)


def way(*given):
    return [step.node for step in steps(*given)]


def test_a_delivery_that_succeeds_at_once_goes_straight_to_the_end():
    first = attempt(1, 200, trigger=Trigger.INITIAL)

    assert way(event(), delivery(Status.DELIVERED), [first], None) == ["n1", "n2", "n3", "n4", "n5", "n6", "n7"]


def test_a_retry_goes_through_the_queue_and_joins_again_at_the_post():
    tries = [attempt(1, 503, trigger=Trigger.INITIAL), attempt(2, 200, after=5.1)]
    found = steps(event(), delivery(Status.DELIVERED), tries, None)

    assert [step.node for step in found][4:] == ["n5", "n15", "n16", "n17", "n4", "n5", "n6", "n7"]
    assert [step.says for step in found if step.node == "n16"] == ["waits 5.0 s"]
    assert [step.edge for step in found if step.node in ("n15", "n16", "n17")] == ["n5:n15", "n15:n16", "n16:n17"]


def test_what_waits_now_stands_in_the_queue():
    found = way(event(), delivery(Status.RETRYING), [attempt(1, 503, trigger=Trigger.INITIAL)], None)

    assert found[-2:] == ["n15", "n16"]


def test_a_replay_begins_at_the_preparing_again():
    tries = [attempt(1, 503, trigger=Trigger.INITIAL), attempt(2, 200, trigger=Trigger.REPLAY, after=60)]

    assert way(event(), delivery(Status.DELIVERED), tries, None)[5:8] == ["n3", "n4", "n5"]


def test_the_end_of_the_retries_is_told():
    [*_, last] = steps(event(), delivery(Status.EXHAUSTED), [attempt(1, 500, trigger=Trigger.INITIAL)], None)

    assert (last.node, last.says) == ("n5", "no retries left: exhausted")


def test_skipped_ends_where_it_began():
    [*_, last] = steps(event(), delivery(Status.SKIPPED), [], None)

    assert last.node == "n2"


def test_every_move_of_an_event_that_we_receive_ourselves_is_an_arrow_of_the_drawing():
    run = delivery(Status.DELIVERED, endpoint_id="fn_default.keep")
    receipt = Receipt(event=event(tenant="in.default"), runs=[(run, [attempt(1, 200, trigger=Trigger.INITIAL)])])
    found = steps(event(), delivery(Status.DELIVERED), [attempt(1, 200, trigger=Trigger.INITIAL)], receipt)

    assert [step.node for step in found if not step.edge] == ["n1"]
