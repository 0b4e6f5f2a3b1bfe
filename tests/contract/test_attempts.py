"""Claim, settle, release, lost and late: what may be repeated, raced and killed."""

import pytest

from webhooks import lifecycle
from webhooks.model import ErrorCode, Status, Verdict


@pytest.fixture
def delivery(world):
    world.endpoint()
    return world.publish()


def test_a_claim_wins_once_and_the_same_token_gets_the_same_answer_again(world, delivery):
    first = world.store.claim(delivery, 1, "mine", lease_margin_seconds=15)
    again = world.store.claim(delivery, 1, "mine", lease_margin_seconds=15)
    other = world.store.claim(delivery, 1, "other", lease_margin_seconds=15)

    assert (first.won, again.won, other.refusal) == (True, True, "not_expected")
    assert (first.delivery.status, first.body) == (Status.SENDING, b'{"type":"a.b","data":{}}')
    assert first.endpoint.url == "https://hooks.test/"


@pytest.mark.parametrize("number", [-1, 2, 7])
def test_a_message_for_another_attempt_than_the_one_expected_wins_nothing(world, delivery, number):
    assert world.claim(delivery, number=number, token="t") == "not_expected"


def test_an_unknown_delivery_wins_nothing(world):
    assert world.claim("evt_x:ep_x", number=1) == "unknown"


def test_a_retry_waits_in_due_and_cannot_be_claimed_before_it_is(world, delivery):
    world.attempt(delivery, 500, schedule=(60.0,))
    early = world.claim(delivery)
    world.advance(59)
    before = world.stage()
    world.advance(1.1)

    assert (early, before, world.stage()) == ("not_expected", [], [delivery])
    assert world.claim(delivery) is True


def test_the_hash_keeps_attempts_ever_and_retries_since_the_last_replay(world, delivery):
    world.attempt(delivery, 500, schedule=(0.0,))
    world.stage()
    world.attempt(delivery, 500, schedule=(0.0,))
    exhausted = world.store.delivery(delivery)
    world.store.replay(delivery)
    replayed = world.store.delivery(delivery)

    assert (exhausted.status, exhausted.attempts, exhausted.retries_used) == (Status.EXHAUSTED, 2, 1)
    assert (replayed.status, replayed.attempts, replayed.retries_used, replayed.replays) == (Status.PENDING, 2, 0, 1)
    assert [attempt.number for attempt in world.store.attempts(delivery)] == [1, 2]


def test_a_settlement_repeated_after_a_lost_answer_changes_nothing(world, delivery):
    world.claim(delivery)
    first = world.settle(delivery, 500)
    again = world.settle(delivery, 500)

    assert (first.won, again.won, again.status) == (True, True, Status.RETRYING)
    assert world.store.delivery(delivery).retries_used == 1
    assert len(world.store.attempts(delivery)) == 1


def test_a_settlement_with_another_token_writes_nothing(world, delivery):
    world.claim(delivery)
    settlement = world.decided(delivery, 200)

    assert world.store.settle(delivery, 1, "stranger", settlement).won is False
    assert world.store.delivery(delivery).status is Status.SENDING


def test_a_released_claim_uses_no_attempt_and_may_go_again_at_once(world, delivery):
    world.claim(delivery)
    _, number, token = world.claims[delivery]
    stranger = world.store.release(delivery, number, "stranger")
    (reminder,) = world.store.release(delivery, number, token)
    again = world.store.release(delivery, number, token)

    assert (stranger, again) == ((), ())
    assert (reminder.delivery_id, reminder.attempt) == (delivery, 1)
    assert world.store.delivery(delivery).status is Status.PENDING
    assert world.claim(delivery, token="next") is True


def lose(world, delivery, *, schedule=(5.0,)):
    """The worker dies with the claim; a stager settles it as lost."""
    assert world.claim(delivery) is True
    world.advance(31)
    (lost,) = world.store.lost_leases()
    record = lifecycle.lost(lost.delivery, started_at=lost.claimed_at, duration_ms=31_000)
    settlement = lifecycle.settle(lost.delivery, record, schedule=schedule, own_schedule=True, luck=0)
    return world.store.settle(delivery, record.number, lost.token, settlement)


def test_no_lease_is_lost_before_the_timeout_and_the_margin_have_passed(world, delivery):
    world.claim(delivery)
    world.advance(29)

    assert world.store.lost_leases() == []


def test_an_expired_lease_is_settled_as_lost_once_by_however_many_stagers(world, delivery):
    """Cases 85 and 86."""
    first = lose(world, delivery)
    (attempt,) = world.store.attempts(delivery)

    assert (first.won, first.status) == (True, Status.RETRYING)
    assert (attempt.outcome.verdict, world.store.lost_leases()) == (Verdict.LOST, [])


