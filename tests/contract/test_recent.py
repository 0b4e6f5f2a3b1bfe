from webhooks.model import ErrorCode, Verdict


def came(world, endpoint_id="ep_1"):
    [recent] = world.store.recent([endpoint_id])
    return [each.came for each in recent]


def test_the_latest_outcomes_stand_in_their_order(world):
    world.endpoint()
    for status in (200, 503, 200):
        world.attempt(world.publish(), status)
    world.attempt(world.publish(), error=ErrorCode.TIMEOUT)

    assert came(world) == ["200", "503", "200", "timeout"]
    [[*_, last]] = world.store.recent(["ep_1"])
    assert last.verdict is Verdict.FAILED


def test_forty_are_kept(world):
    world.endpoint()
    for number in range(45):
        world.attempt(world.publish(), 200 if number % 2 else 503)

    assert len(came(world)) == 40


def test_an_endpoint_without_attempts_has_none(world):
    assert world.store.recent(["ep_1", "ep_2"]) == [(), ()]
    assert world.store.recent([]) == []


def test_a_test_send_leaves_no_trace(world):
    world.endpoint()
    world.attempt(world.publish(trigger="test"), 503)

    assert came(world) == []
    assert world.store.failing(limit=5) == []


def test_failing_are_those_without_a_success_since_the_longest_first(world):
    for name in ("ep_1", "ep_2", "ep_3"):
        world.endpoint(name)
        world.attempt(world.publish(endpoint_id=name), 503)
        world.advance(1)
    world.attempt(world.publish(endpoint_id="ep_2"), 200)

    assert world.store.failing(limit=5) == ["ep_1", "ep_3"]
    assert world.store.failing(limit=1) == ["ep_1"]


def test_a_deleted_endpoint_fails_no_more(world):
    world.endpoint()
    world.attempt(world.publish(), 503)
    world.store.delete_endpoint("ep_1")

    assert world.store.failing(limit=5) == []
    assert came(world) == []


def test_an_endpoint_that_is_enabled_again_fails_no_more_until_it_does(world):
    world.endpoint()
    world.attempt(world.publish(), 503)
    world.change(enabled=False)
    stopped = world.store.failing(limit=5)
    world.change(enabled=True)
    enabled = world.store.failing(limit=5)
    world.attempt(world.publish(), 503)

    assert (stopped, enabled, world.store.failing(limit=5)) == (["ep_1"], [], ["ep_1"])


def test_the_slowest_are_those_of_the_last_two_hours(world):
    for name in ("ep_1", "ep_2"):
        world.endpoint(name)
    world.attempt(world.publish(endpoint_id="ep_1"), 200)
    world.advance(3600)
    world.attempt(world.publish(endpoint_id="ep_2"), 200)

    assert set(world.store.slowest(limit=5)) == {"ep_1", "ep_2"}
    world.advance(3600)
    assert world.store.slowest(limit=5) == ["ep_2"]
