"""Readiness turns red for what really stops deliveries, and says which; the store's clock is moved, nobody waits."""

import os
import signal
import subprocess
import sys

import pytest

from bench.receiver import RecordingReceiver
from bench.stack import ROOT, Stack, wait_until
from tests.e2e.conftest import Api, answering

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signs")
    environ = {"HOOKLINE_HANDLERS": "examples.invoices", "HOOKLINE_DATA_DIR": str(folder)}
    with Stack(folder, workers=1, handler_workers=1, around=True, environ=environ) as stack:
        yield stack


@pytest.fixture(autouse=True)
def well(stack):
    wait_until("the stack is ready", stack.ready, seconds=60)


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


def advance(stack, seconds):
    stack.valkey.client.incrby("clock:offset", seconds * 1_000_000)


def failed(stack):
    """The names of what is red."""
    return stack.http.get(f"{stack.url}/health/ready", timeout=5).json()["failed"]


def test_a_frozen_worker_is_seen(stack):
    """Case 157."""
    os.killpg(stack.processes["worker0"].pid, signal.SIGSTOP)
    advance(stack, 46)
    seen = wait_until("only the frozen one is red", lambda: failed(stack) == ["workers"], seconds=30)
    os.killpg(stack.processes["worker0"].pid, signal.SIGCONT)

    assert seen
    assert wait_until("it is well again", stack.ready, seconds=30)


def test_no_stager_and_no_worker_is_seen(stack):
    for name in ("worker0", "handlers0"):
        stack.kill(name)
    advance(stack, 46)
    seen = failed(stack)
    for name in ("worker0", "handlers0"):
        stack.start(name)

    assert seen == ["workers", "stager"]


def test_a_worker_that_lost_its_consumer_is_seen_and_so_is_what_is_late_while_events_are_accepted(stack, receiver):
    """Cases 92 and 157."""
    api = Api(stack, "consumer")
    api.endpoint(receiver.url)
    control(stack, "cancel_consumer", "deliveries")
    delivery_id = api.publish()["deliveries"][0]["id"]
    advance(stack, 61)
    seen = wait_until("both are red", lambda: failed(stack) == ["workers", "oldest_due_seconds"], seconds=30)
    control(stack, "add_consumer", "deliveries")
    delivery = api.settled(delivery_id)

    assert (seen, delivery["status"]) == (True, "delivered")


def control(stack, *command):
    """Tell the delivery worker, as an operator would."""
    celery = [sys.executable, "-m", "celery", "-A", "workers.app", "control", "--timeout", "5"]
    subprocess.run([*celery, *command], cwd=ROOT, env=stack.environ, check=True, capture_output=True)


def test_without_beat_deliveries_and_their_retries_go_on(stack, receiver):
    answering(receiver, 500, 200)
    stack.kill("beat")
    api = Api(stack, "no_beat")
    api.endpoint(receiver.url, retry_schedule=[1])
    delivery = api.settled(api.publish()["deliveries"][0]["id"])

    assert (delivery["status"], delivery["attempts_count"]) == ("delivered", 2)
    assert stack.ready()
