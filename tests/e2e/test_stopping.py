"""Deploys: workers that are told to stop, once, twice and one after the other under load."""

import signal
import threading
from collections import Counter

import pytest

from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack, wait_until
from tests.e2e.conftest import Api
from tests.e2e.crashes import story

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


def test_a_second_sigterm_loses_and_doubles_nothing_either(tmp_path, receiver):
    with Stack(tmp_path, workers=1, slots=4) as stack:
        api = Api(stack, "default")
        receiver.behaviour = lambda *_: Answer(delay_seconds=1.0)
        for i in range(8):
            api.endpoint(f"{receiver.url}/{i}")
        ids = [each["id"] for each in api.publish()["deliveries"]]
        wait_until("some are in flight", lambda: stack.valkey.client.zcard("claimed") == 4)
        for _ in range(2):
            stack.processes["worker0"].send_signal(signal.SIGTERM)
        exit_code = stack.processes["worker0"].wait(30)
        stack.start("worker0")
        deliveries = [api.settled(each) for each in ids]

    assert exit_code == 0
    assert [story(each) for each in deliveries] == [["delivered"]] * 8
    assert Counter(each.path for each in receiver.arrivals) == Counter(f"/{i}" for i in range(8))


def test_workers_restarted_one_after_the_other_under_load_lose_and_double_nothing(tmp_path, receiver):
    """Case 88."""
    with Stack(tmp_path, workers=3, slots=8) as stack:
        api = Api(stack, "default")
        receiver.behaviour = lambda *_: Answer(delay_seconds=0.05)
        for i in range(4):
            api.endpoint(f"{receiver.url}/{i}", event_types=[f"load.n{i}"], retry_schedule=[1] * 5)
        restarted = threading.Event()
        ids = []

        def load():
            while not restarted.wait(0.04):
                event = api.publish(type=f"load.n{len(ids) % 4}")
                ids.append(event["deliveries"][0]["id"])

        thread = threading.Thread(target=load)
        thread.start()
        codes = [restart(stack, f"worker{i}") for i in range(3)]
        restarted.set()
        thread.join()
        deliveries = [api.settled(each, seconds=60) for each in ids]

    assert codes == [0, 0, 0]
    assert len(ids) > 50
    assert {tuple(story(each)) for each in deliveries} == {("delivered",)}
    assert Counter(each.event_id for each in receiver.arrivals) == Counter(each.split(":")[0] for each in ids)


def restart(stack, name):
    """The exit code of the worker that was told to stop; a new one runs then."""
    wait_until(f"{name} sends", lambda: '"delivery.attempted"' in stack.log(name))
    process = stack.processes[name]
    process.terminate()
    code = process.wait(30)
    lines = stack.log(name).count("ready.")
    stack.start(name)
    wait_until(f"{name} runs", lambda: stack.log(name).count("ready.") > lines)
    return code
