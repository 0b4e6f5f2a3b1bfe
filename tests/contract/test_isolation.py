"""Endpoints that misbehave: cap, slow start, rate limit, order, breaker, auto-disable; on the real store."""

from dataclasses import replace

import pytest

from webhooks.model import ErrorCode, RateLimit, Status


def test_an_endpoint_never_seen_healthy_holds_one_slot_and_gains_one_with_each_success(world):
    world.endpoint()
    ids = [world.publish() for _ in range(4)]

    assert [world.claim(each) for each in ids] == [True, "not_expected", "not_expected", "not_expected"]
    assert [each.delivery_id for each in world.settle(ids[0]).reminders] == ids[1:3]


def test_slow_start_begins_anew_after_a_connection_failure(world):
    world.endpoint()
    world.warm_up(5)
    before = world.health().effective_cap
    world.attempt(world.publish(), error=ErrorCode.CONNECT_REFUSED)

    assert (before, world.health().effective_cap) == (6, 1)


def test_beyond_the_cap_a_delivery_waits_in_order_without_a_message_and_without_using_up_a_retry(world):
    world.endpoint(max_in_flight=2)
    world.warm_up()
    ids = [world.publish() for _ in range(5)]
    won = [world.claim(each) for each in ids[:2]]
    waiting = world.store.delivery(ids[4])

    assert won == [True, True]
    assert (waiting.status, waiting.waiting_for, waiting.retries_used) == (Status.PENDING, "in_flight_cap", 0)
    assert [each.delivery_id for each in world.settle(ids[0], 500).reminders] == [ids[2]]


def test_a_slot_held_by_a_dead_worker_is_free_when_its_lease_ends(world):
    world.endpoint()
    first, second = world.publish(), world.publish()
    world.claim(first)
    world.advance(31)

    assert world.stage() == [second]
    assert world.claim(second) is True


def test_a_raised_cap_lets_those_that_wait_go_at_once(world):
    world.endpoint(max_in_flight=1)
    world.warm_up()
    ids = [world.publish() for _ in range(3)]

    world.store.change_endpoint("ep_1", lambda endpoint: replace(endpoint, max_in_flight=3))

    assert [world.claim(each) for each in ids] == [True] * 3


@pytest.mark.parametrize(("limit", "period"), [(10, 1.0), (60, 60.0), (1, 2.0)])
def test_no_window_holds_more_starts_than_the_rate_and_one_burst(world, limit, period):
    world.endpoint(rate_limit=RateLimit(limit=limit, period_seconds=period), max_in_flight=1000)
    rate, burst = limit / period, max(1, int(limit / period))
    ids = [world.publish() for _ in range(60)]
    starts: dict[str, float] = {}
    for _ in range(200):
        for each in ids:
            if (
                each not in starts
                and world.store.places(each) == ["published:deliveries"]
                and world.claim(each) is True
            ):
                starts[each] = world.store.now().timestamp()
                world.settle(each)
        world.advance(period / limit / 2)
        world.stage()
    times = sorted(starts.values())

    assert len(times) == 60
    assert all(j - i + 1 <= rate * (times[j] - times[i] + 0.05) + burst for i in range(60) for j in range(i, 60))


def ten_a_second(world, count):
    """So many deliveries of a warm endpoint, and when the limit began to count."""
    world.endpoint(max_in_flight=1000)
    world.warm_up(20)
    world.change(rate_limit=RateLimit(limit=10, period_seconds=1.0))
    began = world.store.now()
    return [world.publish() for _ in range(count)], began


def elapsed(world, began):
    return (world.store.now() - began).total_seconds()


def test_no_message_is_sent_for_one_that_the_rate_would_only_send_back(world):
    ids, began = ten_a_second(world, 100)
    for _ in range(5):
        published = sum(world.store.places(each) == ["published:deliveries"] for each in ids)
        assert 9 <= published <= 9 + 10 * elapsed(world, began)
        world.advance(1)
        world.stage()


def test_a_burst_leaves_room_for_a_request_that_is_late_on_its_way(world):
    """Half a start less than one second's worth: so no receiver counts more than it agreed to."""
    limit = RateLimit(limit=10, period_seconds=1.0)

    assert (limit.burst, limit.ahead_seconds(late_seconds=0.05)) == (10, pytest.approx(0.85))
    assert RateLimit(limit=1, period_seconds=2.0).ahead_seconds(late_seconds=0.05) == 0


