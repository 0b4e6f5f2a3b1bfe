"""Two workers of our image on a Redis, and what becomes of deliveries when containers die."""

import pytest
import requests

from bench.stack import wait_until
from tests.receivers import answer, hangs
from tests.smoke.conftest import FLOWER_LOGIN, RecordingReceiver

pytestmark = [pytest.mark.smoke, pytest.mark.timeout(600)]


def holder_of(setup, delivery_id):
    """The worker that is at this delivery just now."""
    active = setup.app.control.inspect(timeout=5).active() or {}
    names = {name for name, tasks in active.items() if any(task["id"] == delivery_id for task in tasks)}
    return next((node for node in setup.worker_cluster if f"deliveries@{node.hostname()[-12:]}" in names), None)


def test_an_event_is_signed_and_delivered_by_workers_in_containers(celery_setup, api, receiver):
    delivery = api.delivered(api.publish_to(receiver.url))
    [arrival] = receiver.wait_for(1)

    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [200]
    assert arrival.header("webhook-signature").startswith("v1,")


def test_both_workers_take_part(celery_setup, api, receiver):
    ids = celery_setup.app.control.inspect(timeout=10).ping()

    assert len(celery_setup.worker_cluster) == 2
    assert {f"deliveries@{node.container.id[:12]}" for node in celery_setup.worker_cluster} <= set(ids)


def test_what_a_killed_worker_had_in_flight_is_delivered_by_another(celery_setup, api, gateway):
    with RecordingReceiver(hangs, answer(), host=gateway) as receiver:
        delivery_id = api.publish_to(receiver.url, retry_schedule=[1], timeout_seconds=10)
        receiver.wait_for(1, timeout=60)
        killed = wait_until("somebody is at it", lambda: holder_of(celery_setup, delivery_id), seconds=9)
        killed.kill()
        delivery = api.delivered(delivery_id)
        killed.restart()

        assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["lost", "delivered"]
        assert len(receiver.arrivals) == 2


def test_a_restart_of_redis_loses_nothing_and_everybody_goes_on_by_themselves(celery_setup, api, gateway):
    with RecordingReceiver(answer(503), answer(), host=gateway) as receiver:
        delivery_id = api.publish_to(receiver.url, retry_schedule=[5])
        receiver.wait_for(1, timeout=60)
        celery_setup.broker.restart()
        delivery = api.delivered(delivery_id)
        later = api.delivered(api.publish_to(receiver.url))

        assert [attempt["status_code"] for attempt in delivery["attempts"]] == [503, 200]
        assert [attempt["status_code"] for attempt in later["attempts"]] == [200]


def test_flower_is_there_for_those_who_know_the_login(celery_setup, flower_container):
    """Case 147."""
    url = flower_container.url(5555)

    def answers():
        try:
            return requests.get(f"{url}/healthcheck", timeout=5).ok
        except requests.ConnectionError:
            return False

    wait_until("Flower answers", answers, seconds=180)

    assert requests.get(f"{url}/tasks", timeout=30).status_code == 401
    assert requests.get(f"{url}/tasks", timeout=30, auth=FLOWER_LOGIN).status_code == 200
