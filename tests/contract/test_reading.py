"""Lists, replay, cancel, endpoints and retention."""

from datetime import timedelta

import pytest

from webhooks.adapters.encryption import Cipher, WrongKey
from webhooks.adapters.redis_store import RedisStore
from webhooks.errors import Conflict, InvalidRequest, NotFound, Unavailable
from webhooks.model import SigningSecret, Status
from webhooks.queries import DeliveryQuery, EventQuery


def walk(world, between=lambda: None, **filters):
    pages, cursor = [], None
    while True:
        page = world.store.list_deliveries(DeliveryQuery(tenant="default", cursor=cursor, **filters))
        pages.append([delivery.id for delivery in page.items])
        if page.next is None:
            return pages
        cursor = page.next
        between()


def test_following_the_cursor_returns_every_original_once_while_new_ones_arrive(world):
    """Case 107."""
    world.endpoint()
    original = [world.publish() for _ in range(120)]
    pages = walk(world, between=lambda: [world.publish() for _ in range(3)], limit=25)

    assert [len(page) for page in pages] == [25, 25, 25, 25, 20]
    assert [each for page in pages for each in page] == original[::-1]


@pytest.mark.parametrize("filters", [{"endpoint_id": "ep_1"}, {"statuses": frozenset({Status.PENDING})}])
def test_endpoint_and_status_lists_have_full_pages_too(world, filters):
    world.endpoint()
    for _ in range(30):
        world.publish()
    pages = walk(world, limit=10, **filters)

    assert [len(page) for page in pages] == [10, 10, 10]


def test_other_filters_are_applied_while_reading(world):
    world.endpoint()
    world.publish(event_type="other.type")
    wanted = [world.publish(event_type="invoice.paid") for _ in range(3)]
    for _ in range(3):
        world.publish(event_type="other.type")

    assert walk(world, event_type="invoice.paid", limit=50) == [wanted[::-1]]
    assert walk(world, event_id=wanted[0].partition(":")[0], limit=50) == [[wanted[0]]]


def test_since_is_included_and_until_is_not(world):
    world.endpoint()
    first = world.publish()
    world.advance(10)
    second = world.publish()
    at = world.store.delivery(second).created_at

    assert walk(world, since=at, limit=50) == [[second]]
    assert walk(world, until=at, limit=50) == [[first]]


@pytest.mark.parametrize("cursor", ["", "%%%", "AAAA", "é"])
def test_a_cursor_that_is_none_of_ours_is_refused(world, cursor):
    with pytest.raises(InvalidRequest) as refused:
        world.store.list_deliveries(DeliveryQuery(tenant="default", cursor=cursor))

    assert set(refused.value.errors) == {"cursor"}


def test_a_cursor_from_other_filters_is_refused(world):
    world.endpoint()
    for _ in range(3):
        world.publish()
    cursor = world.store.list_deliveries(DeliveryQuery(tenant="default", limit=1)).next

    with pytest.raises(InvalidRequest, match="other filters"):
        world.store.list_deliveries(DeliveryQuery(tenant="default", endpoint_id="ep_1", limit=1, cursor=cursor))


def test_events_are_listed_newest_first_by_type(world):
    world.endpoint()
    for n in range(5):
        world.publish(event_type="a.b" if n % 2 else "c.d")
    first = world.store.list_events(EventQuery(tenant="default", limit=3))
    rest = world.store.list_events(EventQuery(tenant="default", limit=3, cursor=first.next))

    assert [event.id for event in (*first.items, *rest.items)] == ["evt_5", "evt_4", "evt_3", "evt_2", "evt_1"]
    assert [event.id for event in world.store.list_events(EventQuery(tenant="default", event_type="a.b")).items] == [
        "evt_4",
        "evt_2",
    ]


def test_a_page_examines_so_many_entries_and_goes_on(world, monkeypatch):
    monkeypatch.setattr("webhooks.adapters.pages.MOST_EXAMINED", 40)
    world.endpoint()
    wanted = world.publish(event_type="rare.one")
    for _ in range(60):
        world.publish()
    pages = walk(world, event_type="rare.one", limit=20)

    assert [each for page in pages for each in page] == [wanted]
    assert pages[0] == []


