"""Recovery on the real store: found once, replayed once, paced, in order, resumable."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.conftest import World
from webhooks.answers import RecoveryScope
from webhooks.model import Lane, RateLimit, Status

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
EVERYTHING = datetime(2100, 1, 1, tzinfo=UTC)


def scope(endpoint_id="ep_1", *, since=LONG_AGO, until=EVERYTHING, **fields):
    return RecoveryScope(tenant="default", endpoint_id=endpoint_id, since=since, until=until, **fields)


def failed(world, count, *, endpoint_id="ep_1", **fields):
    """Ids of deliveries without retries that were attempted once, in vain."""
    ids = [world.publish(endpoint_id=endpoint_id, **fields) for _ in range(count)]
    for delivery_id in ids:
        while world.claim(delivery_id) is not True:
            world.stage()
        world.settle(delivery_id, 503, schedule=())
    return ids


def start(world, wanted=None, *, recovery_id="rec_1"):
    world.store.start_recovery(recovery_id, wanted or scope())
    while not (recovery := world.store.find_recoverable(recovery_id)).found:
        pass
    return recovery


def step(world, recovery_id="rec_1"):
    world.advance(1)
    world.store.run_job(f"recover:{recovery_id}")
    return world.store.recovery(recovery_id)


def work(world, delivery_ids, *, status=200):
    """What workers would do now: attempt all that was published."""
    world.stage()
    sent = []
    for delivery_id in delivery_ids:
        if world.store.delivery(delivery_id).status is Status.PENDING and world.claim(delivery_id) is True:
            world.settle(delivery_id, status, schedule=())
            sent.append(delivery_id)
    return sent


def carry_out(world, delivery_ids, *, recovery_id="rec_1"):
    """Steps and work in turn until it is done; which deliveries were sent, in order."""
    sent = []
    for _ in range(200):
        if step(world, recovery_id).state != "running":
            break
        sent += work(world, delivery_ids)
    return sent + work(world, delivery_ids)


def tune_breaker_off(world, endpoint_id="ep_1"):
    """Many failures in a row would open it; these tests are about something else."""
    world.store.client.delete(f"health:{endpoint_id}")
    world.store.client.hdel(f"endpoint:{endpoint_id}", "breaker", "breaker_until_us")


@pytest.fixture
def outage(world):
    """Thirty deliveries that failed, at an endpoint that is well again."""
    world.endpoint(max_in_flight=10)
    world.warm_up()
    ids = []
    for _ in range(5):
        ids += failed(world, 6)
        tune_breaker_off(world)
    return ids


def test_each_failure_gets_one_new_attempt_and_a_second_recovery_finds_none(world, outage):
    """Case 164."""
    first = start(world)
    second = start(world, recovery_id="rec_2")
    sent = carry_out(world, outage)
    after = world.store.recovery("rec_1")

    assert (first.total, second.total) == (30, 0)
    assert sorted(sent) == sorted(outage)
    assert (after.state, after.done, after.skipped) == ("done", 30, 0)
    assert after.finished_at is not None
    assert all(world.store.delivery(each).status is Status.DELIVERED for each in outage)
    assert [len(world.store.attempts(each)) for each in outage] == [2] * 30
    assert start(world, recovery_id="rec_3").total == 0


def test_a_dry_run_counts_what_would_be_taken_and_takes_nothing(world, outage):
    assert world.store.count_recoverable(scope()) == 30
    assert world.store.count_recoverable(scope(statuses=frozenset({Status.CANCELLED}))) == 0
    assert start(world).total == 30
    assert world.store.count_recoverable(scope()) == 0


def test_only_the_range_and_the_statuses_asked_for_are_recovered(world):
    world.endpoint(max_in_flight=10)
    early, late = failed(world, 1), []
    world.advance(60)
    middle = world.store.now()
    late += failed(world, 2)
    skipped = world.event()
    world.accept(skipped, [("ep_1", False)])

    statuses = frozenset({Status.EXHAUSTED})
    assert world.store.count_recoverable(scope(since=middle, statuses=statuses)) == 2
    assert world.store.count_recoverable(scope(since=middle)) == 3
    assert world.store.count_recoverable(scope(until=middle)) == 1
    assert world.store.count_recoverable(scope(since=middle, until=middle + timedelta(microseconds=1))) == 0
    start(world, scope(since=middle, statuses=statuses))
    assert sorted(carry_out(world, early + late)) == sorted(late)


def test_skipped_and_cancelled_deliveries_are_recovered_too(world):
    world.endpoint(max_in_flight=10)
    skipped = world.event()
    world.accept(skipped, [("ep_1", False)])
    cancelled = world.publish()
    world.store.cancel(cancelled)
    ids = [f"{skipped.id}:ep_1", cancelled]

    assert start(world).total == 2
    assert sorted(carry_out(world, ids)) == sorted(ids)


def test_failed_tests_are_not_recovered(world):
    world.endpoint()
    world.attempt(world.publish(trigger="test"), 503, schedule=())

    assert start(world).total == 0


def test_what_has_lost_its_payload_cannot_be_recovered_and_is_not_counted(world, outage):
    world.store.erase_payload("default", outage[0].partition(":")[0])

    assert world.store.count_recoverable(scope()) == 29
    start(world)
    world.store.erase_payload("default", outage[1].partition(":")[0])
    sent = carry_out(world, outage)
    after = world.store.recovery("rec_1")

    assert sorted(sent) == sorted(outage[2:])
    assert (after.state, after.total, after.done, after.skipped) == ("done", 29, 28, 1)


def test_no_more_than_two_rounds_of_what_the_endpoint_takes_stand_before_what_is_fresh(world, outage):
    """Case 164, paced: the rest is only put on its way when those before it have gone."""
    start(world)
    first = step(world)
    world.stage()
    again = step(world)

    assert first.done == 20
    assert again.done == 20
    work(world, outage)
    assert step(world).done > 20


def test_a_rate_limit_bounds_what_waits_before_what_is_fresh(world, outage):
    world.change(rate_limit=RateLimit(limit=5, period_seconds=1))
    start(world)

    assert step(world).done == 5


def test_what_is_fresh_goes_before_what_is_recovered(valkey):
    """A window of four is full; what was published last is picked before what is recovered."""
    world = World(valkey.port, window=4)
    world.endpoint(max_in_flight=10)
    world.warm_up()
    old = failed(world, 6)
    tune_breaker_off(world)
    fresh = []
    for number in range(12):
        world.endpoint(f"ep_fresh_{number}")
        fresh.append(world.publish(endpoint_id=f"ep_fresh_{number}"))
    start(world)
    step(world)
    for delivery_id in fresh[:4]:
        world.attempt(delivery_id)
    picked = [each.delivery_id for each in world.store.fill(Lane.DELIVERIES, window=4)]

    assert len(picked) == 4
    assert sum(each in fresh for each in picked) >= 3
    assert {world.store.places(each)[0] for each in old if each not in picked} == {"ready:deliveries:retry"}
    world.check()
    world.store.client.close()


def test_an_ordered_endpoint_is_recovered_one_at_a_time_in_order(world):
    world.endpoint(max_in_flight=10, ordered=True)
    ids = failed(world, 4)
    start(world)

    assert carry_out(world, ids) == ids


def test_a_recovery_goes_on_where_it_was_killed(world, outage):
    """Each step is one script; whoever runs the next one finds the job due again after its lease."""
    world.store.start_recovery("rec_1", scope())
    world.advance(1)
    staged = world.store.stage()  # a stager takes the job, and dies
    world.advance(31)
    again = world.store.stage()

    assert "recover:rec_1" in staged.jobs
    assert "recover:rec_1" in again.jobs
    assert sorted(carry_out(world, outage)) == sorted(outage)


def test_what_was_replayed_by_hand_meanwhile_is_not_sent_twice(world, outage):
    start(world)
    world.store.replay(outage[0])
    world.attempt(outage[0], 503, schedule=())
    sent = carry_out(world, outage)
    after = world.store.recovery("rec_1")

    assert outage[0] not in sent
    assert (after.done, after.skipped) == (29, 1)
    assert world.store.count_recoverable(scope()) == 1


def test_a_recovery_whose_endpoint_is_stopped_fails_and_leaves_the_rest_for_another(world, outage):
    start(world)
    step(world)
    world.change(enabled=False)
    while step(world).state == "running":
        world.stage()
    after = world.store.recovery("rec_1")

    assert (after.state, after.done, after.skipped) == ("failed", 20, 10)
    world.stage()
    world.change(enabled=True)
    assert world.store.count_recoverable(scope()) == 30


def test_starting_the_same_recovery_twice_changes_nothing(world, outage):
    """redis-py repeats a call whose answer was lost."""
    start(world)
    step(world)

    assert world.store.start_recovery("rec_1", scope()) == world.store.recovery("rec_1")
    assert world.store.recovery("rec_1").done == 20


def test_a_tenants_recovery_takes_all_its_endpoints_and_one_that_hangs_delays_no_other(world):
    ids = {}
    for endpoint_id in ("ep_1", "ep_2"):
        world.endpoint(endpoint_id, max_in_flight=10)
        world.warm_up(endpoint_id=endpoint_id)
        ids[endpoint_id] = failed(world, 9, endpoint_id=endpoint_id)
        tune_breaker_off(world, endpoint_id)
    world.change("ep_1", max_in_flight=1)
    world.endpoint("ep_off", enabled=False)
    world.endpoint("ep_3", tenant="other")
    failed(world, 1, endpoint_id="ep_3", tenant="other")
    recovery = start(world, scope(None))
    for _ in range(9):
        step(world)
        work(world, ids["ep_2"])

    assert recovery.total == 18
    assert all(world.store.delivery(each).status is Status.DELIVERED for each in ids["ep_2"])
    assert world.store.recovery("rec_1").state == "running"
    assert sorted(carry_out(world, ids["ep_1"])) == sorted(ids["ep_1"])
    assert world.store.recovery("rec_1").done == 18


def test_deliveries_that_share_a_score_are_neither_lost_nor_found_twice(world, outage):
    """A step ends between two scores."""
    index = "index:endpoint:ep_1:failed"
    for delivery_id in outage:
        world.store.client.zadd(index, {delivery_id: 1_700_000_000_000_000})
    script = {"endpoint": "ep_1", "oldest": "0", "newest": "+inf", "statuses": ",exhausted,", "limit": 7}

    found, more = world.store.scripts.run("count_recoverable", script)
    assert found == 30
    assert world.store.scripts.run("count_recoverable", {**script, "oldest": more.decode()}) == [0, b""]


def test_a_finished_recovery_leaves_nothing_but_its_record(world, outage):
    start(world)
    carry_out(world, outage)

    assert world.store.client.keys("recovering:*") == []
    assert world.store.client.zscore("due", "job:recover:rec_1") is None
    assert 0 < world.store.client.pttl("job:recover:rec_1") <= 24 * 3600 * 1000
    assert not any("recovery" in world.store.hash("delivery", each) for each in outage)


def test_nothing_to_recover_is_done_at_once(world):
    world.endpoint()
    start(world)

    assert step(world).state == "done"
    assert world.store.recovery("rec_unknown") is None
