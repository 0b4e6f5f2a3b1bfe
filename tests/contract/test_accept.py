"""Acceptance: all or nothing, once however often it is asked."""

import threading

from webhooks.model import Lane, Status


def test_an_event_is_kept_with_its_deliveries_and_the_first_may_go_at_once(world):
    world.endpoint()
    acceptance = world.accept(world.event("evt_1"))
    (reminder,) = acceptance.reminders
    delivery = world.store.delivery("evt_1:ep_1")

    assert (acceptance.verdict, acceptance.event_id) == ("kept", "evt_1")
    assert (reminder.delivery_id, reminder.attempt, reminder.host) == ("evt_1:ep_1", 1, "hooks.test")
    assert (delivery.status, delivery.attempts, delivery.sequence) == (Status.PENDING, 0, 1)
    assert world.store.event("default", "evt_1").body == b'{"type":"a.b","data":{}}'


def test_the_same_call_again_after_a_lost_answer_changes_nothing_and_answers_alike(world):
    world.endpoint()
    event = world.event()
    world.accept(event, call="one")

    assert world.accept(event, call="one").verdict == "kept"
    assert world.store.client.zcard("index:tenant:default:all") == 1


def test_an_id_again_is_a_duplicate_with_the_same_content_and_a_conflict_with_other(world):
    """Case 151."""
    world.endpoint()
    world.accept(world.event("evt_1"))

    assert world.accept(world.event("evt_1"), call="two").verdict == "duplicate"
    assert world.accept(world.event("evt_1", digest="other"), call="three").verdict == "conflict"


def test_two_tenants_may_choose_the_same_id(world):
    world.endpoint("ep_1")
    world.endpoint("ep_2", tenant="other")
    world.accept(world.event("evt_1"))

    assert world.accept(world.event("evt_1", tenant="other"), [("ep_2", True)]).verdict == "kept"


def test_an_idempotency_key_maps_to_the_event_it_made_for_a_day(world):
    world.endpoint()
    world.accept(world.event("evt_1"), idempotency_key="k")
    again = world.accept(world.event("evt_2"), idempotency_key="k")
    other = world.accept(world.event("evt_3", digest="x"), idempotency_key="k")
    given = world.accept(world.event("evt_4"), idempotency_key="k", id_given=True)

    assert (again.verdict, again.event_id) == ("duplicate", "evt_1")
    assert (other.verdict, given.verdict) == ("idempotency_mismatch", "conflict")
    assert 86_000_000 < world.store.client.pttl("idempotency:default:k") <= 86_400_000
    assert world.store.event("default", "evt_2") is None


def test_twenty_in_parallel_under_one_key_make_one_event(world):
    """Case 151."""
    world.endpoint()
    verdicts = []
    events = [world.event(f"evt_{n}") for n in range(20)]
    version = world.store.endpoints_version("default")

    def post(event):
        posting = world.posting(event, [], call=event.id, endpoints_version=version, idempotency_key="k")
        verdicts.append(world.store.accept([posting])[0].verdict)

    threads = [threading.Thread(target=post, args=(event,)) for event in events]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(verdicts) == ["duplicate"] * 19 + ["kept"]


def test_endpoints_that_changed_since_they_were_matched_are_matched_again(world):
    world.endpoint()

    assert world.accept(world.event(), endpoints_version=0).verdict == "stale"
    assert world.store.client.exists("event:default:evt_1") == 0


def test_a_disabled_endpoint_gets_a_skipped_delivery_with_the_reason(world):
    """Case 118."""
    world.endpoint(enabled=False)
    world.accept(world.event("evt_1"), [("ep_1", False)])
    delivery = world.store.delivery("evt_1:ep_1")

    assert (delivery.status, delivery.reason) == (Status.SKIPPED, "endpoint_disabled")
    assert delivery.finished_at is not None
    assert world.store.event("default", "evt_1").skipped_count == 1


def test_beyond_the_window_and_behind_others_of_its_tenant_a_delivery_is_ready_and_not_published(world):
    for n in range(60):
        world.endpoint(f"ep_{n}")
    acceptances = [world.accept(world.event(), [(f"ep_{n}", True)]) for n in range(60)]
    published = [len(acceptance.reminders) for acceptance in acceptances]
    later = world.store.fill(Lane.DELIVERIES, window=60)

    assert published == [1] * 50 + [0] * 10
    assert [each.delivery_id for each in later] == world.ids[50:]


def test_ten_thousand_recipients_fan_out_in_bounded_steps_and_are_counted_exactly(world):
    names = [f"ep_{n}" for n in range(10_000)]
    with world.store.client.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.hset(f"endpoint:{name}", mapping={"tenant": "default", "enabled": "1", "host": "h"})
        pipe.execute()
    acceptance = world.accept(world.event("evt_1"), [(name, name != "ep_7") for name in names])

    def made():
        return world.store.client.zcard("index:tenant:default:all")

    def counted():
        event = world.store.event("default", "evt_1")
        return event.deliveries_count, event.skipped_count

    steps, counts = [made()], [counted()]
    while made() < len(names) and len(steps) < 100:
        world.stage()
        steps.append(made() - sum(steps))
        counts.append(counted())
    world.stage()

    assert (acceptance.verdict, sum(steps)) == ("kept", 10_000)
    assert max(steps) <= 500
    del world.ids[100:]  # for all of them the check of places would take half a minute
    assert set(counts) == {(9999, 1)}
    assert world.store.client.hget("job:fanout:default:evt_1", "state") == b"done"


def test_a_fan_out_whose_stager_died_goes_on_where_it_was(world):
    names = [f"ep_{n}" for n in range(400)]
    for name in names:
        world.store.client.hset(f"endpoint:{name}", mapping={"tenant": "default", "enabled": "1", "host": "h"})
    world.accept(world.event("evt_1"), [(name, True) for name in names])
    assert world.store.stage().jobs == ("fanout:default:evt_1",)
    assert world.store.stage().jobs == ()
    world.advance(31)
    for _ in range(5):
        world.stage()

    assert world.store.client.zcard("index:tenant:default:all") == 400


def test_a_fresh_start_serves_tenants_in_turn(world):
    """A tenant with a backlog delays no other."""
    for tenant in ("big", "small"):
        for n in range(60):
            world.endpoint(f"ep_{tenant}{n}", tenant=tenant)
    for n in range(59):
        world.accept(world.event(tenant="big"), [(f"ep_big{n}", True)])
    world.accept(world.event("evt_small", tenant="small"), [("ep_small0", True)])
    filled = [each.delivery_id for each in world.store.fill(Lane.DELIVERIES, window=53)]

    assert "evt_small:ep_small0" in filled
