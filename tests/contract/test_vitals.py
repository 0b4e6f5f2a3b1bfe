"""What counts as late: whatever could have gone and has not."""

import pytest

from webhooks.model import Lane


@pytest.fixture
def late(world):
    world.endpoint(max_in_flight=100)
    world.warm_up(60)
    return lambda: pytest.approx(world.store.vitals().oldest_overdue_seconds, abs=1.5)


def test_nothing_is_late_while_nothing_could_have_gone(world, late):
    waiting = world.publish()
    world.attempt(waiting, 500, schedule=(3600.0,))
    world.advance(3599)

    assert late() == 0


def test_what_is_due_and_not_moved_is_late(world, late):
    world.attempt(world.publish(), 500, schedule=(10.0,))
    world.advance(71)

    assert late() == 61


def test_what_was_published_and_not_claimed_is_late_however_often_it_is_published_again(world, late):
    """Case 157: nobody consumes."""
    delivery_id = world.publish()
    for _ in range(3):
        world.advance(30)
        world.store.republish(Lane.DELIVERIES, queue_empty=True)
    before = late()
    world.claim(delivery_id)

    assert before == 90
    assert late() == 0


@pytest.mark.parametrize("kind", ["fresh", "retry"])
def test_what_is_ready_and_not_published_is_late(world, late, kind):
    if kind == "retry":
        world.attempt(world.publish(), 500)
        world.store.stage()
    for _ in range(world.window + 1):
        world.publish()
    world.advance(45)
    for delivery_id in world.ids:
        if "published:deliveries" in world.store.places(delivery_id):
            world.store.cancel(delivery_id)

    assert late() == 45
