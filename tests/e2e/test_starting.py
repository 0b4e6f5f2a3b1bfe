"""Processes that start without a store, or with one that they cannot use."""

import signal

import pytest
from cryptography.fernet import Fernet

from bench import commands
from bench.receiver import RecordingReceiver
from bench.stack import Stack, wait_until
from tests.e2e.conftest import Api

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("starting"), workers=0) as stack:
        stack.commands["worker"] = commands.delivery_worker("late", slots=4)
        yield stack


def ended(stack, name):
    """The exit code of a process that ends by itself."""
    return stack.processes.pop(name).wait(40)


@pytest.mark.parametrize("name", ["worker", "second_api"])
def test_a_process_with_another_secret_key_ends_with_a_clear_error(stack, name):
    usual = stack.environ
    stack.commands["second_api"] = commands.api(stack.flower_port)
    stack.environ = usual | {"HOOKLINE_SECRET_KEY": Fernet.generate_key().decode()}
    stack.start(name)
    stack.environ = usual
    exit_code = ended(stack, name)

    assert exit_code != 0
    assert "HOOKLINE_SECRET_KEY does not open what the store keeps" in stack.log(name)


def test_a_worker_that_starts_before_its_store_waits_for_it_and_then_works(tmp_path):
    with Stack(tmp_path, workers=0) as stack, RecordingReceiver() as receiver:
        stack.commands["worker"] = commands.delivery_worker("early", slots=4)
        api = Api(stack, "default")
        api.endpoint(receiver.url)
        delivery_id = api.publish()["deliveries"][0]["id"]
        stack.valkey.stop(signal.SIGTERM)
        stack.start("worker")
        wait_until("it waits", lambda: "store.awaited" in stack.log("worker"))
        stack.valkey.start()
        delivery = api.settled(delivery_id, seconds=60)

    assert delivery["status"] == "delivered"


def test_a_worker_that_waits_for_its_store_can_be_stopped(tmp_path):
    with Stack(tmp_path, workers=0) as stack:
        stack.commands["worker"] = commands.delivery_worker("early", slots=4)
        stack.valkey.stop(signal.SIGTERM)
        stack.start("worker")
        wait_until("it waits", lambda: "store.awaited" in stack.log("worker"))
        stack.processes["worker"].terminate()
        exit_code = ended(stack, "worker")

    assert exit_code == 0
