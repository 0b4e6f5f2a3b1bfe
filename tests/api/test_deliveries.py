import base64

import pytest

from tests.api.attempting import answered, attempt, let_it_come_due, unanswered
from webhooks.model import ErrorCode

FIELDS = {
    "id", "event_id", "event_type", "endpoint_id", "tenant", "url", "ordering_key", "sequence", "status", "reason",
    "attempts_count", "retries_left", "replays", "next_attempt_at", "waiting_for", "last_status_code", "last_error",
    "created_at", "updated_at", "finished_at",
}  # fmt: skip
ATTEMPT_FIELDS = {
    "number", "trigger", "started_at", "duration_ms", "outcome", "status_code", "error", "error_detail",
    "retry_after_seconds", "request", "response",
}  # fmt: skip


@pytest.fixture
def endpoint(client):
    return client.endpoint(url="https://hooks.example.com/in?key=1")


@pytest.fixture
def delivery_id(client, endpoint):
    return client.event(ordering_key="k").json["deliveries"][0]["id"]


def read(client, delivery_id):
    answer = client.get(f"/v1/deliveries/{delivery_id}")
    assert answer.status_code == 200
    return answer.json


def test_a_delivery_that_waits_is_told_whole(client, endpoint, delivery_id):
    delivery = read(client, delivery_id)

    assert set(delivery) == FIELDS | {"attempts"}
    assert delivery["url"] == endpoint["url"]
    assert (delivery["status"], delivery["attempts"], delivery["retries_left"]) == ("pending", [], 5)
    assert (delivery["ordering_key"], delivery["event_type"]) == ("k", "invoice.paid")
    assert delivery["finished_at"] is None


def test_a_failed_attempt_is_shown_with_its_answer_and_the_next_one(client, store, delivery_id):
    """Case 159: the receiver's own words are there."""
    attempt(store, delivery_id, answered(503, body=b'{"error":"bad field x"}', headers=(("X-A", "1"), ("X-A", "2"))))

    delivery = read(client, delivery_id)

    (shown,) = delivery["attempts"]
    assert set(shown) == ATTEMPT_FIELDS
    assert (delivery["status"], delivery["last_status_code"], delivery["retries_left"]) == ("retrying", 503, 4)
    assert delivery["next_attempt_at"] > shown["started_at"]
    assert (shown["number"], shown["trigger"], shown["outcome"]) == (1, "initial", "failed")
    assert (shown["status_code"], shown["error"], shown["duration_ms"]) == (503, None, 12.4)
    assert shown["response"] == {
        "headers": {"X-A": "1, 2"},
        "body": '{"error":"bad field x"}',
        "body_encoding": "utf-8",
        "truncated": False,
        "bytes": 23,
    }


def test_an_attempt_without_an_answer_says_why(client, store, delivery_id):
    attempt(store, delivery_id, unanswered(ErrorCode.CONNECT_REFUSED, detail="hooks.example.com refused"))

    (shown,) = read(client, delivery_id)["attempts"]

    assert (shown["status_code"], shown["error"], shown["response"]) == (None, "connect_refused", None)
    assert shown["error_detail"] == "hooks.example.com refused"


def test_attempts_are_numbered_for_ever_through_retries_and_replays(client, store, delivery_id):
    """Case 105."""
    attempt(store, delivery_id, answered(500))
    let_it_come_due(store, 10)
    attempt(store, delivery_id, answered(200))
    replayed = client.post(f"/v1/deliveries/{delivery_id}/replay")
    attempt(store, delivery_id, answered(200))

    delivery = read(client, delivery_id)

    assert (replayed.status_code, replayed.json["status"], set(replayed.json)) == (202, "pending", FIELDS)
    assert [each["number"] for each in delivery["attempts"]] == [1, 2, 3]
    assert [each["trigger"] for each in delivery["attempts"]] == ["initial", "retry", "replay"]
    assert (delivery["status"], delivery["attempts_count"], delivery["replays"]) == ("delivered", 3, 1)
    assert delivery["retries_left"] == 5


def test_a_replay_is_published_at_once(client, store, queue, delivery_id):
    attempt(store, delivery_id, answered(200))
    queue.published.clear()

    client.post(f"/v1/deliveries/{delivery_id}/replay")

    assert [(each.delivery_id, each.attempt) for each in queue.published] == [(delivery_id, 2)]


