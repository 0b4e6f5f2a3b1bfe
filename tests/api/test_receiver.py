"""The door: which sources there are, what they are asked by GET, and what is kept."""

from dataclasses import replace

import pytest

from tests.unit.samples import SAMPLES, github, meta, twilio, x
from webhooks.model import RateLimit
from webhooks.sources import source


@pytest.fixture
def door(wiring, client_of):
    """A client of a door with these sources, at the time of the samples."""

    def open_door(sources, at):
        clock = replace_now(wiring.clock, at)
        receiver = replace(wiring.receiver, sources={each.name: each for each in sources}, clock=clock)
        return client_of(wiring, receiver=receiver)

    return open_door


def replace_now(clock, now):
    return type(clock)(now=lambda: now, monotonic=clock.monotonic)


def post(client, sample, *, body=None, **changes):
    sent = {name.lower(): value for name, value in sample.headers.items()}
    headers = {"Authorization": None, "Content-Type": sample.headers.get("Content-Type"), **sent, **changes}
    path = "/webhooks/shop" + (f"?{sample.query}" if sample.query else "")
    return client("POST", path, raw=sample.body if body is None else body, headers=headers)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.label)
def test_each_provider_is_received_once_and_a_forged_webhook_never(door, sample):
    client = door([sample.source()], sample.now)

    first, again = post(client, sample), post(client, sample)
    forged = post(client, sample, **{sample.proof: "sha256=" + "0" * 64})

    assert (first.status_code, first.json["duplicate"]) == (200, False)
    assert (again.status_code, again.json) == (200, {**first.json, "duplicate": True})
    assert forged.status_code == 401
    item = client.get(f"/v1/inbox/shop/{first.json['id']}").json
    assert item["type"] == sample.type


def test_what_a_form_says_is_kept_as_json(door, store):
    client = door([twilio().source()], twilio().now)
    kept = post(client, twilio()).json["id"]

    body = store.event("in.shop", kept).body

    assert b'"MessageStatus":"delivered"' in body


def test_an_unknown_source_is_404_without_telling_which_there_are(door):
    client = door([source("shop", scheme="bearer", secrets=["hush"])], meta().now)
    answer = client.post("/webhooks/nobody", {})

    assert answer.status_code == 404
    assert "shop" not in answer.text
    assert client.get("/webhooks/nobody").status_code == 404


def test_a_source_that_is_only_posted_to_says_so(client):
    answer = client.get("/webhook")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/webhook", "/webhooks/default"])
def test_both_addresses_of_the_default_source_receive_without_a_redirect(door, path):
    """No sender follows one with its body."""
    client = door([source("default", scheme="bearer", secrets=["hush"])], meta().now)
    answer = client("POST", path, {"type": "a.b"}, headers={"Authorization": "Bearer hush"})

    assert (answer.status_code, answer.json["duplicate"]) == (200, False)
    assert client.get(path).status_code == 405


def test_challenges_are_answered_and_nothing_is_kept(door, store):
    client = door([replace(meta().source(), name="page"), replace(x().source(), name="x")], meta().now)
    page = client.get(
        "/webhooks/page", **{"hub.mode": "subscribe", "hub.challenge": "115", "hub.verify_token": "meatyhamhock"}
    )
    wrong = client.get("/webhooks/page", **{"hub.mode": "subscribe", "hub.challenge": "115", "hub.verify_token": "no"})
    code = client.get("/webhooks/x", crc_token="token")

    assert (page.status_code, page.data, page.headers["Content-Type"]) == (200, b"115", "text/plain; charset=utf-8")
    assert wrong.status_code == 401
    assert code.json["response_token"].startswith("sha256=")
    assert client.get("/webhooks/x").status_code == 400
    assert client.get("/v1/inbox", source="page").json["data"] == []


def test_an_empty_source_without_an_id_is_known_again_by_its_body(client):
    """`none` was written out: the same bytes are the same event."""
    first = client.post("/webhook", {"type": "a.b"})
    again = client.post("/webhook", {"type": "a.b"})
    other = client.post("/webhook", {"type": "a.c"})

    assert (first.json["duplicate"], again.json["duplicate"], other.json["duplicate"]) == (False, True, False)
    assert first.json["id"].startswith("sha256-")


def test_a_source_that_sends_too_much_is_told_when_to_try_again_and_a_forger_uses_up_nothing(door, store):
    sample = github()
    client = door([sample.source(rate_limit=RateLimit(limit=2, period_seconds=60))], sample.now)
    forged = [post(client, sample, **{sample.proof: "sha256=" + "0" * 64}).status_code for _ in range(3)]
    first, second = post(client, sample), post(client, sample)
    store.client.incrby("clock:offset", 31_000_000)
    third = post(client, sample)

    assert forged == [401] * 3
    assert first.status_code == 200
    assert (second.status_code, second.json["code"]) == (429, "rate_limited")
    assert 28 <= int(second.headers["Retry-After"]) <= 30
    assert third.status_code == 200


def test_what_cannot_be_kept_is_503_so_that_the_sender_tries_again(dead_client):
    """Case 45: never a 2xx with nothing stored."""
    answer = dead_client.post("/webhook", {"type": "a.b"})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


def test_behind_a_proxy_the_network_of_the_sender_is_judged(wiring, client_of):
    near = source("near", scheme="bearer", secrets=["hush"], networks=["192.0.2.0/24"])
    receiver = replace(wiring.receiver, sources={"near": near})

    def status(proxies, forwarded):
        client = client_of(wiring, receiver=receiver, settings=replace(wiring.settings, proxies=proxies))
        headers = {"Authorization": "Bearer hush", "X-Forwarded-For": forwarded}
        return client.post("/webhooks/near", {"type": "a.b"}, headers=headers).status_code

    assert status(("127.0.0.0/8",), "192.0.2.7") == 200
    assert status(("127.0.0.0/8",), "192.0.2.7, 198.51.100.1") == 401
    assert status((), "192.0.2.7") == 401
