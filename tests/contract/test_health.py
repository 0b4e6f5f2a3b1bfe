"""What an endpoint's health says, and what a success that came late does to it; on the real store."""

import threading

import pytest

from webhooks import lifecycle
from webhooks.model import ErrorCode, Status

HALF_OF_FIVE_DAYS = 2.5 * 86_400


A_MINUTE = 61
"""Between failures, so that there are never ten in the breaker's five minutes."""


def fail(world, times, *, every=0, **options):
    for _ in range(times):
        world.advance(every)
        delivery = world.publish()
        world.stage()
        world.attempt(delivery, 500, schedule=(), **options)


def answer_late(world, delivery):
    """The worker that was thought dead says 200 after all."""
    found, reminders = world.store.settle_late(delivery, lifecycle.settle_late(world.decided(delivery, 200).attempt))
    assert found
    return [each.delivery_id for each in reminders]


def lose(world, delivery):
    """Claimed, and settled as lost when the lease ran out."""
    assert world.claim(delivery) is True
    world.advance(31)
    (lost,) = world.store.lost_leases()
    attempt = lifecycle.lost(lost.delivery, started_at=lost.claimed_at, duration_ms=31_000)
    settlement = lifecycle.settle(lost.delivery, attempt, schedule=(3600.0,), own_schedule=True, luck=0)
    return world.store.settle(delivery, attempt.number, lost.token, settlement)


def test_an_open_breaker_says_why_and_when_it_is_probed_next(world):
    world.endpoint()
    fail(world, 9)
    fail(world, 1, error=ErrorCode.TIMEOUT)
    health = world.health()

    assert (health.state, health.reason) == ("open", "10 of 10 attempts within 5 minutes failed")
    assert (health.next_probe_at - health.last_failure_at).total_seconds() == pytest.approx(30, abs=1)
    assert (health.failures, health.last_status_code, health.last_error) == (10, None, "timeout")


def test_a_closed_breaker_has_no_reason_and_no_probe(world):
    world.endpoint()
    fail(world, 10)
    probe = world.publish()
    world.advance(30.1)
    world.stage()
    world.attempt(probe)
    health = world.health()

    assert (health.state, health.reason, health.next_probe_at) == ("closed", None, None)
    assert (health.failing_since, health.failures) == (None, 0)


def test_a_late_success_ends_the_failing_time_like_one_in_time(world):
    world.endpoint()
    fail(world, 3)
    delivery = world.publish()
    lose(world, delivery)
    failing = world.health()
    answer_late(world, delivery)
    health = world.health()

    assert (failing.failures, health.failures, health.failing_since) == (4, 0, None)
    assert world.store.failing(limit=5) == []
    assert (health.last_success_at is not None, health.effective_cap) == (True, 2)


def test_a_late_success_after_the_warning_tells_of_the_recovery_once(world):
    world.endpoint()
    fail(world, 19, every=A_MINUTE)
    world.advance(HALF_OF_FIVE_DAYS)
    delivery = world.publish()
    lose(world, delivery)
    warned = world.notices()
    answer_late(world, delivery)
    world.attempt(world.publish())

    assert [kind for kind in warned if kind != "delivery.exhausted"] == ["endpoint.failing"]
    assert world.notices() == ["endpoint.recovered"]


def test_a_late_success_closes_the_breaker_and_lets_those_go_that_wait(world):
    world.endpoint()
    fail(world, 10)
    probe, second, third = (world.publish() for _ in range(3))
    world.advance(30.1)
    world.stage()
    lose(world, probe)
    reopened = world.health().state
    released = answer_late(world, probe)

    assert (reopened, world.health().state) == ("open", "closed")
    assert (world.store.delivery(probe).status, released) == (Status.DELIVERED, [second, third])


def test_a_late_success_to_a_deleted_endpoint_leaves_the_tombstone_alone(world):
    world.endpoint()
    delivery = world.publish()
    lose(world, delivery)
    world.store.delete_endpoint("ep_1")
    before = world.store.hash("endpoint", "ep_1")
    answer_late(world, delivery)

    assert world.store.hash("endpoint", "ep_1") == before


def test_the_health_of_an_ordered_endpoint_tells_of_each_line_what_its_head_waits_for_and_since_when(world):
    world.endpoint(ordered=True)
    world.warm_up(3)
    slow, *behind = (world.publish(key="a") for _ in range(3))
    world.attempt(slow, 500, schedule=(3600.0,))
    held, _ = world.publish(key="b"), world.publish(key="b")
    world.publish(key="alone")
    health = world.health()
    first, second = health.lines

    assert (first.ordering_key, first.head, first.waiting, first.status) == ("a", slow, len(behind), Status.RETRYING)
    assert first.next_attempt_at > first.since
    assert (second.ordering_key, second.head, second.waiting) == ("b", held, 1)
    assert (health.waiting, health.head) == (3, None)


def test_what_is_in_flight_does_not_count_slots_that_ended(world):
    world.endpoint()
    world.claim(world.publish())
    now = world.health().in_flight
    world.advance(31)

    assert (now, world.health().in_flight) == (1, 0)


def test_an_endpoint_made_disabled_says_so_and_raises_no_notice(world):
    world.endpoint(enabled=False)
    endpoint = world.store.endpoint("ep_1")

    assert (endpoint.enabled, endpoint.disabled_reason) == (False, "created_disabled")
    assert world.notices() == []
    world.change(enabled=True)
    assert (world.store.endpoint("ep_1").enabled, world.notices()) == (True, ["endpoint.enabled"])


def fail_under_four_workers(world, times):
    """All are claimed; then four workers settle their shares with 500 at the same time."""
    deliveries = [world.publish() for _ in range(times)]
    assert all(world.claim(each) is True for each in deliveries)
    barrier = threading.Barrier(4)

    def settle(share):
        barrier.wait(10)
        for delivery in share:
            world.settle(delivery, 500, schedule=())

    workers = [threading.Thread(target=settle, args=(deliveries[i::4],)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def test_under_four_workers_an_endpoint_is_disabled_once_at_the_twentieth_failure_after_five_days(world):
    """Case 119."""
    world.endpoint(max_in_flight=100)
    world.warm_up(30)
    fail_under_four_workers(world, 8)
    world.advance(5 * 86_400 + 1)
    fail_under_four_workers(world, 8)
    before = (world.health().failures, world.store.endpoint("ep_1").enabled)
    world.advance(6 * 60)
    world.notices()
    fail_under_four_workers(world, 8)
    endpoint = world.store.endpoint("ep_1")

    assert before == (16, True)
    assert (endpoint.enabled, endpoint.disabled_reason, endpoint.health.failures) == (False, "failing", 24)
    assert world.notices().count("endpoint.disabled") == 1


def test_nineteen_failures_a_success_and_nineteen_more_disable_nothing(world):
    """Case 119."""
    world.endpoint()
    for _ in range(2):
        fail(world, 19, every=7 * 3600)
        world.attempt(world.publish(), 200)

    assert (world.store.endpoint("ep_1").enabled, world.health().failures) == (True, 0)
