"""Every script called twice with the same arguments, as after an answer that was lost: the second answer is used."""

from dataclasses import replace

import pytest

from tests.contract.conftest import World
from webhooks.adapters.scripts import Scripts
from webhooks.errors import Conflict
from webhooks.model import Endpoint, Lane, Status


class TwiceScripts:
    """Runs each script twice, and nobody sees the first answer; but once where a caller is told to try again."""

    def __init__(self, once: Scripts):
        self.once = once
        self.put = None

    def run(self, name, arguments, *blobs):
        if name != "put_endpoint" or self.put != [b"changed"]:
            self.once.run(name, arguments, *blobs)
        answer = self.once.run(name, arguments, *blobs)
        if name == "put_endpoint":
            self.put = answer
        return answer

    def run_all(self, name, calls, *, replicas=0):
        self.once.run_all(name, calls, replicas=replicas)
        return self.once.run_all(name, calls, replicas=replicas)


@pytest.fixture
def world(valkey):
    world = World(valkey.port)
    world.store = replace(world.store, scripts=TwiceScripts(world.store.scripts))
    yield world
    world.check()
    world.store.client.close()


def told(world):
    """Ids whose reminders come back once the queue proves them lost."""
    world.advance(2.1)
    once = replace(world.store, scripts=world.store.scripts.once)
    return [each.delivery_id for each in once.republish(Lane.DELIVERIES, queue_empty=True)]


def test_an_event_accepted_twice_is_kept_once_and_its_reminder_is_found_by_the_stager(world):
    world.endpoint()
    event = world.event("evt_1")
    acceptance = world.accept(event)

    assert (acceptance.verdict, acceptance.reminders) == ("kept", ())
    assert world.store.event("default", "evt_1").deliveries_count == 1
    assert world.store.counts()["events"] == 1
    assert told(world) == ["evt_1:ep_1"]


def test_a_fan_out_step_taken_twice_makes_each_delivery_once(world):
    recipients = [(f"ep_{n}", True) for n in range(450)]
    for endpoint_id, _ in recipients:
        world.endpoint(endpoint_id)
    world.accept(world.event("evt_1"), recipients)
    for _ in range(4):
        world.store.run_job("fanout:default:evt_1")
    made = [fields["sequence"] for fields in (world.store.hash("delivery", each) for each in world.ids)]

    assert len(set(made)) == len(made) == 450
    assert world.store.client.zscore("due", "job:fanout:default:evt_1") is None


@pytest.mark.parametrize(("status", "ends"), [(200, Status.DELIVERED), (500, Status.RETRYING)])
def test_an_attempt_claimed_and_settled_twice_counts_once(world, status, ends):
    world.endpoint()
    delivery_id = world.publish()
    settled = world.attempt(delivery_id, status)
    delivery, counts = world.store.delivery(delivery_id), world.store.counts()

    assert (settled.won, delivery.status, delivery.attempts) == (True, ends, 1)
    assert (counts["attempts.first"], len(world.store.attempts(delivery_id))) == (1, 1)


def test_a_claim_released_twice_uses_no_attempt(world):
    world.endpoint()
    delivery_id = world.publish()
    world.claim(delivery_id)
    _, number, token = world.claims[delivery_id]
    world.store.release(delivery_id, number, token)

    assert world.store.delivery(delivery_id).status is Status.PENDING
    assert told(world) == [delivery_id]
    assert world.claim(delivery_id, token="next") is True


def test_what_was_staged_filled_and_republished_twice_stands_in_one_place(world):
    world.endpoint()
    delivery_id = world.publish()
    world.attempt(delivery_id, 500)
    world.stage()

    assert world.store.places(delivery_id) == ["published:deliveries"]
    assert told(world) == [delivery_id]
    assert world.attempt(delivery_id).status is Status.DELIVERED


def test_a_replay_asked_for_twice_happens_once_and_the_second_answer_says_that_it_is_under_way(world):
    world.endpoint()
    delivery_id = world.publish()
    world.attempt(delivery_id)
    with pytest.raises(Conflict, match="not finished"):
        world.store.replay(delivery_id)
    delivery = world.store.delivery(delivery_id)

    assert (delivery.status, delivery.replays) == (Status.PENDING, 1)


def test_a_delivery_cancelled_twice_is_cancelled_once(world):
    world.endpoint()
    delivery_id = world.publish()
    with pytest.raises(Conflict, match="finished already"):
        world.store.cancel(delivery_id)

    assert world.store.delivery(delivery_id).status is Status.CANCELLED
    assert int(world.store.hash("event", "default", "evt_1")["unfinished"]) == 0


def test_an_endpoint_added_twice_is_there_once_and_no_conflict(world):
    made = world.endpoint("ep_1")
    again = Endpoint(id="ep_1", tenant="default", url="https://elsewhere.test/")

    assert made.url == "https://hooks.test/"
    with pytest.raises(Conflict):
        world.store.add_endpoint(again)
    assert [each.id for each in world.store.endpoints("default")[1]] == ["ep_1"]


def test_an_endpoint_changed_and_deleted_twice_is_changed_and_deleted(world):
    world.endpoint()
    world.change(max_in_flight=2)  # not doubled, since adding was
    changed = world.change(max_in_flight=3)
    world.store.delete_endpoint("ep_1")

    assert changed.max_in_flight == 3
    assert world.store.endpoint("ep_1") is None


def test_a_notice_dropped_twice_takes_no_other_with_it(world):
    world.endpoint()
    world.change(enabled=False)
    world.change(enabled=True)

    assert world.notices() == ["endpoint.disabled", "endpoint.enabled"]
