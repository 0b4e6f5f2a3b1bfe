"""What an operator relies on: Flower, readiness, a broker or a store that is away."""

import signal
import subprocess
import sys
import time
from urllib.parse import quote

import pytest
import requests

from bench.receiver import Answer, RecordingReceiver
from bench.stack import ROOT, Stack, Valkey, free_port, wait_until
from tests.e2e.conftest import Api, answering


@pytest.fixture(scope="module")
def flower(stack):
    port = free_port()
    command = [sys.executable, "-m", "celery", "-A", "workers.app", "flower", "--address=127.0.0.1", f"--port={port}"]
    options = ["--read-only", f"--conf={ROOT / 'workers' / 'flower_config.py'}"]
    environ = {**stack.environ, "FLOWER_UNAUTHENTICATED_API": "1"}
    with (stack.folder / "flower.log").open("ab") as log:
        process = subprocess.Popen([*command, *options], cwd=ROOT, env=environ, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    wait_until("Flower answers", lambda: get(f"{url}/healthcheck") and events_arrive(stack, url), seconds=60)
    yield url
    process.terminate()
    process.wait(30)


def get(url):
    try:
        answer = requests.get(url, timeout=5)
    except requests.RequestException:
        return None
    return answer if answer.ok else None


def events_arrive(stack, url):
    """Flower listens from some moment on; what went before it never hears of."""
    canaries = get(f"{url}/api/tasks?limit=1")
    return bool(canaries and canaries.json())


def shown(flower, delivery_id, state):
    def look():
        answer = get(f"{flower}/api/task/info/{quote(delivery_id, safe='')}")
        task = answer.json() if answer else None
        return task if task and task["state"] == state else None

    return wait_until(f"Flower shows {delivery_id} as {state}", look, seconds=20)


def test_flower_shows_a_delivery_as_a_task_that_a_person_can_read(api, receiver, flower):
    answering(receiver, 503, 200)
    api.endpoint(f"{receiver.url}/secret-path?token=T0KEN", retry_schedule=[3])
    delivery_id = api.publish({"private": "P4YL0AD"})["deliveries"][0]["id"]
    retried = shown(flower, delivery_id, "RETRY")
    done = shown(flower, delivery_id, "SUCCESS")

    assert retried["args"] == "invoice.paid → 127.0.0.1, attempt 1"
    assert retried["exception"] == "503"
    assert done["args"] == "invoice.paid → 127.0.0.1, attempt 2"
    assert done["result"].startswith("200 in ")
    assert not any(word in str(done) + str(retried) for word in ("T0KEN", "secret-path", "P4YL0AD", "whsec_"))
    page = get(f"{flower}/task/{quote(delivery_id, safe='')}").text
    assert f"{api.stack.url}/ui/deliveries/{delivery_id}" in page


def test_flower_shows_an_exhausted_delivery_as_a_failure_without_a_traceback(api, receiver, flower):
    answering(receiver, 503)
    api.endpoint(receiver.url)
    delivery_id = api.publish()["deliveries"][0]["id"]
    failed = shown(flower, delivery_id, "FAILURE")

    assert "exhausted: 503" in failed["exception"]


def test_a_dead_broker_delays_and_never_refuses(tmp_path):
    broker = Valkey(tmp_path / "broker")
    broker.start()
    environ = {"HOOKLINE_BROKER_URL": f"redis://127.0.0.1:{broker.port}/0"}
    with Stack(tmp_path, workers=1, environ=environ) as stack, RecordingReceiver() as receiver:
        api = Api(stack, "default")
        api.endpoint(receiver.url)
        api.settled(api.publish()["deliveries"][0]["id"])
        broker.stop(signal.SIGKILL)
        began = time.monotonic()
        event = api.publish()
        took = time.monotonic() - began
        unready = wait_until("the broker's absence shows", lambda: not stack.ready())
        broker.start()
        delivery = api.settled(event["deliveries"][0]["id"], seconds=60)

    broker.stop()
    assert took < 5
    assert unready
    assert (delivery["status"], delivery["attempts_count"]) == ("delivered", 1)


def test_a_dead_store_is_503_in_under_two_seconds_and_everything_goes_on_when_it_is_back(tmp_path):
    """Cases 45, 90, 91, 93."""
    with Stack(tmp_path, workers=1) as stack, RecordingReceiver() as receiver:
        api = Api(stack, "default")
        api.endpoint(receiver.url, retry_schedule=[1, 1])
        receiver.behaviour = lambda *_: Answer(status=200, delay_seconds=0.5)
        in_flight = api.publish()["deliveries"][0]["id"]
        stack.valkey.stop(signal.SIGTERM)
        began = time.monotonic()
        answer = stack.http.post(
            f"{stack.url}/v1/events", json={"type": "a.b", "id": "evt_again", "data": 1}, timeout=10
        )
        took = time.monotonic() - began
        stack.valkey.start()
        settled = api.settled(in_flight, seconds=60)
        again = wait_until("the API accepts again", lambda: accepted(stack), seconds=30)
        delivered = api.settled(again["deliveries"][0]["id"], seconds=60)

    assert (answer.status_code, answer.json()["code"], took < 2) == (503, "unavailable", True)
    assert int(answer.headers["Retry-After"]) >= 1
    assert (settled["status"], delivered["status"], again["duplicate"]) == ("delivered", "delivered", False)


def accepted(stack):
    answer = stack.http.post(f"{stack.url}/v1/events", json={"type": "a.b", "id": "evt_again", "data": 1}, timeout=10)
    return answer.json() if answer.status_code == 202 else None


def test_a_worker_killed_in_the_middle_of_an_attempt_loses_nothing_and_its_record_says_lost(tmp_path):
    """Cases 85, 88, 101."""
    with Stack(tmp_path, workers=1) as stack, RecordingReceiver() as receiver:
        api = Api(stack, "default")
        receiver.behaviour = lambda *_: Answer(status=200, delay_seconds=1.5)
        api.endpoint(receiver.url, retry_schedule=[0], timeout_seconds=3)
        delivery_id = api.publish()["deliveries"][0]["id"]
        api.settled(delivery_id, "sending")
        stack.kill("worker0")
        stack.start("worker0")
        delivery = api.settled(delivery_id, seconds=60)

    assert [each["outcome"] for each in delivery["attempts"]] == ["lost", "delivered"]
    assert delivery["status"] == "delivered"
    assert len({arrival.event_id for arrival in receiver.arrivals}) == 1


def test_sigterm_lets_attempts_in_flight_finish_and_loses_and_doubles_nothing(tmp_path):
    with Stack(tmp_path, workers=1, slots=4) as stack, RecordingReceiver() as receiver:
        api = Api(stack, "default")
        receiver.behaviour = lambda *_: Answer(status=200, delay_seconds=0.4)
        for i in range(8):
            api.endpoint(f"{receiver.url}/{i}")
        ids = [each["id"] for _ in range(3) for each in api.publish()["deliveries"]]
        receiver.wait_for(2)
        stack.kill("worker0", signal.SIGTERM)
        stack.start("worker0")
        deliveries = [api.settled(each, seconds=60) for each in ids]

    assert {each["status"] for each in deliveries} == {"delivered"}
    assert {each["attempts_count"] for each in deliveries} == {1}
    assert len(receiver.arrivals) == 24
