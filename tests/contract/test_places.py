"""A random walk: whatever workers, stagers, users and clocks do, each delivery stands in exactly one place."""

import random

import pytest

from webhooks.errors import Conflict
from webhooks.model import ErrorCode, Lane


def sending(world, endpoint_id):
    """Those of an endpoint under a lease that has not run out."""
    now = world.store.now().timestamp() * 1_000_000
    under_lease = world.store.client.zrangebyscore("claimed", now, "+inf")
    return [each for each in under_lease if each.decode().endswith(f":{endpoint_id}")]


@pytest.mark.parametrize("seed", range(4))
def test_in_every_order_of_events_each_unfinished_delivery_is_in_exactly_one_place_and_no_cap_is_broken(world, seed):  # noqa: C901 - its moves belong together
    luck = random.Random(seed)
    world.endpoint("ep_1", max_in_flight=3)
    world.endpoint("ep_2", ordered=True)
    world.endpoint("ep_3", tenant="other", max_in_flight=2)

    def publish():
        name = luck.choice(["ep_1", "ep_2", "ep_3"])
        tenant = "other" if name == "ep_3" else "default"
        world.publish(endpoint_id=name, tenant=tenant, key=luck.choice([None, "a"]))

    def claim():
        if world.ids:
            world.claim(luck.choice(world.ids))

    def settle():
        if world.claims:
            delivery_id = luck.choice(list(world.claims))
            error = luck.choice([None, None, None, ErrorCode.TIMEOUT])
            world.settle(delivery_id, luck.choice([200, 200, 500]), error=error, schedule=(1.0, 5.0, 30.0))

    def give_back():
        if world.claims:
            delivery_id = luck.choice(list(world.claims))
            _, number, token = world.claims[delivery_id]
            world.store.release(delivery_id, number, token)

    def care():
        for lane in Lane:
            world.store.republish(lane, queue_empty=luck.random() < 0.5)
        for lost in world.store.lost_leases():
            world.store.release(lost.delivery.id, lost.delivery.attempts + 1, lost.token)

    def tamper():
        if world.ids:
            try:
                luck.choice([world.store.replay, world.store.cancel])(luck.choice(world.ids))
            except Conflict:
                """Not every state allows it."""

    def stop_and_start():
        world.change(luck.choice(["ep_1", "ep_2", "ep_3"]), enabled=luck.random() < 0.7)

    moves = [publish] * 4 + [claim] * 8 + [settle] * 6 + [world.stage] * 3
    moves += [give_back, care, tamper, stop_and_start, lambda: world.advance(luck.choice([0.5, 2, 16, 61]))]
    for _ in range(300):
        luck.choice(moves)()
        world.check()
        for name, cap in (("ep_1", 3), ("ep_2", 10), ("ep_3", 2)):
            assert len(sending(world, name)) <= cap
        heads = world.store.client.hvals("heads:ep_2")
        assert len(set(heads)) == len(heads)


def test_nothing_that_waits_is_without_a_wake_up(world):
    """While something waits for an endpoint exactly one ep:<id> stands in due."""
    world.endpoint()
    first = world.publish()
    waiting = [world.publish() for _ in range(3)]
    standing = world.store.client.zscore("due", "ep:ep_1")
    world.attempt(first)
    for each in waiting[:2]:
        world.attempt(each)
    world.attempt(waiting[2])

    assert standing is not None
    assert world.store.client.zscore("due", "ep:ep_1") is None
