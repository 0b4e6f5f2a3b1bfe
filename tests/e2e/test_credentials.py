"""Credentials from the API through a real worker to receivers that ask for them."""

import base64
import json
import ssl

import pytest

from tests.certificates import Authority
from tests.receivers import RecordingReceiver, answer


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        (
            {"type": "basic", "username": "us", "password": "pässword"},
            "Basic " + base64.b64encode("us:pässword".encode()).decode(),
        ),
        ({"type": "bearer", "token": "T"}, "Bearer T"),
    ],
)
def test_credentials_are_sent_and_not_recorded(api, auth, sent):
    """Case 140: neither in the attempts."""
    with RecordingReceiver() as receiver:
        delivery = api.send(receiver.url, auth=auth)

    assert receiver.arrivals[0].header("authorization") == sent
    assert delivery["attempts"][0]["request"]["headers"]["authorization"] == "***"


def test_an_oauth_token_is_asked_for_and_sent(api):
    token = answer(200, body=json.dumps({"access_token": "T", "expires_in": 60}).encode())
    with RecordingReceiver(token) as issuer, RecordingReceiver() as receiver:
        auth = {"type": "oauth2", "token_url": f"{issuer.url}/token", "client_id": "us", "client_secret": "s"}
        delivery = api.send(receiver.url, auth=auth)

    assert delivery["status"] == "delivered"
    assert [arrival.header("authorization") for arrival in receiver.arrivals] == ["Bearer T"]
    assert len(issuer.arrivals) == 1


def test_a_token_that_cannot_be_had_is_an_outcome_that_says_so(api):
    with RecordingReceiver(answer(400, body=b'{"error":"invalid_client"}')) as issuer, RecordingReceiver() as receiver:
        auth = {"type": "oauth2", "token_url": f"{issuer.url}/token", "client_id": "us", "client_secret": "HUSH"}
        delivery = api.send(receiver.url, auth=auth)

    (attempt,) = delivery["attempts"]
    assert (delivery["status"], attempt["error"]) == ("exhausted", "auth_failed")
    assert attempt["error_detail"] == "no token from 127.0.0.1: it answered 400 (invalid_client)"
    assert receiver.arrivals == []


def test_a_receiver_with_an_authority_of_its_own_gets_our_certificate(api, authority):
    context = authority.server("127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    certificate, private_key = authority.client("us")
    with RecordingReceiver(tls=context) as receiver:
        identity = {"certificate": certificate, "private_key": private_key, "ca": authority.pem}
        known = api.endpoint(receiver.url, tls=identity)["id"]
        unknown = api.endpoint(receiver.url, tls={"ca": authority.pem})["id"]
        ids = [each["id"] for each in api.publish()["deliveries"]]
        ended = {each["endpoint_id"]: each for each in map(api.settled, ids)}

    assert ended[known]["status"] == "delivered"
    assert (ended[unknown]["status"], ended[unknown]["attempts"][0]["error"]) == ("exhausted", "tls")
    assert len(receiver.arrivals) == 1