def test_the_pace_is_never_quicker_than_the_limit_and_every_delivery_starts(world):
    ids, began = ten_a_second(world, 40)
    while any(each not in world.claims for each in ids):
        for each in ids:
            if world.store.places(each) == ["published:deliveries"] and world.claim(each) is True:
                world.settle(each)
                started = len(set(ids) & set(world.claims))
                assert elapsed(world, began) >= (started - 10) / 10
        world.advance(0.02)
        world.stage()


def test_a_changed_rate_limit_counts_from_the_change(world):
    world.endpoint(rate_limit=RateLimit(limit=1, period_seconds=86_400))
    world.attempt(world.publish())
    second = world.publish()
    before = world.store.delivery(second).waiting_for
    world.change(rate_limit=RateLimit(limit=10, period_seconds=1.0))

    assert (before, world.claim(second)) == ("rate_limit", True)


def test_a_burst_that_comes_late_out_of_the_queue_keeps_to_the_rate_and_loses_no_start(world):
    """Published in time but claimed together two seconds later: what must wait gives its reservation back."""
    ids, _ = ten_a_second(world, 30)
    for _ in range(2):
        world.advance(1)
        world.stage()
    published = sum(world.store.places(each) == ["published:deliveries"] for each in ids)
    began = world.store.now()
    at_once = sum(world.claim(each) is True for each in ids)
    most = 10 + 10 * elapsed(world, began)
    world.advance(3)
    world.stage()
    later = sum(world.store.places(each) == ["published:deliveries"] for each in ids)

    assert published > 20
    assert 9 <= at_once <= most
    assert later >= min(9, 30 - at_once)


def test_waiting_for_the_rate_uses_up_no_retry_and_is_shown(world):
    world.endpoint(rate_limit=RateLimit(limit=1, period_seconds=10))
    world.attempt(world.publish())
    second = world.publish()
    world.stage()
    delivery = world.store.delivery(second)

    assert (delivery.waiting_for, delivery.retries_used, world.health().waiting) == ("rate_limit", 0, 1)


def test_an_ordered_endpoint_gets_one_at_a_time_in_the_order_accepted_through_retries(world):
    world.endpoint(ordered=True)
    ids = [world.publish() for _ in range(3)]
    world.attempt(ids[0], 500)
    behind = world.store.delivery(ids[1])
    places = world.store.places(ids[1])
    world.stage()
    released = world.attempt(ids[0]).reminders

    assert (behind.waiting_for, places) == ("order", ["line:ep_1"])
    assert [each.delivery_id for each in released] == [ids[1]]


def test_the_endpoint_says_what_its_line_waits_for_and_since_when(world):
    world.endpoint(ordered=True)
    head = world.publish()
    world.publish()
    health = world.health()

    assert (health.head, health.waiting) == (head, 1)
    assert health.head_since is not None


@pytest.mark.parametrize("how", ["cancel", "exhaust"])
def test_a_head_that_ends_frees_its_line(world, how):
    world.endpoint(ordered=True)
    first, second = world.publish(), world.publish()
    if how == "cancel":
        _, reminders = world.store.cancel(first)
    else:
        reminders = world.attempt(first, 500, schedule=()).reminders

    assert [each.delivery_id for each in reminders] == [second]


def test_an_ordering_key_narrows_the_order_to_its_own_line(world):
    world.endpoint(ordered=True)
    world.warm_up(3)
    a1, a2, b1 = world.publish(key="a"), world.publish(key="a"), world.publish(key="b")

    assert [world.claim(each) for each in (a1, a2, b1)] == [True, "not_expected", True]


def test_a_replay_joins_the_end_of_the_line_and_a_test_send_stands_outside(world):
    world.endpoint(ordered=True)
    done = world.publish()
    world.attempt(done)
    first, second = world.publish(), world.publish()
    world.store.replay(done)
    test = world.publish(trigger="test")

    assert world.claim(test) is True
    assert [each.delivery_id for each in world.attempt(first).reminders] == [second]
    assert [each.delivery_id for each in world.attempt(second).reminders] == [done]


def test_an_endpoint_that_is_no_longer_ordered_lets_its_line_go(world):

    world.endpoint(ordered=True)
    world.warm_up()
    ids = [world.publish() for _ in range(4)]
    world.store.change_endpoint("ep_1", lambda endpoint: replace(endpoint, ordered=False))
    world.stage()

    assert [world.claim(each) for each in ids] == [True] * 4


def fail_until_open(world):
    world.endpoint()
    for _ in range(10):
        world.attempt(world.publish(), 500, schedule=())