def test_a_worker_whose_lease_was_given_up_hears_that_its_settlement_came_too_late(world, delivery):
    """Its token is the one under which a stager settled, yet it is not repeating that call."""
    lose(world, delivery)
    late = world.settle(delivery, 200)

    assert (late.won, world.store.delivery(delivery).status) == (False, Status.RETRYING)


def test_a_late_2xx_while_retrying_delivers_and_corrects_the_record(world, delivery):
    lose(world, delivery)
    found, _ = world.store.settle_late(delivery, lifecycle.settle_late(world.decided(delivery, 200).attempt))

    assert found
    assert world.store.delivery(delivery).status is Status.DELIVERED
    assert [attempt.outcome.verdict for attempt in world.store.attempts(delivery)] == [Verdict.DELIVERED]


def test_a_late_success_of_a_handler_is_counted_like_one_in_time(world):
    world.endpoint()
    world.publish(event_id="evt_own")
    world.endpoint("fn_default.keep", tenant="in.default")
    received = world.publish(event_id="evt_own", endpoint_id="fn_default.keep", tenant="in.default")
    lose(world, received)
    world.store.settle_late(received, lifecycle.settle_late(world.decided(received, 200).attempt))
    counts = world.store.counts()

    assert (counts["handlers.done"], counts["handlers.done_own"]) == (1, 1)


def test_a_late_failure_only_corrects_the_record(world, delivery):
    lose(world, delivery)
    settlement = lifecycle.settle_late(world.decided(delivery, error=ErrorCode.TIMEOUT).attempt)
    found, _ = world.store.settle_late(delivery, settlement)
    again, _ = world.store.settle_late(delivery, settlement)

    assert (found, again) == (True, False)
    assert world.store.delivery(delivery).status is Status.RETRYING
    assert world.store.attempts(delivery)[0].outcome.error == "timeout"


def test_a_late_answer_never_overwrites_delivered(world, delivery):
    """Case 102."""
    lose(world, delivery, schedule=(0.0,))
    late = lifecycle.settle_late(world.decided(delivery, 500).attempt)
    world.stage()
    world.attempt(delivery, 200)
    world.store.settle_late(delivery, late)

    assert world.store.delivery(delivery).status is Status.DELIVERED
    assert [attempt.outcome.verdict for attempt in world.store.attempts(delivery)] == ["failed", "delivered"]


def test_a_lost_message_is_published_again_when_the_queue_is_empty_and_not_before_its_grace(world, delivery):
    """Cases 90 and 94."""
    from webhooks.model import Lane

    at_once = world.store.republish(Lane.DELIVERIES, queue_empty=True)
    world.advance(2.1)
    again = world.store.republish(Lane.DELIVERIES, queue_empty=True)
    too_soon = world.store.republish(Lane.DELIVERIES, queue_empty=True)

    assert (at_once, too_soon) == ((), ())
    assert [each.delivery_id for each in again] == [delivery]


def test_a_message_is_proved_lost_by_a_later_one_that_was_claimed(world):
    from webhooks.model import Lane

    world.endpoint("ep_1")
    world.endpoint("ep_2")
    lost = world.publish(endpoint_id="ep_1")
    world.advance(3)
    unproved = world.store.republish(Lane.DELIVERIES, queue_empty=False)
    world.attempt(world.publish(endpoint_id="ep_2"))
    proved = world.store.republish(Lane.DELIVERIES, queue_empty=False)

    assert (unproved, [each.delivery_id for each in proved]) == ((), [lost])


def test_without_any_proof_a_message_is_sent_again_after_a_minute_then_two_up_to_a_quarter_of_an_hour(world, delivery):
    from webhooks.model import Lane

    waits = []
    for wait in (60, 120, 240, 480, 900, 900):
        world.advance(wait - 1)
        early = world.store.republish(Lane.DELIVERIES, queue_empty=False)
        world.advance(1.1)
        waits.append((early, len(world.store.republish(Lane.DELIVERIES, queue_empty=False))))

    assert waits == [((), 1)] * 6


def test_a_doubled_message_after_the_delivery_went_on_wins_nothing(world, delivery):
    world.attempt(delivery)

    assert world.claim(delivery, number=1, token="late") == "not_expected"
    assert world.claim(delivery, number=2, token="later") == "not_expected"


def test_fresh_deliveries_go_before_retries_but_one_in_ten_is_a_retry(world):
    from webhooks.model import Lane

    for n in range(110):
        world.endpoint(f"ep_{n}")
    retried = [world.publish(endpoint_id=f"ep_{n}") for n in range(40)]
    for each in retried:
        world.attempt(each, 500)
    fresh = [world.publish(endpoint_id=f"ep_{n}") for n in range(50, 110)]
    world.store.stage()
    for each in fresh[:50]:
        world.attempt(each)
    filled = [each.delivery_id for each in world.store.fill(Lane.DELIVERIES, window=10)]

    assert len([each for each in filled if each in retried]) == 1
    assert len(filled) == 10
