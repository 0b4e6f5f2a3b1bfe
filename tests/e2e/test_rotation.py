"""Secrets change under way: real worker, real receiver, the reference library as judge."""

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.e2e.conftest import answering


def verifies(secret, arrival):
    try:
        Webhook(secret).verify(arrival.body, arrival.headers)
    except WebhookVerificationError:
        return False
    return True


@pytest.mark.parametrize(("overlap_seconds", "old_verifies"), [(60, True), (0, False)])
def test_a_delivery_that_waits_for_its_retry_is_signed_by_what_is_valid_then(
    api, receiver, overlap_seconds, old_verifies
):
    """Case 124: rotated between the first attempt and the retry; both receivers accept within the overlap."""
    answering(receiver, 503, 200)
    endpoint = api.endpoint(receiver.url, retry_schedule=[1])
    delivery_id = api.publish()["deliveries"][0]["id"]
    api.settled(delivery_id, "retrying")
    path = f"/v1/endpoints/{endpoint['id']}/secret/rotate"
    rotated = api.stack.post(path, {"overlap_seconds": overlap_seconds})
    api.settled(delivery_id)
    first, second = receiver.wait_for(2)

    assert verifies(endpoint["secret"], first)
    assert not verifies(rotated["secret"], first)
    assert verifies(rotated["secret"], second)
    assert verifies(endpoint["secret"], second) is old_verifies


def test_whoever_asked_for_it_hears_of_a_rotation_without_the_secrets(api, receiver):
    endpoint = api.endpoint(receiver.url, event_types=["hookline.endpoint.secret_rotated"])
    rotated = api.stack.post(f"/v1/endpoints/{endpoint['id']}/secret/rotate", {"overlap_seconds": 60})
    (arrival,) = receiver.wait_for(1)

    told = Webhook(rotated["secret"]).verify(arrival.body, arrival.headers)
    assert told["type"] == "hookline.endpoint.secret_rotated"
    assert told["data"]["endpoint_id"] == endpoint["id"]
    assert told["data"]["previous_expires_at"] == rotated["previous"][0]["expires_at"]
    assert b"whsec_" not in arrival.body
