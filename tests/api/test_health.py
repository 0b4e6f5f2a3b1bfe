import pytest

from api.health import judge
from webhooks.answers import Vitals
from webhooks.model import Lane

WELL = {"stager_age": 1.0, "canary_ages": {Lane.DELIVERIES: 5.0, Lane.HANDLERS: 5.0}, "oldest_overdue_seconds": 0.2}


def vitals(**changes):
    return Vitals(**{**WELL, **changes})


def canaries(deliveries, handlers):
    return {"canary_ages": {Lane.DELIVERIES: deliveries, Lane.HANDLERS: handlers}}


def test_it_is_ready_when_all_marks_are_fresh():
    readiness = judge(vitals(), broker=True)

    assert readiness.ready
    assert readiness.failed == []


@pytest.mark.parametrize(
    ("changes", "at_fault"),
    [
        (canaries(45.0, 5.0), ["workers"]),
        (canaries(5.0, 45.0), ["workers"]),
        (canaries(None, 5.0), ["workers"]),
        ({"canary_ages": {}}, ["workers"]),
        ({"stager_age": 30.0}, ["stager"]),
        ({"stager_age": None}, ["stager"]),
        ({"oldest_overdue_seconds": 60.0}, ["oldest_due_seconds"]),
    ],
)
def test_it_is_not_ready_when_a_mark_is_old_and_says_which(changes, at_fault):
    """Case 157: one lane that nobody serves is enough."""
    readiness = judge(vitals(**changes), broker=True)

    assert not readiness.ready
    assert readiness.failed == at_fault


@pytest.mark.parametrize("changes", [canaries(44.9, 44.9), {"stager_age": 29.9}, {"oldest_overdue_seconds": 59.9}])
def test_just_within_the_limits_is_ready(changes):
    assert judge(vitals(**changes), broker=True).ready


def test_a_dead_broker_or_store_is_named():
    assert judge(vitals(), broker=False).failed == ["broker"]
    assert judge(None, broker=True).failed == ["redis", "workers", "stager", "oldest_due_seconds"]


def test_live_says_that_the_process_runs_whatever_the_store_does(dead_client):
    answer = dead_client.get("/health/live")

    assert (answer.status_code, answer.json) == (200, {"status": "live"})


def test_ready_is_503_until_workers_were_seen_and_200_then(client, store):
    before = client.get("/health/ready")
    store.mark_stager()
    for lane in Lane:
        store.mark_canary(lane)
    after = client.get("/health/ready")

    assert (before.status_code, before.json["status"]) == (503, "not_ready")
    assert before.headers["Retry-After"]
    assert (after.status_code, after.json["status"]) == (200, "ready")
    assert set(after.json["checks"]) == {"redis", "broker", "workers", "stager", "oldest_due_seconds"}


def test_ready_turns_red_when_the_workers_are_silent(client, store):
    """Case 157."""
    store.mark_stager()
    for lane in Lane:
        store.mark_canary(lane)
    store.client.incrby("clock:offset", 60_000_000)

    answer = client.get("/health/ready")

    assert answer.status_code == 503
    assert not answer.json["checks"]["workers"]["ok"]


def test_ready_tells_of_a_dead_store_instead_of_failing(dead_client):
    answer = dead_client.get("/health/ready")

    assert (answer.status_code, answer.json["checks"]["redis"]) == (503, {"ok": False})


def test_ready_tells_of_a_dead_broker(client_of, wiring):
    answer = client_of(wiring, broker_answers=lambda: False).get("/health/ready")

    assert (answer.status_code, answer.json["checks"]["broker"]) == (503, {"ok": False})
