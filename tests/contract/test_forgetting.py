"""What goes: finished events in their time, erased payloads, deleted tenants; all of it in bounded steps."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.contract.conftest import RETENTION_SECONDS
from webhooks.adapters import redis_staging
from webhooks.api_keys import Scope, digest_of, new_key
from webhooks.auditing import AuditEntry
from webhooks.errors import Conflict, NotFound
from webhooks.intake import Intake
from webhooks.model import Status
from webhooks.operator_answers import Retention, TenantQuery
from webhooks.queries import DeliveryQuery, EventQuery


def run_jobs(world, most=200):
    """Stager's looks until none of them finds a job that is due; how many there were."""
    for looks in range(most):
        staged = world.store.stage()
        for job in staged.jobs:
            if job != "notices":
                world.store.run_job(job)
        if not [job for job in staged.jobs if job != "notices"]:
            return looks
    raise AssertionError("the jobs never end")


def everything(store):
    """Every key, and every member of those that hold ids, as one text."""
    names = store.client.keys("*")
    members = [store.client.zrange(name, 0, -1) for name in names if store.client.type(name) == b"zset"]
    hashes = [store.client.hgetall(name) for name in names if store.client.type(name) == b"hash"]
    return repr((names, members, hashes))


def test_a_finished_event_goes_with_all_that_hangs_on_it_and_an_unfinished_one_stays(world):
    """Case 114."""
    world.endpoint("ep_1")
    world.endpoint("ep_2")
    for number in range(30):
        world.accept(world.event(f"evt_old{number}"), [("ep_1", True), ("ep_2", True)])
        world.attempt(f"evt_old{number}:ep_1")
        world.attempt(f"evt_old{number}:ep_2", 410 if number == 29 else 200)
    world.change("ep_2", enabled=True)
    kept = world.publish(endpoint_id="ep_2")
    half = world.event("evt_half")
    world.accept(half, [("ep_1", True), ("ep_2", True)])
    world.attempt("evt_half:ep_1")
    world.advance(RETENTION_SECONDS + 1)
    run_jobs(world)

    assert "evt_old" not in everything(world.store)
    listed = [each.id for each in world.store.list_deliveries(DeliveryQuery(tenant="default")).items]
    assert set(listed) == {kept, "evt_half:ep_1", "evt_half:ep_2"}
    assert world.store.client.zcard("index:tenant:default:all") == 3
    assert world.store.client.zcard("index:tenant:default:delivered") == 1


def test_it_goes_so_long_after_its_last_delivery_was_final_and_not_before(world):
    world.endpoint()
    delivery = world.publish()
    world.advance(1800)
    world.attempt(delivery)

    world.advance(RETENTION_SECONDS - 2)
    run_jobs(world)
    assert world.store.delivery(delivery) is not None

    world.advance(3)
    run_jobs(world)
    assert world.store.delivery(delivery) is None


def test_a_replay_keeps_the_event(world):
    world.endpoint()
    delivery = world.publish()
    world.attempt(delivery)
    world.store.replay(delivery)

    world.advance(10 * RETENTION_SECONDS)
    run_jobs(world)

    assert world.store.delivery(delivery).status is Status.PENDING
    world.attempt(delivery)
    world.advance(RETENTION_SECONDS + 1)
    run_jobs(world)
    assert world.store.delivery(delivery) is None


def test_nothing_polls_for_what_will_expire(world):
    """The job stands in due at the time of the first one."""
    world.endpoint()
    world.attempt(world.publish())

    assert RETENTION_SECONDS - 5 < world.store.glance().next_due_seconds <= RETENTION_SECONDS


def test_a_job_that_was_lost_is_begun_again_on_demand(world):
    world.endpoint()
    assert world.store.begin_trim() is False
    delivery = world.publish()
    world.attempt(delivery)
    world.store.client.zrem("due", "job:trim")
    world.advance(RETENTION_SECONDS + 1)

    assert world.store.begin_trim() is True
    run_jobs(world)
    assert world.store.delivery(delivery) is None


def test_an_event_may_be_accepted_with_a_retention_of_its_own(world):
    world.endpoint()
    world.store.keep_for("default", Retention(seconds=10_000))
    world.accept(replace(world.event("evt_1"), retention_seconds=60.0))
    world.attempt("evt_1:ep_1")
    world.advance(61)
    run_jobs(world)

    assert world.store.event("default", "evt_1") is None


