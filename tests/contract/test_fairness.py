"""A tenant with many on the conveyor lets others go first; on the real store."""

import pytest

from webhooks.model import Lane

UNYIELDING = 10


@pytest.fixture
def reminders(world):
    """What is to be published, by delivery id."""
    found = {}

    def publish(**fields):
        event = world.event(**fields)
        endpoint = "ep_other" if fields.get("tenant") == "other" else "ep_1"
        for reminder in world.accept(event, [(endpoint, True)]).reminders:
            found[reminder.delivery_id] = reminder
        return f"{event.id}:{endpoint}"

    world.endpoint(max_in_flight=1000)
    world.endpoint("ep_other", tenant="other", max_in_flight=1000)
    world.warm_up(60)
    world.warm_up(3, endpoint_id="ep_other")
    found["publish"] = publish
    return found


def test_beyond_a_few_on_the_conveyor_the_messages_of_a_tenant_yield_and_those_of_another_do_not(world, reminders):
    ids = [reminders["publish"]() for _ in range(30)]
    other = reminders["publish"](tenant="other")

    assert [reminders[each].yields for each in ids] == [False] * UNYIELDING + [True] * 20
    assert reminders[other].yields is False


def test_what_is_claimed_or_cancelled_makes_room_for_others_of_the_tenant(world, reminders):
    ids = [reminders["publish"]() for _ in range(UNYIELDING)]
    world.claim(ids[0])
    world.store.cancel(ids[1])
    further = [reminders["publish"]() for _ in range(3)]

    assert [reminders[each].yields for each in further] == [False, False, True]


def test_with_a_full_window_a_single_event_of_another_tenant_is_among_the_next_to_be_published(world, reminders):
    ids = [reminders["publish"]() for _ in range(80)]
    other = reminders["publish"](tenant="other")
    for each in ids[:2]:
        world.claim(each)
    published = {each.delivery_id: each for each in world.store.fill(Lane.DELIVERIES, window=world.window)}

    assert other in published
    assert (len(published), published[other].yields) == (2, False)


def test_one_that_was_claimed_first_since_others_yield_is_no_evidence_that_their_messages_are_lost(world, reminders):
    ids = [reminders["publish"]() for _ in range(UNYIELDING + 1)]
    world.advance(6)
    later = reminders["publish"](tenant="other")
    world.claim(later)
    republished = [each.delivery_id for each in world.store.republish(Lane.DELIVERIES, queue_empty=False)]

    assert republished == ids[:UNYIELDING]


def test_one_that_yields_is_proved_lost_by_a_later_one_that_yields(world, reminders):
    first = [reminders["publish"]() for _ in range(UNYIELDING + 1)][-1]
    world.advance(6)
    second = reminders["publish"]()
    world.claim(second)
    republished = [each.delivery_id for each in world.store.republish(Lane.DELIVERIES, queue_empty=False)]

    assert republished == [first]


def test_those_that_wait_for_an_endpoint_never_fill_more_than_the_window(world, reminders):
    """Cap beyond the window: what is let go stands in ready, holding its slot, and goes by its tenant's turn."""
    world.change(max_in_flight=1)
    ids = [reminders["publish"]() for _ in range(200)]
    world.change(max_in_flight=1000)
    full = world.store.client.zcard("published:deliveries")
    other = reminders["publish"](tenant="other")
    world.claim(ids[0])
    published = [each.delivery_id for each in world.store.fill(Lane.DELIVERIES, window=world.window + 1)]

    assert (full, other in published) == (world.window, True)
    assert world.store.client.zcard("in_flight:ep_1") == world.health().effective_cap == 61
    assert world.health().waiting == 139


def test_what_was_let_go_with_a_full_window_is_all_published_in_the_end_and_once(world, reminders):
    world.change(max_in_flight=1)
    ids = [reminders["publish"]() for _ in range(150)]
    world.change(max_in_flight=120)
    done = []
    while len(done) < 150:
        for each in ids:
            if world.store.places(each) == ["published:deliveries"]:
                world.attempt(each)
                done.append(each)
        world.stage()

    assert sorted(done) == sorted(ids)


def test_a_slot_that_ran_out_in_ready_is_asked_for_anew(world, reminders):
    world.change(max_in_flight=1)
    ids = [reminders["publish"]() for _ in range(100)]
    world.change(max_in_flight=60)
    standing = [each for each in ids if world.store.places(each) == ["ready:deliveries:fresh"]]
    world.advance(61)
    world.stage()
    for each in ids:
        if world.store.places(each) == ["published:deliveries"]:
            world.claim(each)
    world.stage()
    claimed = world.store.client.zcard("claimed")

    assert len(standing) == 10
    assert claimed <= 60


def test_what_an_endpoint_lets_go_takes_no_room_from_those_that_stand_in_ready(world, reminders):
    world.change(max_in_flight=1)
    ids = [reminders["publish"]() for _ in range(200)]
    world.change(max_in_flight=1000)
    other = reminders["publish"](tenant="other")
    for each in ids[:5]:
        world.attempt(each)
    published = [each.delivery_id for each in world.store.fill(Lane.DELIVERIES, window=world.window)]

    assert other in published
    assert len(published) == 5
