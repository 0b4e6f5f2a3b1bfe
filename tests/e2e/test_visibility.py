"""The broker's visibility timeout has no say: a retry and a request that outlast it happen once."""

import threading
from contextlib import ExitStack

import pytest
import redis

from bench import commands
from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack
from tests.e2e.conftest import Api
from tests.e2e.crashes import APP, story

VISIBILITY_SECONDS = 5
WATCHED_SECONDS = 105
"""kombu looks for messages to restore about every 100 s; a shorter test would see nothing."""


def answers(path, seen):
    if path == "/slow":
        return Answer(delay_seconds=12)
    seen[path] = seen.get(path, 0) + 1
    return Answer(status=500 if seen[path] == 1 else 200)


@pytest.mark.timeout(300)
def test_a_retry_of_15_s_and_a_request_of_12_s_happen_once_with_one_worker_and_with_three(tmp_path):
    """Cases 83, 84: with a visibility timeout of 5 s, watched for longer than 100 s."""
    with ExitStack() as held:
        watched = {workers: Watched(held, tmp_path / str(workers), workers) for workers in (1, 3)}
        threading.Event().wait(WATCHED_SECONDS)
        retried = {workers: each.api.delivery(each.retried) for workers, each in watched.items()}
        slow = {workers: each.api.delivery(each.slow) for workers, each in watched.items()}
        paths = {workers: sorted(a.path for a in each.receiver.arrivals) for workers, each in watched.items()}
        unacked = {workers: each.unacked() for workers, each in watched.items()}

    for workers in (1, 3):
        assert (story(retried[workers]), story(slow[workers])) == (["failed", "delivered"], ["delivered"])
        assert (paths[workers], unacked[workers]) == (["/retried", "/retried", "/slow"], 0)


class Watched:
    """A stack with that visibility timeout, to which two events were posted."""

    def __init__(self, held, folder, workers):
        folder.mkdir()
        seen = {}
        environ = {"VISIBILITY_SECONDS": str(VISIBILITY_SECONDS)}
        self.receiver = held.enter_context(RecordingReceiver(lambda path, _event_id: answers(path, seen)))
        self.stack = held.enter_context(Stack(folder, workers=0, environ=environ))
        for i in range(workers):
            self.stack.commands[f"worker{i}"] = commands.delivery_worker(f"deliveries{i}", slots=4, app=APP)
            self.stack.start(f"worker{i}")
        self.api = Api(self.stack, "default")
        self.api.endpoint(f"{self.receiver.url}/retried", event_types=["a.retried"], retry_schedule=[15])
        self.api.endpoint(f"{self.receiver.url}/slow", event_types=["a.slow"], timeout_seconds=20)
        self.retried, self.slow = (self.api.publish(type=t)["deliveries"][0]["id"] for t in ("a.retried", "a.slow"))

    def unacked(self):
        """How many of kombu's own keys for unacknowledged messages there are."""
        with redis.Redis(port=self.stack.valkey.port, db=1) as broker:
            return broker.exists("unacked", "unacked_index")
