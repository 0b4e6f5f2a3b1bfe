"""Twenty thousand retries that wait stay in the store."""

import signal

import pytest

from bench.accounting import resident_bytes
from bench.growth import failed_delivery
from bench.receiver import RecordingReceiver
from bench.seeding import multiply
from bench.stack import Stack
from tests.e2e.conftest import Api

WAITING = 20_000
TEN_MINUTES_US = 600 * 1_000_000
MOST_GROWTH_BYTES = 10_000_000
"""As Celery messages they would have taken 8 kB each in some worker: 160 MB."""


@pytest.mark.timeout(240)
def test_a_fresh_delivery_and_a_new_worker_are_untouched_by_twenty_thousand_waiting_retries(tmp_path):
    """Case 96."""
    with Stack(tmp_path, workers=2) as stack, RecordingReceiver() as receiver:
        api = Api(stack, "default")
        api.endpoint(receiver.url, event_types=["invoice.paid"])
        api.settled(api.publish()["deliveries"][0]["id"])
        failed = failed_delivery(stack)
        before = memory(stack)
        seconds, micros = stack.valkey.client.time()
        multiply(stack, failed, WAITING, due_us=seconds * 1_000_000 + micros + TEN_MINUTES_US)
        urgent = api.settled(api.publish()["deliveries"][0]["id"])
        growth = memory(stack) - before
        for name in ("worker0", "worker1"):
            stack.kill(name, signal.SIGKILL)
        stack.start("worker1")
        again = api.settled(api.publish()["deliveries"][0]["id"])
        due = stack.valkey.client.zrange("due", 0, -1)
        waiting = sum(not entry.startswith(b"job:") for entry in due)

    assert (urgent["status"], again["status"], waiting) == ("delivered", "delivered", WAITING + 1)
    assert growth < MOST_GROWTH_BYTES


def memory(stack):
    return resident_bytes([stack.processes[name].pid for name in ("worker0", "worker1")])
