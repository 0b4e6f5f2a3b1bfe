"""The store and the broker behind Sentinels: the master is killed under load."""

import time

import pytest

from bench.receiver import RecordingReceiver
from bench.sentinels import SentinelGroup
from bench.stack import Stack, wait_until

EVENTS = 200


@pytest.fixture(scope="module")
def group(tmp_path_factory):
    with SentinelGroup(tmp_path_factory.mktemp("sentinels")) as group:
        yield group


@pytest.fixture(scope="module")
def stack(group, tmp_path_factory):
    environ = {"HOOKLINE_REDIS_URL": group.url(), "HOOKLINE_REPLICAS_ACK": "1"}
    with Stack(tmp_path_factory.mktemp("stack"), workers=2, environ=environ) as stack:
        yield stack


def publish(stack, endpoint, number):
    """Whether the event was acknowledged, trying for a minute as a caller would."""
    body = {"type": "a.b", "id": f"n{number}", "data": {"n": number}, "endpoint_ids": [endpoint["id"]]}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer = stack.http.post(f"{stack.url}/v1/events", json=body, timeout=30)
        if answer.status_code in (200, 202):
            return True
        assert answer.status_code == 503, answer.text
        time.sleep(0.2)
    return False


@pytest.mark.timeout(300)
def test_when_the_master_dies_under_load_nothing_is_lost_that_a_replica_had_to_have_first(stack, group):
    with RecordingReceiver() as receiver:
        fields = {"url": receiver.url, "retry_schedule": [1, 1, 1], "max_in_flight": 50}
        endpoint = wait_until("there is an endpoint", lambda: stack.post("/v1/endpoints", fields))
        killed = None
        for number in range(EVENTS):
            if number == EVENTS // 2:
                killed = group.kill_master()
            assert publish(stack, endpoint, number)
        acknowledged = {f"n{number}" for number in range(EVENTS)}
        wait_until(
            "all that was acknowledged has arrived",
            lambda: acknowledged <= {arrival.event_id for arrival in receiver.arrivals},
            seconds=120,
        )

        assert group.master() is not killed
