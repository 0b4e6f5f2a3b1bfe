"""The rolling upgrade of docs/upgrading.md: everything is started anew, one after the other, while events come in."""

import signal
import threading

import pytest
import requests

from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack, wait_until


class Publisher(threading.Thread):
    """Publishes until it is told to stop, each event until it is acknowledged, as a caller should."""

    def __init__(self, stack, endpoint):
        super().__init__()
        self._stack, self._endpoint = stack, endpoint
        self._enough = threading.Event()
        self.acknowledged, self.refused = [], []

    def run(self):
        number = 0
        while not self._enough.wait(0.02):
            number += 1
            self._publish(f"n{number}")

    def _publish(self, event_id):
        body = {"type": "a.b", "id": event_id, "data": {}, "endpoint_ids": [self._endpoint["id"]]}
        while not self._enough.is_set():
            try:
                answer = self._stack.http.post(f"{self._stack.url}/v1/events", json=body, timeout=30)
            except requests.ConnectionError:
                continue  # a kept connection that the old server closed just then
            if not answer.ok:
                self.refused.append(answer.status_code)
                continue
            self.acknowledged.append(event_id)
            return

    def stop(self):
        self._enough.set()
        self.join()


@pytest.mark.timeout(300)
def test_while_all_is_started_anew_no_call_is_refused_and_nothing_is_lost_or_sent_twice(tmp_path):
    with Stack(tmp_path, workers=2) as stack, RecordingReceiver() as receiver:
        receiver.behaviour = lambda *_: Answer(delay_seconds=0.3)
        endpoint = stack.post("/v1/endpoints", {"url": receiver.url, "max_in_flight": 40})
        publisher = Publisher(stack, endpoint)
        publisher.start()
        receiver.wait_for(20, seconds=60)
        stack.processes["api"].send_signal(signal.SIGHUP)
        for worker in ("worker0", "worker1"):
            stack.kill(worker, signal.SIGTERM)
            stack.start(worker)
            so_far = len(receiver.arrivals)
            wait_until("deliveries go on", lambda before=so_far: len(receiver.arrivals) > before + 10, seconds=90)
        publisher.stop()
        sent = set(publisher.acknowledged)
        wait_until("all have arrived", lambda: sent <= {arrival.event_id for arrival in receiver.arrivals}, seconds=120)

    assert publisher.refused == []
    assert len({arrival.event_id for arrival in receiver.arrivals}) == len(receiver.arrivals)