def test_only_a_finished_delivery_can_be_replayed_and_only_to_an_endpoint_that_runs(world):
    """Case 113."""
    world.endpoint()
    delivery = world.publish()
    with pytest.raises(Conflict, match="not finished"):
        world.store.replay(delivery)
    world.attempt(delivery)
    world.change(enabled=False)
    with pytest.raises(Conflict, match="disabled"):
        world.store.replay(delivery)
    world.change(enabled=True)
    replayed, reminders = world.store.replay(delivery)
    with pytest.raises(Conflict):
        world.store.replay(delivery)

    assert (replayed.status, [each.attempt for each in reminders]) == (Status.PENDING, [2])
    with pytest.raises(NotFound):
        world.store.replay("evt_x:ep_x")


def test_a_skipped_delivery_can_be_replayed_once_its_endpoint_is_enabled(world):
    world.endpoint(enabled=False)
    world.accept(world.event("evt_1"), [("ep_1", False)])
    world.change(enabled=True)
    world.store.replay("evt_1:ep_1")

    assert world.attempt("evt_1:ep_1").status is Status.DELIVERED


def test_a_cancel_is_at_once_while_waiting_and_at_the_end_of_the_attempt_while_sending(world):
    world.endpoint(max_in_flight=5)
    world.warm_up(3)
    waiting, sending = world.publish(), world.publish()
    world.claim(sending)
    cancelled, _ = world.store.cancel(waiting)
    asked, _ = world.store.cancel(sending)
    settled = world.settle(sending, 500)

    assert (cancelled.status, cancelled.reason) == (Status.CANCELLED, "by_request")
    assert (asked.status, settled.status, settled.reason) == (Status.SENDING, Status.CANCELLED, "by_request")
    with pytest.raises(Conflict):
        world.store.cancel(waiting)


def test_a_2xx_after_a_cancel_was_asked_delivers(world):
    world.endpoint()
    delivery = world.publish()
    world.claim(delivery)
    world.store.cancel(delivery)

    assert world.settle(delivery, 200).status is Status.DELIVERED


def test_an_attempt_in_flight_when_its_endpoint_is_deleted_finishes_and_is_recorded(world):
    """Case 116."""
    world.endpoint(max_in_flight=5)
    world.warm_up(3)
    good, bad = world.publish(), world.publish()
    world.claim(good)
    world.claim(bad)
    first, second = world.store.delete_endpoint("ep_1"), world.store.delete_endpoint("ep_1")

    assert (first, second, world.store.endpoint("ep_1")) == (True, False, None)
    assert (world.settle(good, 200).status, world.settle(bad, 500).reason) == (Status.DELIVERED, "endpoint_deleted")
    assert len(world.store.attempts(bad)) == 1


def test_what_waits_for_a_stopped_endpoint_is_cancelled_in_bounded_steps(world):
    world.endpoint()
    ids = [world.publish() for _ in range(450)]
    world.change(enabled=False)
    seen = {world.store.delivery(each).status for each in ids}
    for _ in range(4):
        world.stage()
    stored = {world.store.hash("delivery", each)["status"] for each in ids}

    assert (seen, stored) == ({Status.CANCELLED}, {"cancelled"})
    assert world.store.client.zcard("index:endpoint:ep_1:unfinished") == 0


def test_a_tombstone_keeps_no_secret(world):
    world.endpoint(secrets=(SigningSecret(text="whsec_x"),), headers={"Authorization": "Bearer x"})
    world.store.delete_endpoint("ep_1")

    assert set(world.store.hash("endpoint", "ep_1")) <= {
        "id",
        "tenant",
        "host",
        "deleted",
        "cut_us",
        "cut_reason",
        "revision",
    }


def test_changes_at_the_same_time_lose_nothing(world):
    world.endpoint()
    calls = []

    def change(endpoint):
        calls.append(1)
        if len(calls) == 1:
            world.change(description="other")
        return type(endpoint)(
            **{**{f: getattr(endpoint, f) for f in endpoint.__dataclass_fields__}, "max_in_flight": 3}
        )

    changed = world.store.change_endpoint("ep_1", change)

    assert (changed.description, changed.max_in_flight, len(calls)) == ("other", 3, 2)
    with pytest.raises(NotFound):
        world.change("ep_x")


