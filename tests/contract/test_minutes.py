from dataclasses import replace
from itertools import pairwise

import pytest

from webhooks.measuring import of_attempt
from webhooks.model import Lane


@pytest.fixture(autouse=True)
def in_the_middle_of_a_minute(world):
    """So that none ends within a test."""
    seconds, _ = world.store.client.time()
    world.advance(90 - seconds % 60)


def counted(world, number=2):
    return [minute.counts.get("receiver.kept", 0) for minute in world.store.minutes(number)]


def test_what_is_counted_stands_in_its_minute(world):
    world.store.count({"receiver.kept": 3})
    world.advance(60)
    world.store.count({"receiver.kept": 4})

    assert counted(world) == [3, 4]
    assert counted(world, 1) == [4]


def test_a_minute_without_anything_is_there_and_empty(world):
    minutes = world.store.minutes(3)

    assert [dict(minute.counts) for minute in minutes] == [{}, {}, {}]
    assert [(b.began_at - a.began_at).total_seconds() for a, b in pairwise(minutes)] == [60, 60]


def test_minutes_are_forgotten_after_a_day(world):
    world.store.count({"receiver.kept": 1})
    world.store.canary_due(Lane.DELIVERIES, every_seconds=1)
    [name] = world.store.client.keys("minute:*")

    assert 24 * 3600 < world.store.client.ttl(name) <= 25 * 3600


def test_what_nobody_reads_by_the_minute_is_counted_in_all_alone(world):
    world.store.count({"requests:events:202": 2, "delay:handlers:0.01": 1})
    world.endpoint()
    delivery = world.publish()
    world.claim(delivery)
    claim, number, token = world.claims[delivery]
    settlement = world.decided(delivery)
    measures = of_attempt(claim.delivery, settlement.attempt)
    world.store.settle(delivery, number, token, replace(settlement, measures=measures))
    [minute] = world.store.minutes(1)

    assert world.store.counts().items() >= {**measures, "requests:events:202": 2}.items()
    assert {name.partition(":")[0] for name in minute.counts if ":" in name} == {"delay"}
    assert not [name for name in minute.counts if name.endswith(":sum_us")]