def test_the_breaker_opens_at_seventy_percent_of_ten_and_then_deliveries_wait_without_using_up_a_retry(world):
    world.endpoint()
    for status in [200] * 3 + [500] * 6:
        world.attempt(world.publish(), status, schedule=())
    closed = world.health().state
    world.attempt(world.publish(), 500, schedule=())
    late = world.publish()

    assert (closed, world.health().state) == ("closed", "open")
    assert (world.store.delivery(late).waiting_for, world.store.places(late)) == ("breaker", ["waiting:ep_1"])


def test_after_the_wait_one_probe_goes_and_its_success_closes_the_breaker(world):
    fail_until_open(world)
    ids = [world.publish() for _ in range(3)]
    world.advance(29)
    early = world.stage()
    world.advance(1.1)
    probe = world.stage()
    half_open = world.claim(ids[0]) is True and world.health().state
    released = [each.delivery_id for each in world.settle(ids[0]).reminders]

    assert (early, probe, half_open) == ([], ids[:1], "half_open")
    assert (world.health().state, released) == ("closed", ids[1:])


def test_each_failed_probe_doubles_the_wait_up_to_a_quarter_of_an_hour(world):
    fail_until_open(world)
    probe = world.publish()
    waits = []
    for wait in [30, 60, 120, 240, 480, 900, 900]:
        world.advance(wait - 1)
        early = world.stage()
        world.advance(1.1)
        waits.append((early, world.stage()))
        world.attempt(probe, 500, schedule=(0.0,) * 20)
        world.stage()

    assert waits == [([], [probe])] * 7


def test_the_breaker_forgets_what_is_older_than_five_minutes(world):
    world.endpoint()
    for _ in range(9):
        world.attempt(world.publish(), 500, schedule=())
    world.advance(6 * 60)
    world.attempt(world.publish(), 500, schedule=())

    assert world.health().state == "closed"


def test_an_endpoint_is_warned_of_at_half_of_five_days_and_disabled_once_after_them(world):
    """Cases 119 and 125."""
    world.endpoint()
    kinds = []
    while world.store.endpoint("ep_1").enabled:
        world.advance(86_400 / 5)
        delivery = world.publish()
        world.stage()
        world.attempt(delivery, 500, schedule=())
        kinds += [kind for kind in world.notices() if kind.startswith("endpoint.")]
    endpoint = world.store.endpoint("ep_1")

    assert [kind for kind in kinds if "breaker" not in kind] == ["endpoint.failing", "endpoint.disabled"]
    assert (world.events, endpoint.disabled_reason) == (26, "failing")
    assert endpoint.disabled_at is not None


def test_one_success_starts_the_five_days_anew(world):
    world.endpoint()
    for _ in range(4):
        for _ in range(10):
            world.attempt(world.publish(), 500, schedule=())
            world.advance(3 * 86_400 / 10)
        world.advance(1000)
        world.attempt(world.publish(), 200)

    assert world.store.endpoint("ep_1").enabled


def test_a_temporary_401_disables_nothing(world):
    """Case 127."""
    world.endpoint()
    delivery = world.publish()
    for _ in range(5):
        world.attempt(delivery, 401)
        world.stage()
    world.attempt(delivery, 200)

    assert (world.store.endpoint("ep_1").enabled, world.store.delivery(delivery).status) == (
        True,
        Status.DELIVERED,
    )


def test_410_disables_the_endpoint_cancels_what_waits_and_raises_one_notice(world):
    """Case 80."""
    world.endpoint()
    ids = [world.publish() for _ in range(4)]
    settled = world.attempt(ids[0], 410)
    seen = [world.store.delivery(each) for each in ids[1:]]
    world.stage()

    assert (settled.status, world.store.endpoint("ep_1").disabled_reason) == (Status.CANCELLED, "gone")
    assert [(each.status, each.reason) for each in seen] == [(Status.CANCELLED, "gone")] * 3
    assert [world.store.places(each) for each in ids] == [[]] * 4
    assert world.notices() == ["endpoint.disabled"]


def test_enabling_revives_nothing_and_lets_new_events_through(world):

    world.endpoint()
    first, second = world.publish(), world.publish()
    world.store.change_endpoint("ep_1", lambda endpoint: replace(endpoint, enabled=False))
    world.store.change_endpoint("ep_1", lambda endpoint: replace(endpoint, enabled=True))
    refused = world.claim(first)
    new = world.publish()
    world.stage()

    assert refused == "cancelled"
    assert world.store.delivery(second).status is Status.CANCELLED
    assert world.claim(new) is True


def test_the_exhausted_of_an_operational_event_raises_none(world):
    world.endpoint()
    world.attempt(world.publish(), 500, schedule=())
    own = world.publish(event_type="hookline.endpoint.failing")
    world.attempt(own, 500, schedule=())

    assert world.notices() == ["delivery.exhausted"]
