"""Processes that stand still past their lease, and machines whose clocks are a minute apart."""

import signal
import threading
from datetime import datetime

import pytest

from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack, wait_until
from tests.e2e.conftest import answering
from tests.e2e.crashes import Scene, story

pytestmark = pytest.mark.timeout(120)
LONGER_THAN_THE_MARGIN_SECONDS = 15.5


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("freezes"), workers=0) as stack:
        yield stack


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


@pytest.fixture
def scene(stack, tmp_path, request):
    scene = Scene(stack, tmp_path, f"t{abs(hash(request.node.nodeid)) % 10**12}")
    yield scene
    scene.end()


def thaw(scene, *, after_seconds=0.0):
    threading.Event().wait(after_seconds)  # what is measured is a span of real time
    scene.stack.send("crasher", signal.SIGCONT)


def test_a_worker_frozen_between_claim_and_request_sends_nothing_and_gives_it_back(scene, receiver):
    scene.api.endpoint(receiver.url, timeout_seconds=10)
    scene.start("crasher", "claim:after:STOP")
    delivery_id = scene.api.publish()["deliveries"][0]["id"]
    scene.stopped()
    thaw(scene, after_seconds=LONGER_THAN_THE_MARGIN_SECONDS)
    delivery = scene.api.settled(delivery_id)

    assert (delivery["status"], story(delivery), len(receiver.arrivals)) == ("delivered", ["delivered"], 1)
    assert "delivery.released" in scene.log("crasher")


def test_a_worker_frozen_past_its_lease_before_the_request_finds_it_taken_and_sends_nothing(scene, receiver):
    scene.api.endpoint(receiver.url, retry_schedule=[0], timeout_seconds=1)
    scene.start("crasher", "claim:after:STOP")
    delivery_id = scene.api.publish()["deliveries"][0]["id"]
    scene.stopped()
    scene.recover()
    delivery = scene.api.settled(delivery_id)
    thaw(scene, after_seconds=LONGER_THAN_THE_MARGIN_SECONDS)
    wait_until("it gave up", lambda: "delivery.released" in scene.log("crasher"))

    assert (delivery["status"], story(delivery), len(receiver.arrivals)) == ("delivered", ["lost", "delivered"], 1)
    assert scene.api.delivery(delivery_id) == delivery


def test_a_late_failure_of_a_thawed_worker_never_overwrites_delivered(scene, receiver):
    """Case 102."""
    answering(receiver, 500, 200)
    scene.api.endpoint(receiver.url, retry_schedule=[0], timeout_seconds=1)
    scene.start("crasher", "settle:before:STOP")
    delivery_id = scene.api.publish()["deliveries"][0]["id"]
    scene.stopped()
    scene.recover()
    delivered = scene.api.settled(delivery_id)
    thaw(scene)
    corrected = wait_until("its record is corrected", lambda: failed_first(scene.api.delivery(delivery_id)))

    assert (delivered["status"], story(delivered)) == ("delivered", ["lost", "delivered"])
    assert (corrected["status"], corrected["last_status_code"]) == ("delivered", 200)


def failed_first(delivery):
    return delivery if story(delivery)[0] == "failed" else None


def test_a_late_2xx_of_a_thawed_worker_spares_the_retry(scene, receiver):
    scene.api.endpoint(receiver.url, retry_schedule=[3600], timeout_seconds=1)
    scene.start("crasher", "settle:before:STOP")
    delivery_id = scene.api.publish()["deliveries"][0]["id"]
    scene.stopped()
    scene.recover()
    scene.api.settled(delivery_id, "retrying")
    thaw(scene)
    delivery = scene.api.settled(delivery_id)

    assert (delivery["status"], story(delivery), len(receiver.arrivals)) == ("delivered", ["delivered"], 1)
    assert scene.stack.valkey.client.zscore("due", delivery_id) is None


def test_what_a_frozen_worker_had_prefetched_is_sent_by_another(scene, receiver):
    receiver.behaviour = lambda *_: Answer(delay_seconds=0.05)
    for i in range(30):
        scene.api.endpoint(f"{receiver.url}/{i}", retry_schedule=[0, 0])
    scene.start("crasher", "claim:after:STOP")
    ids = [each["id"] for each in scene.api.publish()["deliveries"]]
    scene.stopped()
    scene.recover()
    deliveries = [scene.api.settled(each) for each in ids]

    assert {each["status"] for each in deliveries} == {"delivered"}
    assert len({each.path for each in receiver.arrivals}) == len(receiver.arrivals) == 30


def test_workers_whose_clocks_are_a_minute_apart_agree_on_every_time(scene, receiver):
    """Due times, leases and signatures follow the store's clock."""
    answering(receiver, *[500] * 20, 200)
    for i in range(20):
        scene.api.endpoint(f"{receiver.url}/{i}", retry_schedule=[1])
    scene.start("crasher", CLOCK_SHIFT="30")
    scene.start("sound", CLOCK_SHIFT="-30")
    for name in ("crasher", "sound"):
        wait_until(f"{name} runs", lambda name=name: "ready." in scene.log(name))
    ids = [each["id"] for each in scene.api.publish()["deliveries"]]
    deliveries = [scene.api.settled(each) for each in ids]
    ahead = int(scene.stack.valkey.client.get("clock:offset") or 0) / 1_000_000
    stamps = [int(each.headers["webhook-timestamp"]) - ahead - each.at for each in receiver.arrivals]
    pairs = [delivery["attempts"] for delivery in deliveries]
    gaps = [started(second) - started(first) for first, second in pairs]

    assert {story(each)[-1] for each in deliveries} == {"delivered"}
    assert max(map(abs, stamps)) < 2
    assert (min(gaps) >= 1, max(gaps) < 10) == (True, True)
    for name in ("crasher", "sound"):
        assert '"delivery.attempted"' in scene.log(name)
        assert "clock.differs" in scene.log(name)


def started(attempt):
    return datetime.fromisoformat(attempt["started_at"]).timestamp()