def test_each_write_advances_the_tenants_version_alone(world):
    world.endpoint()
    before = world.store.endpoints_version("default"), world.store.endpoints_version("other")
    world.change(description="x")
    world.store.delete_endpoint("ep_1")

    assert (world.store.endpoints_version("default"), world.store.endpoints_version("other")) == (before[0] + 2, 0)


def test_secrets_are_encrypted_and_a_wrong_key_is_told_apart(world, valkey):
    world.endpoint(secrets=(SigningSecret(text="whsec_clear"),), headers={"X-Api-Key": "HUSH"})
    raw = b"".join(world.store.client.hgetall("endpoint:ep_1").values())
    other = RedisStore.from_url(
        f"redis://127.0.0.1:{valkey.port}/0", cipher=Cipher(["kQ8yqkZ6m2X8V2kqk7m3kz0cTq1m0u0m5dD3bT4oXhE="])
    )

    assert b"whsec_clear" not in raw
    assert b"HUSH" not in raw
    with pytest.raises(WrongKey, match="HOOKLINE_SECRET_KEY"):
        other.endpoint("ep_1")


def test_lists_skip_what_is_gone(world):
    world.endpoint()
    kept, gone = world.publish(), world.publish()
    world.store.client.delete(f"delivery:{gone}")

    assert walk(world, limit=50) == [[kept]]


def test_a_store_that_does_not_answer_is_unavailable_within_two_seconds():
    store = RedisStore.from_url(
        "redis://127.0.0.1:1/0", cipher=Cipher(["kQ8yqkZ6m2X8V2kqk7m3kz0cTq1m0u0m5dD3bT4oXhE="])
    )

    with pytest.raises(Unavailable, match="does not answer"):
        store.endpoints("default")


def test_after_a_script_flush_everything_goes_on(world):
    world.endpoint()
    world.store.client.script_flush()

    assert world.attempt(world.publish()).status is Status.DELIVERED


def test_a_full_memory_refuses_whole_and_writes_nothing(world):
    world.endpoint()
    delivery = world.publish()
    before = world.store.client.dbsize()
    world.store.client.config_set("maxmemory", 1)
    try:
        with pytest.raises(Unavailable):
            world.accept(world.event("evt_full"))
        with pytest.raises(Unavailable):
            world.claim(delivery)
    finally:
        world.store.client.config_set("maxmemory", 0)

    assert (world.store.client.dbsize(), world.store.places(delivery)) == (before, ["published:deliveries"])


def test_the_clock_is_the_servers_and_a_due_time_is_never_judged_by_ours(world):
    world.endpoint()
    delivery = world.publish()
    world.attempt(delivery, 500, schedule=(100.0,))
    world.advance(-3600)
    early = world.stage()
    world.advance(3600 + timedelta(seconds=101).total_seconds())

    assert (early, world.stage()) == ([], [delivery])


def test_marks_and_canaries_are_ages_by_the_servers_clock(world):
    from webhooks.model import Lane

    nothing = world.store.vitals()
    world.store.mark_stager()
    world.store.mark_canary(Lane.HANDLERS)
    world.advance(7)
    vitals = world.store.vitals()

    assert (nothing.stager_age, nothing.canary_ages[Lane.HANDLERS]) == (None, None)
    assert 7 <= vitals.stager_age < 9
    assert 7 <= vitals.canary_ages[Lane.HANDLERS] < 9
    assert vitals.canary_ages[Lane.DELIVERIES] is None


def test_one_of_many_publishes_the_canary(world):
    from webhooks.model import Lane

    assert [world.store.canary_due(Lane.DELIVERIES, every_seconds=10) for _ in range(5)] == [True] + [False] * 4


def test_the_time_of_acceptance_and_that_of_the_attempt_are_kept_apart(world):
    """Case 106: the queue stood still for ten minutes."""
    world.endpoint()
    delivery = world.publish()
    world.advance(600)
    world.attempt(delivery)
    seen = world.store.delivery(delivery)

    assert timedelta(minutes=10) <= seen.finished_at - seen.created_at < timedelta(minutes=11)