def test_a_tenant_and_an_event_type_have_retentions_of_their_own(world):
    world.endpoint("ep_1")
    world.endpoint("ep_2", tenant="acme")
    world.store.keep_for("acme", Retention(seconds=100, by_type={"long.kept": 9000}))
    usual = world.publish()
    short = world.publish(endpoint_id="ep_2", tenant="acme")
    long = world.publish(endpoint_id="ep_2", tenant="acme", event_type="long.kept")
    for delivery in (usual, short, long):
        world.attempt(delivery)

    def left():
        run_jobs(world)
        return [each for each in (usual, short, long) if world.store.delivery(each)]

    world.advance(99)
    assert left() == [usual, short, long]
    world.advance(2)
    assert left() == [usual, long]
    world.advance(RETENTION_SECONDS)
    assert left() == [long]
    world.advance(9000)
    assert left() == []


def test_a_retention_is_taken_back_with_all_its_parts(world):
    world.store.keep_for("acme", Retention(seconds=100, by_type={"a.b": 200}))
    assert world.store.tenant("acme").retention == Retention(seconds=100, by_type={"a.b": 200})

    world.store.keep_for("acme", Retention())

    assert world.store.tenant("acme") is None
    assert not world.store.client.exists("tenant:acme")


def test_each_step_is_bounded_and_many_deliveries_of_one_event_go_piece_by_piece(world, monkeypatch):
    monkeypatch.setattr(redis_staging, "JOB_STEP", 10)
    names = [f"ep_{number}" for number in range(25)]
    for name in names:
        world.endpoint(name)
    world.accept(world.event("evt_wide"), [(name, True) for name in names])
    for name in names:
        world.attempt(f"evt_wide:{name}")
    world.advance(RETENTION_SECONDS + 1)
    sizes = []
    while world.store.event("default", "evt_wide"):
        world.store.stage()
        world.store.run_job("trim")
        sizes.append(len(world.store.client.keys("delivery:evt_wide:*")))

    assert sizes == [15, 5, 0]


def test_a_tombstone_goes_with_the_last_delivery_and_without_any_there_is_none(world):
    world.endpoint("ep_1")
    world.endpoint("ep_2")
    delivery = world.publish()
    world.attempt(delivery)
    world.store.delete_endpoint("ep_1")
    world.store.delete_endpoint("ep_2")
    run_jobs(world)

    assert world.store.client.exists("endpoint:ep_1") == 1
    assert world.store.client.exists("endpoint:ep_2") == 0
    world.advance(RETENTION_SECONDS + 1)
    run_jobs(world)
    assert not [name for name in world.store.client.keys("*") if b"ep_1" in name]


def test_the_idempotency_key_goes_with_its_event(world):
    world.endpoint()
    world.accept(world.event("evt_1"), idempotency_key="once")
    world.attempt("evt_1:ep_1")
    world.advance(RETENTION_SECONDS + 1)

    run_jobs(world)

    assert not world.store.client.exists("idempotency:default:once")


# --- erasing a payload


def test_an_erased_payload_is_gone_and_what_became_of_the_event_stays(world):
    world.endpoint()
    delivery = world.publish(event_id="evt_1")
    world.attempt(delivery)

    world.store.erase_payload("default", "evt_1")
    world.store.erase_payload("default", "evt_1")

    event = world.store.event("default", "evt_1")
    assert (event.body, event.payload_erased_at is None) == (b"", False)
    assert world.store.delivery(delivery).status is Status.DELIVERED
    assert not world.store.client.exists("body:default:evt_1")
    with pytest.raises(Conflict, match="payload erased"):
        world.store.replay(delivery)
    assert world.accept(world.event("evt_1"), call="again").verdict == "duplicate"