def test_an_exhausted_delivery_has_no_retries_left(client, store, delivery_id):
    attempt(store, delivery_id, unanswered(ErrorCode.ADDRESS_REFUSED, final=True))

    delivery = read(client, delivery_id)

    assert (delivery["status"], delivery["last_error"], delivery["retries_left"]) == (
        "exhausted",
        "address_refused",
        0,
    )
    assert delivery["finished_at"] is not None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"caf\xc3\xa9", ("café", "utf-8")),
        (b"caf\xc3", (base64.b64encode(b"caf\xc3").decode(), "base64")),
        (b"\xff\x00", (base64.b64encode(b"\xff\x00").decode(), "base64")),
        (b"", ("", "utf-8")),
    ],
)
def test_a_body_that_is_no_text_is_shown_in_base64(client, store, delivery_id, body, expected):
    attempt(store, delivery_id, answered(200, body=body))

    (shown,) = read(client, delivery_id)["attempts"]

    assert (shown["response"]["body"], shown["response"]["body_encoding"]) == expected
    assert shown["response"]["truncated"] is False


def test_a_text_that_was_cut_within_a_character_is_still_text(client, store, delivery_id):
    attempt(store, delivery_id, answered(200, body=b"caf\xc3", truncated=True))

    (shown,) = read(client, delivery_id)["attempts"]

    assert (shown["response"]["body"], shown["response"]["body_encoding"]) == ("caf", "utf-8")
    assert shown["response"]["truncated"] is True


def test_signatures_and_credentials_of_a_request_are_masked(client, store, delivery_id):
    """Case 140."""
    headers = {"webhook-id": "evt_1", "webhook-signature": "v1,abc", "Authorization": "Bearer HUSH", "X-Env": "p"}
    attempt(store, delivery_id, answered(200), request_headers=headers)

    (shown,) = read(client, delivery_id)["attempts"]

    sent = shown["request"]["headers"]
    assert sent["webhook-signature"] == sent["Authorization"] == "***"
    assert (sent["webhook-id"], sent["X-Env"]) == ("evt_1", "p")


def test_an_unfinished_delivery_cannot_be_replayed(client, delivery_id):
    answer = client.post(f"/v1/deliveries/{delivery_id}/replay")

    assert (answer.status_code, answer.json["code"]) == (409, "conflict")


def test_a_delivery_of_a_stopped_endpoint_cannot_be_replayed(client, store, endpoint, delivery_id):
    attempt(store, delivery_id, answered(200))
    client.patch(f"/v1/endpoints/{endpoint['id']}", {"enabled": False})

    assert client.post(f"/v1/deliveries/{delivery_id}/replay").status_code == 409


def test_cancelling_is_final(client, delivery_id):
    cancelled = client.post(f"/v1/deliveries/{delivery_id}/cancel")
    again = client.post(f"/v1/deliveries/{delivery_id}/cancel")

    assert (cancelled.status_code, cancelled.json["status"], cancelled.json["reason"]) == (
        200,
        "cancelled",
        "by_request",
    )
    assert (again.status_code, again.json["code"]) == (409, "conflict")


def test_cancelling_what_is_being_sent_takes_effect_at_the_end_of_the_attempt(client, store, delivery_id):
    store.claim(delivery_id, 1, "t", lease_margin_seconds=15)

    answer = client.post(f"/v1/deliveries/{delivery_id}/cancel")

    assert (answer.status_code, answer.json["status"]) == (200, "sending")


def test_a_cancelled_head_lets_the_next_one_be_published(client, store, queue):
    client.endpoint(ordered=True)
    first = client.event().json["deliveries"][0]["id"]
    second = client.event().json["deliveries"][0]["id"]
    queue.published.clear()

    client.post(f"/v1/deliveries/{first}/cancel")

    assert [each.delivery_id for each in queue.published] == [second]


def test_deliveries_of_a_deleted_endpoint_are_still_told(client, endpoint, delivery_id):
    client.delete(f"/v1/endpoints/{endpoint['id']}")

    delivery = read(client, delivery_id)

    assert (delivery["status"], delivery["reason"], delivery["url"]) == ("cancelled", "endpoint_deleted", None)


def test_the_retries_left_follow_the_schedule_as_it_is_now(client, store, endpoint, delivery_id):
    attempt(store, delivery_id, answered(500))

    client.patch(f"/v1/endpoints/{endpoint['id']}", {"retry_schedule": [1, 1, 1]})

    assert read(client, delivery_id)["retries_left"] == 2


@pytest.mark.parametrize("path", ["", "/replay", "/cancel"])
@pytest.mark.parametrize("delivery_id", ["evt_none:ep_none", "x", ":", "é"])
def test_an_unknown_delivery_is_404(client, path, delivery_id):
    method = "POST" if path else "GET"

    answer = client(method, f"/v1/deliveries/{delivery_id}{path}")

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
