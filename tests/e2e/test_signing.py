"""Every scheme from the API to a receiver, first attempt, retry, replay and test alike."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from tests.e2e.conftest import answering
from webhooks.schemes import SCHEMES
from webhooks.schemes.scheme import Incoming, Terms

TEXT = "a secret of theirs, as old as it is"


def verify(scheme, arrival, secret, **options):
    """As the receiving side does, which knows nothing of the sending one."""
    found = SCHEMES[scheme]
    request = Incoming(
        headers={name.lower(): value for name, value in arrival.headers.items()}, body=arrival.body, url=""
    )
    terms = Terms(keys=(found.read_secret(secret) if found.read_secret else secret.encode(),), options=options)
    found.verify(request, terms, datetime.now(UTC))


def arrivals_of_all_kinds(api, receiver, **fields):
    """First attempt, retry, replay, test."""
    answering(receiver, 503, 200)
    endpoint = api.endpoint(receiver.url, retry_schedule=[1], **fields)
    delivery_id = api.publish()["deliveries"][0]["id"]
    api.settled(delivery_id)
    api.stack.post(f"/v1/deliveries/{delivery_id}/replay")
    receiver.wait_for(3)
    api.stack.post(f"/v1/endpoints/{endpoint['id']}/test")
    return endpoint, receiver.wait_for(4)


@pytest.mark.parametrize("prefix", ["webhook-", "svix-"])
def test_an_asymmetric_endpoint_verifies_by_the_public_key_that_the_api_serves(api, receiver, prefix):
    endpoint, arrivals = arrivals_of_all_kinds(api, receiver, signing={"scheme": "v1a", "header_prefix": prefix})

    assert len(arrivals) == 4
    for arrival in arrivals:
        assert arrival.headers[f"{prefix}signature"].startswith("v1a,")
        verify("standard", arrival, endpoint["public_key"], header_prefix=prefix)


def test_a_body_only_endpoint_verifies_as_githubs_do(api, receiver):
    _, arrivals = arrivals_of_all_kinds(api, receiver, signing={"scheme": "sha256"}, secret=TEXT)

    for arrival in arrivals:
        code = hmac.new(TEXT.encode(), arrival.body, hashlib.sha256).hexdigest()
        assert arrival.headers["x-hub-signature-256"] == f"sha256={code}"
        assert "webhook-id" in arrival.headers
        verify("github", arrival, TEXT)
