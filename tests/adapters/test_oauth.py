"""OAuth 2.0 client credentials on the wire: a token endpoint and a receiver on loopback."""

import base64
import json
import threading
from dataclasses import replace
from urllib.parse import parse_qs

import pytest

from tests.adapters.conftest import LOOPBACK
from tests.receivers import RecordingReceiver, answer, hangs
from webhooks.credentials import OAuth2Auth
from webhooks.model import ErrorCode, Request, Verdict
from webhooks.url_policy import UrlPolicy


class ManualMonotonic:
    """Stands still until it is moved."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def tokens(*texts, status=200, **fields):
    """Answers of a token endpoint, one for each token."""
    return [granted(text, status=status, **fields) for text in texts]


def granted(text, *, status=200, **fields):
    body = {"access_token": text, "token_type": "Bearer", "expires_in": 3600, **fields}
    return answer(status, body=json.dumps({name: value for name, value in body.items() if value is not None}).encode())


def auth_at(issuer, **fields):
    return OAuth2Auth(token_url=f"{issuer.url}/token", client_id="a:b", client_secret="s p", **fields)


def request_to(receiver, auth):
    return Request(url=f"{receiver.url}/in", headers={"x-env": "prod"}, body=b"{}", oauth2=auth)


def sent_tokens(receiver):
    return [arrival.header("authorization") for arrival in receiver.arrivals]


def test_a_token_is_asked_for_once_and_used_again(senders):
    sender = senders()
    with RecordingReceiver(*tokens("T1", "T2")) as issuer, RecordingReceiver() as receiver:
        auth = auth_at(issuer, scope="hooks", audience="https://api.test")
        outcomes = [sender.send(request_to(receiver, auth), timeout_seconds=5) for _ in range(3)]

    (asked,) = issuer.arrivals
    assert [each.verdict for each in outcomes] == [Verdict.DELIVERED] * 3
    assert sent_tokens(receiver) == ["Bearer T1"] * 3
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["hooks"],
        "audience": ["https://api.test"],
    }
    assert base64.b64decode(asked.header("authorization").removeprefix("Basic ")) == b"a%3Ab:s+p"
    assert asked.header("content-type") == "application/x-www-form-urlencoded"


def test_the_clients_secret_may_stand_in_the_body(senders):
    with RecordingReceiver(*tokens("T1")) as issuer, RecordingReceiver() as receiver:
        senders().send(request_to(receiver, auth_at(issuer, client_auth="body")), timeout_seconds=5)

    (asked,) = issuer.arrivals
    assert asked.header("authorization") is None
    assert parse_qs(asked.body.decode())["client_secret"] == ["s p"]


def test_a_401_takes_a_new_token_once_within_the_same_attempt(senders):
    sender = senders()
    with (
        RecordingReceiver(*tokens("T1", "T2", "T3")) as issuer,
        RecordingReceiver(answer(200), answer(401), answer(200), answer(401)) as receiver,
    ):
        auth = auth_at(issuer)
        outcomes = [sender.send(request_to(receiver, auth), timeout_seconds=5) for _ in range(3)]

    assert [each.status_code for each in outcomes] == [200, 200, 401]
    assert sent_tokens(receiver) == ["Bearer T1", "Bearer T1", "Bearer T2", "Bearer T2", "Bearer T3"]


def test_a_401_to_a_token_that_is_new_is_the_outcome(senders):
    with RecordingReceiver(*tokens("T1", "T2")) as issuer, RecordingReceiver(answer(401)) as receiver:
        outcome = senders().send(request_to(receiver, auth_at(issuer)), timeout_seconds=5)

    assert (outcome.status_code, len(issuer.arrivals), len(receiver.arrivals)) == (401, 1, 1)


@pytest.mark.parametrize(
    ("expires_in", "good_for", "over"), [(3600, 3569, 3571), (40, 19, 21), (None, 269, 271), ("120", 89, 91), (0, 0, 0)]
)
def test_a_token_is_asked_for_anew_before_it_expires(senders, expires_in, good_for, over):
    monotonic = ManualMonotonic()
    sender = senders(monotonic=monotonic)
    with RecordingReceiver(*tokens("T1", "T2", expires_in=expires_in)) as issuer, RecordingReceiver() as receiver:
        auth = auth_at(issuer)
        sender.send(request_to(receiver, auth), timeout_seconds=5)
        monotonic.seconds += good_for
        sender.send(request_to(receiver, auth), timeout_seconds=5)
        monotonic.seconds += over - good_for
        sender.send(request_to(receiver, auth), timeout_seconds=5)

    assert sent_tokens(receiver)[0] == "Bearer T1"
    assert sent_tokens(receiver)[1] == ("Bearer T2" if expires_in == 0 else "Bearer T1")
    assert sent_tokens(receiver)[2] == "Bearer T2"


def test_other_credentials_get_another_token(senders):
    sender = senders()
    with RecordingReceiver(*tokens("T1", "T2")) as issuer, RecordingReceiver() as receiver:
        for auth in (auth_at(issuer), replace(auth_at(issuer), client_secret="new")):
            sender.send(request_to(receiver, auth), timeout_seconds=5)

    assert sent_tokens(receiver) == ["Bearer T1", "Bearer T2"]


def test_many_attempts_at_once_ask_for_one_token(senders):
    sender = senders()
    together = threading.Barrier(8)
    with RecordingReceiver(*tokens("T1", "T2")) as issuer, RecordingReceiver() as receiver:
        auth = auth_at(issuer)

        def send():
            together.wait()
            sender.send(request_to(receiver, auth), timeout_seconds=5)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert len(issuer.arrivals) == 1
    assert sent_tokens(receiver) == ["Bearer T1"] * 8


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [
        (answer(400, body=b'{"error":"invalid_client"}'), "it answered 400 (invalid_client)"),
        (answer(400, body=b'{"error":"<script>"}'), "it answered 400"),
        (answer(503), "it answered 503"),
        (answer(302, headers=[("Location", "http://elsewhere.test/")]), "it answered 302"),
        (answer(200, body=b"not JSON"), "its answer holds no bearer token"),
        (answer(200, body=b'{"access_token":"a b"}'), "its answer holds no bearer token"),
        (answer(200, body=b'{"access_token":"x","token_type":"mac"}'), "its answer holds no bearer token"),
        (answer(200, body=b'{"access_token":"' + b"x" * 20_000 + b'"}'), "its answer holds no bearer token"),
    ],
)
def test_a_token_endpoint_that_gives_none_fails_the_attempt_and_nothing_is_sent(senders, behaviour, why):
    with RecordingReceiver(behaviour) as issuer, RecordingReceiver() as receiver:
        outcome = senders().send(request_to(receiver, auth_at(issuer)), timeout_seconds=5)

    assert (outcome.verdict, outcome.error, outcome.final) == (Verdict.FAILED, ErrorCode.AUTH_FAILED, False)
    assert outcome.detail == f"no token from 127.0.0.1: {why}"
    assert receiver.arrivals == []


def test_a_token_endpoint_at_a_forbidden_address_gets_no_packet(senders):
    """The same address policy, and as final as for the endpoint itself."""
    with RecordingReceiver(*tokens("T1")) as issuer:
        auth = auth_at(issuer)
        outcome = senders(UrlPolicy()).send(
            Request(url="https://hooks.test/", headers={}, body=b"{}", oauth2=auth), timeout_seconds=5
        )

    assert (outcome.error, outcome.final, issuer.connections) == (ErrorCode.AUTH_FAILED, True, 0)
    assert "loopback" in outcome.detail


def test_the_token_is_asked_for_within_the_attempts_deadline(senders):
    with RecordingReceiver(hangs) as issuer, RecordingReceiver() as receiver:
        outcome = senders(LOOPBACK).send(request_to(receiver, auth_at(issuer)), timeout_seconds=0.5)

    assert outcome.error is ErrorCode.AUTH_FAILED
    assert 500 <= outcome.duration_ms < 3000
    assert receiver.arrivals == []


def test_neither_token_nor_secret_is_in_what_is_shown():
    auth = OAuth2Auth(token_url="https://auth.test/", client_id="HUSH", client_secret="HUSH")

    assert "HUSH" not in repr(auth)
    assert "HUSH" not in repr(Request(url="https://hooks.test/", headers={}, body=b"", oauth2=auth))
