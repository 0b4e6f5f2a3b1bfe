"""Receivers that misbehave, seen by the whole sending lane but for the wire: real store, scripted answers."""

import random
from collections import Counter
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from webhooks import sending
from webhooks.attempting import Attempting
from webhooks.model import Outcome, Response, SigningSecret, Verdict
from webhooks.signing import generate_secret
from webhooks.tracing import NoSpans

SECRET = (SigningSecret(text=generate_secret(bytes(32))),)


class Answers:
    """A sender that answers each request with the same status."""

    def __init__(self, status):
        self.status = status

    def send(self, _request, *, timeout_seconds):
        verdict = Verdict.DELIVERED if self.status == 200 else Verdict.FAILED
        return Outcome(verdict=verdict, response=Response(status_code=self.status))


@pytest.fixture
def clock(world):
    return SimpleNamespace(now=world.store.now, monotonic=lambda: 0.0)


@pytest.fixture
def work(world, clock):
    """Does a delivery's next attempt as a worker would."""
    attempting = Attempting(
        store=world.store,
        queue=SimpleNamespace(publish=lambda _reminders: True),
        clock=clock,
        retry_schedule=(),
        luck=lambda: 0.0,
        token=lambda: "token",
        pause=lambda _seconds: None,
        hungry=lambda: None,
        spans=NoSpans(),
    )

    def attempt(delivery, status):
        number = world.store.delivery(delivery).attempts + 1
        return attempting.attempt(delivery, number, lambda claim: sending.post(claim, Answers(status), clock))

    return attempt


def test_a_customers_wrong_url_alarms_nobody_and_a_bug_of_ours_does(world, work):
    """Case 158: a hundred 404s are info and counted; the one endpoint whose request we cannot make is an error."""
    world.endpoint(secrets=SECRET)
    world.endpoint("ep_broken", secrets=())
    with capture_logs() as lines:
        for _ in range(100):
            world.advance(61)
            delivery = world.publish()
            world.stage()
            work(delivery, 404)
        work(world.publish(endpoint_id="ep_broken"), 404)
    attempted = [line for line in lines if line["event"] == "delivery.attempted"]
    alarming = [line for line in lines if line["log_level"] in ("error", "critical")]

    assert Counter(line["log_level"] for line in attempted) == {"info": 100, "error": 1}
    assert [(line["endpoint_id"], line["error"]) for line in alarming] == [("ep_broken", "internal")]
    assert world.store.counts()["outcome:deliveries:4xx"] == 100


def test_retries_of_a_recovered_endpoint_are_spread_over_the_jitter_and_keep_to_the_cap(world):
    """Case 79: five hundred fail together; the breaker stays closed since as many had succeeded before."""
    world.endpoint(max_in_flight=500)
    world.warm_up(499)
    ids = [world.publish() for _ in range(500)]
    world.stage()
    while len(world.claims) < 999:
        for each in ids:
            if each not in world.claims:
                world.claim(each)
        world.stage()
    luck = random.Random(79)
    for each in ids:
        world.settle(each, 500, schedule=(30.0,), luck=luck.random())
    waiting = world.store.client.zrange("due", 0, -1, withscores=True)
    due = sorted(score / 1e6 for member, score in waiting if not member.startswith(b"job:"))
    world.change(max_in_flight=10)
    world.advance(37)
    for _ in range(10):
        world.stage()

    assert world.health().state == "closed"
    assert (len(due), due[-1] - due[0] > 5) == (500, True)
    assert world.store.client.zcard("in_flight:ep_1") == 10
