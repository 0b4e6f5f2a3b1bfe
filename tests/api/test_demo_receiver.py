"""The demo receiver: two refusals for each event, then our own receiver's answer."""

import pytest

from api.demo import EVENTS_KEPT, Refusals, create_app
from bench.receiver import Answer, RecordingReceiver
from bench.stack import free_port

SIGNED = {
    "content-type": "application/json",
    "webhook-id": "evt_1",
    "webhook-timestamp": "1790000000",
    "webhook-signature": "v1,c2lnbmF0dXJl",
}
BODY = b'{"type":"invoice.paid","data":{"n": 1.10}}'


@pytest.fixture
def receiver():
    with RecordingReceiver() as receiver:
        yield receiver


def post(client, **headers):
    return client.post("/webhook", data=BODY, headers=SIGNED | headers)


def test_an_event_is_refused_with_503_then_with_401_then_received(receiver):
    client = create_app(f"{receiver.url}/webhook").test_client()

    assert [post(client).status_code for _ in range(4)] == [503, 401, 200, 200]


def test_bytes_and_signature_are_passed_on_as_they_came(receiver):
    client = create_app(f"{receiver.url}/webhook").test_client()
    for _ in range(3):
        post(client)

    [arrival] = receiver.arrivals
    sent = {name.lower(): value for name, value in arrival.headers.items()}
    assert (arrival.path, arrival.body) == ("/webhook", BODY)
    assert SIGNED.items() <= sent.items()


def test_the_receivers_own_refusal_is_passed_back(receiver):
    receiver.behaviour = lambda *_: Answer(status=401)
    client = create_app(receiver.url).test_client()

    assert [post(client).status_code for _ in range(3)] == [503, 401, 401]


def test_each_event_has_refusals_of_its_own(receiver):
    client = create_app(receiver.url).test_client()

    assert [post(client, **{"webhook-id": f"evt_{i}"}).status_code for i in range(3)] == [503, 503, 503]


def test_a_receiver_that_does_not_answer_is_a_reason_to_try_again():
    client = create_app(f"http://127.0.0.1:{free_port()}").test_client()

    assert [post(client).status_code for _ in range(3)] == [503, 401, 503]


def test_a_proxy_of_the_environment_is_not_asked(receiver, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    client = create_app(receiver.url).test_client()

    assert [post(client).status_code for _ in range(3)] == [503, 401, 200]


def test_only_so_many_events_are_remembered():
    refusals = Refusals()
    for i in range(EVENTS_KEPT + 1):
        refusals.next_status(f"evt_{i}")

    assert (refusals.next_status(f"evt_{EVENTS_KEPT}"), refusals.next_status("evt_0")) == (401, 503)


def test_it_says_what_it_is(receiver):
    assert create_app(receiver.url).test_client().get("/").status_code == 200
