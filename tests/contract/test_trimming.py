"""What has expired leaves the indexes in bounded steps, and nothing else does."""

from tests.contract.conftest import RETENTION_SECONDS


def trimmed(world):
    """How many steps it took until the job was done."""
    assert world.store.begin_trim()
    steps = 0
    while world.store.client.zscore("due", "job:trim") is not None:
        world.store.run_job("trim")
        steps += 1
    return steps


def expire(world):
    """The retention is over: what has an expiry is gone, and the clock says so."""
    client = world.store.client
    for key in client.scan_iter(count=1000):
        if client.pttl(key) > 0:
            client.delete(key)
    world.advance(RETENTION_SECONDS + 1)


def entries(world, *indexes):
    return [world.store.client.zcard(each) for each in indexes]


ALL = (
    "events:default",
    "index:tenant:default:all",
    "index:tenant:default:delivered",
    "index:endpoint:ep_1:all",
    "index:endpoint:ep_1:delivered",
)


def test_expired_deliveries_and_events_leave_every_index(world):
    world.endpoint()
    for _ in range(5):
        world.attempt(world.publish())
    before = entries(world, *ALL)
    expire(world)
    trimmed(world)

    assert (before, entries(world, *ALL)) == ([5] * 5, [0] * 5)


def test_what_is_kept_stays_however_old_it_is(world):
    """One is unfinished, one was replayed and is not finished again, one has finished late."""
    world.endpoint(max_in_flight=20)
    world.warm_up(5)
    old = [world.publish() for _ in range(3)]
    world.attempt(old[1])
    world.advance(RETENTION_SECONDS + 1)
    world.attempt(old[2])
    world.store.replay(old[1])
    trimmed(world)

    assert entries(world, "index:tenant:default:unfinished", "events:default") == [2, 8]
    assert world.store.client.zscore("index:tenant:default:delivered", old[2]) is not None


def test_a_step_looks_at_a_bounded_number_and_many_steps_reach_all_tenants(world):
    for tenant in ("default", "other", "third"):
        world.endpoint(f"ep_{tenant}", tenant=tenant, max_in_flight=1000)
        for _ in range(250):
            world.attempt(world.publish(endpoint_id=f"ep_{tenant}", tenant=tenant))
    expire(world)
    steps = trimmed(world)

    assert steps >= 1500 // 200
    assert entries(world, "events:default", "events:other", "events:third") == [0, 0, 0]
    assert int(world.store.hash("job", "trim")["done"]) == 1500


def test_trimming_that_is_under_way_is_not_begun_again(world):
    world.endpoint()

    assert (world.store.begin_trim(), world.store.begin_trim()) == (True, False)


def test_a_tenant_without_anything_left_is_forgotten_and_one_with_an_endpoint_is_not(world):
    world.endpoint("ep_1")
    world.endpoint("ep_2", tenant="other")
    for endpoint_id, tenant in (("ep_1", "default"), ("ep_2", "other")):
        world.attempt(world.publish(endpoint_id=endpoint_id, tenant=tenant))
    world.store.delete_endpoint("ep_2")
    world.stage()
    expire(world)
    trimmed(world)

    assert world.store.client.smembers("tenants") == {b"default"}


def test_a_deleted_endpoint_is_remembered_as_long_as_its_deliveries(world):
    world.endpoint()
    world.attempt(world.publish())
    world.store.delete_endpoint("ep_1")
    world.stage()
    trimmed(world)
    remembered = world.store.client.exists("endpoint:ep_1")
    expire(world)
    trimmed(world)

    assert (remembered, world.store.client.exists("endpoint:ep_1")) == (1, 0)


def test_a_deleted_endpoint_without_deliveries_expires_by_itself(world):
    world.endpoint()
    world.store.delete_endpoint("ep_1")
    world.stage()

    assert 0 < world.store.client.pttl("endpoint:ep_1") <= RETENTION_SECONDS * 1000