def test_a_waiting_delivery_is_cancelled_and_one_under_way_ends_with_its_attempt(world):
    for name in ("ep_1", "ep_2", "ep_3", "ep_4"):
        world.endpoint(name)
    world.accept(world.event("evt_1"), [(f"ep_{number}", True) for number in (1, 2, 3, 4)])
    world.attempt("evt_1:ep_1", 500, schedule=(3600.0,))
    world.claim("evt_1:ep_2")
    world.claim("evt_1:ep_3")

    world.store.erase_payload("default", "evt_1")
    run_jobs(world)
    good, bad = world.settle("evt_1:ep_2", 200), world.settle("evt_1:ep_3", 500)

    ends = {each: world.store.delivery(f"evt_1:{each}") for each in ("ep_1", "ep_2", "ep_3", "ep_4")}
    assert (good.status, bad.status) == (Status.DELIVERED, Status.CANCELLED)
    assert [ends[name].reason for name in ("ep_1", "ep_3", "ep_4")] == ["payload_erased"] * 3


def test_between_the_erasure_and_the_job_nothing_is_sent(world):
    world.endpoint()
    delivery = world.publish(event_id="evt_1")

    world.store.erase_payload("default", "evt_1")

    assert world.claim(delivery, number=1) == "cancelled"
    run_jobs(world)
    assert world.store.delivery(delivery).reason == "payload_erased"


def test_many_waiting_deliveries_are_cancelled_in_bounded_steps(world, monkeypatch):
    monkeypatch.setattr(redis_staging, "JOB_STEP", 10)
    names = [f"ep_{number}" for number in range(25)]
    for name in names:
        world.endpoint(name)
    world.accept(world.event("evt_1"), [(name, True) for name in names])
    world.store.erase_payload("default", "evt_1")
    left = []
    for _ in range(3):
        world.store.stage()
        world.store.run_job("cancel_event:default:evt_1")
        left.append(world.store.client.zcard("index:tenant:default:unfinished"))

    assert left == [15, 5, 0]


def test_an_unknown_event_has_no_payload(world):
    with pytest.raises(NotFound):
        world.store.erase_payload("default", "evt_none")


# --- deleting a tenant


@pytest.fixture
def two_tenants(world):
    """Two tenants that have one of everything."""
    for tenant in ("acme", "other"):
        for number in (1, 2, 3):
            world.endpoint(f"ep_{tenant}{number}", tenant=tenant, ordered=number == 3, max_in_flight=1)
        world.store.delete_endpoint(f"ep_{tenant}2")
        for number in range(4):
            event = world.event(f"evt_{tenant}{number}", tenant=tenant, key="line")
            world.accept(
                event, [(f"ep_{tenant}1", True), (f"ep_{tenant}3", True)], idempotency_key=f"once-{tenant}{number}"
            )
        skipped = world.event(f"evt_{tenant}skipped", tenant=tenant)
        world.accept(skipped, [(f"ep_{tenant}1", False)])
        world.attempt(f"evt_{tenant}0:ep_{tenant}1", 500, schedule=(3600.0,))
        world.claim(f"evt_{tenant}0:ep_{tenant}3")
        key, text = new_key(
            f"{tenant}'s",
            tenant=tenant,
            scopes=[Scope.READ],
            now=datetime.now(UTC),
            random_bytes=lambda size, tenant=tenant: tenant[0].encode() * size,
        )
        world.store.add_api_key(key, digest=digest_of(text))
        world.store.record(
            AuditEntry(action="a", target="t", tenant=tenant, key_id=None, key_name="k", request_id="r"),
            keep_seconds=1000,
        )
        world.store.keep_for(tenant, Retention(seconds=100))
    return world


def delete_all(world, tenant):
    deletion = world.store.start_deletion(tenant)
    run_jobs(world)
    world.ids = [each for each in world.ids if f"evt_{tenant}" not in each]
    return deletion


def test_everything_of_a_deleted_tenant_is_gone_and_nothing_of_another(two_tenants):
    world = two_tenants
    before = {name for name in world.store.client.keys("*") if b"other" in name}
    deletion = delete_all(world, "acme")

    world.store.client.delete("job:delete_tenant:acme", "notices")
    assert (deletion.state, deletion.done, deletion.total) == ("running", 0, 8)
    left = everything(world.store)
    for trace in ("acme", digest_of("hl_" + "YWFh" * 10 + "YWE")):
        assert trace not in left
    assert {name for name in world.store.client.keys("*") if b"other" in name} == before
    assert world.store.client.get("waiting_count") is not None
    assert world.store.tenant("other").events_count == 5
    assert world.store.tenant("acme") is None


def test_its_progress_is_shown_and_kept_for_a_day(two_tenants, monkeypatch):
    monkeypatch.setattr(redis_staging, "JOB_STEP", 3)
    world = two_tenants
    world.store.start_deletion("acme")
    seen = []
    while not seen or seen[-1].state == "running":
        world.store.stage()
        world.store.run_job("delete_tenant:acme")
        seen.append(world.store.deletion("acme"))
    world.ids = [each for each in world.ids if "acme" not in each]

    assert len(seen) > 3
    assert [each.done for each in seen] == sorted(each.done for each in seen)
    assert (seen[-1].done, seen[-1].total, seen[-1].finished_at is None) == (8, 8, False)
    assert 86_000 < world.store.client.ttl("job:delete_tenant:acme") <= 86_400


def test_an_attempt_under_way_ends_harmlessly(two_tenants):
    world = two_tenants
    delete_all(world, "acme")

    settled = world.settle("evt_acme0:ep_acme3", 200)

    assert settled.won is False
    assert "evt_acme0" not in everything(world.store)


def test_while_it_runs_nothing_is_made_for_the_tenant(two_tenants):
    world = two_tenants
    intake = Intake(world.store, queue=None)
    intake.offer(world.event(tenant="acme", event_type="nobody.asked"))
    world.store.start_deletion("acme")

    with pytest.raises(Conflict, match="being deleted"):
        world.endpoint("ep_late", tenant="acme")
    for _ in range(2):  # neither with what is remembered of its endpoints nor with what is read anew
        assert intake.accept(world.event("evt_late", tenant="acme")).verdict == "deleting"
    run_jobs(world)
    world.ids = [each for each in world.ids if "acme" not in each]


def test_asking_twice_deletes_once(two_tenants):
    first = two_tenants.store.start_deletion("acme")

    assert two_tenants.store.start_deletion("acme") == first
    delete_all(two_tenants, "acme")
    with pytest.raises(NotFound):
        two_tenants.store.start_deletion("acme")


def test_a_tenant_that_comes_again_is_a_new_one_for_every_process(two_tenants):
    """Who remembers the old endpoints must not take them for the new ones."""
    old = two_tenants.store.endpoints_version("acme")
    delete_all(two_tenants, "acme")
    assert two_tenants.store.endpoints_version("acme") == 0

    for number in range(3):
        two_tenants.endpoint(f"ep_new{number}", tenant="acme")
        assert two_tenants.store.endpoints_version("acme") > old


def test_a_fan_out_that_is_under_way_stops(world, monkeypatch):
    monkeypatch.setattr("webhooks.adapters.redis_events.INLINE_DELIVERIES", 2)
    names = [f"ep_acme{number}" for number in range(6)]
    for name in names:
        world.endpoint(name, tenant="acme")
    world.accept(world.event("evt_acme", tenant="acme"), [(name, True) for name in names])

    delete_all(world, "acme")

    world.store.client.delete("job:delete_tenant:acme")
    assert "acme" not in everything(world.store)


def test_tenants_are_listed_by_name_with_their_counts_and_without_sources(world):
    for name in ("b", "c", "a", "in.default", "d"):
        world.endpoint(f"ep_{name[-1]}", tenant=name)
    world.attempt(world.publish(endpoint_id="ep_a", tenant="a"))
    world.publish(endpoint_id="ep_a", tenant="a")

    first = world.store.list_tenants(TenantQuery(limit=3))
    rest = world.store.list_tenants(TenantQuery(limit=3, cursor=first.next))

    assert [each.id for each in (*first.items, *rest.items)] == ["a", "b", "c", "d"]
    assert rest.next is None
    counted = first.items[0]
    assert (counted.endpoints_count, counted.events_count) == (1, 2)
    assert (counted.unfinished_count, counted.delivered_count, counted.failed_count) == (1, 1, 0)


def test_a_tenant_whose_last_event_went_is_listed_no_more(world):
    world.accept(world.event("evt_1", tenant="acme"), [])
    assert world.store.tenant("acme") is not None

    world.advance(RETENTION_SECONDS + 1)
    run_jobs(world)

    assert world.store.tenant("acme") is None
    assert world.store.list_events(EventQuery(tenant="acme")).items == ()
