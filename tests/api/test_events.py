import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.conftest import MAX_BODY

EVENT_FIELDS = {
    "id", "type", "tenant", "occurred_at", "created_at", "duplicate", "warnings", "deliveries", "deliveries_count", "skipped",
    "skipped_count",
}  # fmt: skip


def raw_event(client, raw):
    return client.post("/v1/events", raw=raw)


def test_an_event_is_kept_with_a_delivery_for_each_endpoint_that_asked(client, queue):
    endpoint = client.endpoint(event_types=["invoice.*"])
    client.endpoint(event_types=["order.*"])

    answer = client.event(data={"a": 1})

    event = answer.json
    assert answer.status_code == 202
    assert set(event) == EVENT_FIELDS
    delivery_id = f"{event['id']}:{endpoint['id']}"
    assert event["deliveries"] == [
        {"id": delivery_id, "endpoint_id": endpoint["id"], "status": "pending"},
    ]
    assert (event["deliveries_count"], event["skipped_count"], event["duplicate"]) == (1, 0, False)
    assert [reminder.delivery_id for reminder in queue.published] == [delivery_id]


def test_what_a_publisher_is_told_is_what_a_reader_is_told(client):
    client.endpoint()
    client.endpoint(enabled=False)

    event = client.event().json
    read = client.get(f"/v1/events/{event['id']}").json

    assert {name: read[name] for name in EVENT_FIELDS} == event


def test_a_disabled_endpoint_that_would_have_matched_is_skipped_and_told(client):
    endpoint = client.endpoint(enabled=False)

    event = client.event().json

    assert event["deliveries"] == []
    assert event["skipped"] == [
        {"id": f"{event['id']}:{endpoint['id']}", "endpoint_id": endpoint["id"], "reason": "endpoint_disabled"}
    ]


def test_a_broker_that_does_not_answer_delays_and_does_not_refuse(client, queue):
    client.endpoint()
    queue.fails = True

    assert client.event().status_code == 202


@pytest.mark.parametrize(
    "data",
    [b'{"id":9007199254740993,"amt":1.0}', b'{ "x":1e2,\n "y":1.10 , "z":-0.0}', b'"\\u00e9\\/"', b"null", b"[ ]"],
)
def test_data_is_sent_and_shown_byte_for_byte(client, data):
    """Case 18: no number is parsed and written anew."""
    event = raw_event(client, b'{"type":"a.b","data":' + data + b"}").json

    answer = client.get(f"/v1/events/{event['id']}")

    assert b'"data":' + data + b',"body"' in answer.data
    occurred_at = event["occurred_at"]
    assert answer.json["body"].encode() == b'{"type":"a.b","timestamp":"%s","data":%s}' % (
        occurred_at.encode(),
        data,
    )


def test_the_callers_time_and_choices_are_kept(client):
    wanted = client.endpoint()
    client.endpoint()

    event = client.event(
        occurred_at="2020-01-02T03:04:05.678901+01:00",
        endpoint_ids=[wanted["id"]],
        ordering_key="k",
        channels=["eu"],
        id="order-7",
        tenant=None,
    ).json

    assert (event["id"], event["occurred_at"]) == ("order-7", "2020-01-02T02:04:05.678Z")
    assert [each["endpoint_id"] for each in event["deliveries"]] == [wanted["id"]]


def test_two_tenants_may_choose_the_same_id(client):
    assert client.event(id="e1", tenant="acme").status_code == 202
    assert client.event(id="e1", tenant="other").status_code == 202
    assert client.get("/v1/events/e1", tenant="acme").json["tenant"] == "acme"
    assert client.get("/v1/events/e1").status_code == 404


def test_the_same_key_and_content_make_one_event(client):
    """Case 151."""
    first = client.event(data=[1], key="k1")
    second = client.event(data=[1], key="k1")

    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json == {**first.json, "duplicate": True}


def test_the_same_id_and_content_make_one_event_as_it_is_now(client, store):
    client.endpoint()
    first = client.event(id="e1").json
    store.cancel(first["deliveries"][0]["id"])

    second = client.event(id="e1").json

    assert second["duplicate"] is True
    assert second["deliveries"][0]["status"] == "cancelled"


@pytest.mark.parametrize("given", [{"key": "k1"}, {"id": "e1"}, {"key": "k1", "id": "e1"}])
def test_twenty_equal_calls_at_once_make_one_event(client, app, store, given):
    """Case 151."""
    client.endpoint()
    body = json.dumps({"type": "a.b", "data": 1, **{name: given[name] for name in given if name == "id"}}).encode()
    headers = {**client.headers, "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": given["key"]} if "key" in given else {}

    def publish(_):
        return app.test_client().post("/v1/events", data=body, headers=headers)

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(publish, range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [202]
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(client.get("/v1/events").json["data"]) == 1
    assert len(client.get("/v1/deliveries").json["data"]) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"data": {"a":  2}},
        {"type": "a.c"},
        {"channels": ["eu"]},
        {"endpoint_ids": ["ep_1"]},
        {"ordering_key": "k"},
        {"occurred_at": "2020-01-01T00:00:00Z"},
    ],
)  # fmt: skip
def test_other_content_is_refused_under_the_same_id_and_under_the_same_key(client, other):
    same = {"type": "a.b", "data": {"a": 1}}
    client.post("/v1/events", {**same, "id": "e1"})
    client.post("/v1/events", same, headers={"Idempotency-Key": "k1"})

    for_id = client.post("/v1/events", {**same, "id": "e1", **other})
    for_key = client.post("/v1/events", {**same, **other}, headers={"Idempotency-Key": "k1"})

    assert (for_id.status_code, for_id.json["code"]) == (409, "conflict")
    assert (for_key.status_code, for_key.json["code"]) == (409, "idempotency_mismatch")


def test_an_id_and_a_key_that_point_to_different_events_conflict(client):
    client.event(key="k1")
    client.event(id="e2")

    assert client.event(key="k1", id="e2").status_code == 409
    assert client.event(key="k1", id="e3").status_code == 409


def test_white_space_within_data_is_other_content(client):
    raw_event(client, b'{"type":"a.b","id":"e1","data":{"a":1}}')

    assert raw_event(client, b'{"type":"a.b","id":"e1","data":{"a": 1}}').status_code == 409
    assert raw_event(client, b'{"id":"e1", "data":{"a":1} ,"type":"a.b"}').status_code == 200


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        ({"event_type": "not a type"}, 400),
        ({"channels": ["c"] * 6}, 400),
        ({"tenant": "in.default"}, 400),
        ({"data": "x" * MAX_BODY}, 413),
    ],
)
def test_a_refused_call_burns_neither_key_nor_id(client, refused, status):
    """Case 151."""
    assert client.event(**refused, key="k1", id="e1").status_code == status

    assert client.event(key="k1", id="e1").status_code == 202


def test_a_key_says_nothing_about_another_tenants_events(client):
    """Case 151: a key is remembered for its tenant."""
    assert client.event(key="k1", tenant="acme").status_code == 202
    assert client.event(key="k1", tenant="other").status_code == 202


def test_a_key_is_new_again_after_a_day(client, store):
    """Case 151: the same key after the window."""
    first = client.event(key="k1").json
    remaining_ms = store.client.pttl("idempotency:default:k1")
    store.client.pexpire("idempotency:default:k1", remaining_ms - 24 * 3600 * 1000)

    second = client.event("other.type", key="k1")

    assert 0 < remaining_ms <= 24 * 3600 * 1000
    assert (second.status_code, second.json["id"] == first["id"]) == (202, False)


def test_all_matching_endpoints_are_counted_while_the_background_still_makes_their_deliveries(client, store):
    for number in range(140):
        client.endpoint(enabled=number % 10 > 0)
    event = client.event().json

    def read():
        now = client.get(f"/v1/events/{event['id']}").json
        made = len(store.event_deliveries("default", event["id"], limit=1000))
        return made, now["deliveries_count"], now["skipped_count"]

    before = read()
    store.run_job(f"fanout:default:{event['id']}")

    assert (event["deliveries_count"], event["skipped_count"]) == (126, 14)
    assert (before, read()) == ((100, 126, 14), (140, 126, 14))


@pytest.mark.parametrize("key", ["", "x" * 256, "ké", "a\tb"])
def test_an_idempotency_key_that_cannot_be_kept_is_refused(client, key):
    answer = client.event(key=key)

    assert answer.status_code == 400
    assert list(answer.json["errors"]) == ["Idempotency-Key"]


def test_an_unknown_event_is_404_whatever_its_id_looks_like(client):
    for event_id in ("evt_none", "a:b", "..", "%00", "x" * 500):
        assert client.get(f"/v1/events/{event_id}").status_code == 404


def test_replaying_an_event_replays_what_is_finished_and_names_the_rest(client, store, queue):
    finished, unfinished, stopped = client.endpoint(), client.endpoint(), client.endpoint(enabled=False)
    event = client.event().json
    store.cancel(f"{event['id']}:{finished['id']}")
    queue.published.clear()

    answer = client.post(f"/v1/events/{event['id']}/replay")

    assert answer.status_code == 202
    assert answer.json["replayed"] == [f"{event['id']}:{finished['id']}"]
    assert [each["id"] for each in answer.json["refused"]] == [
        f"{event['id']}:{unfinished['id']}",
        f"{event['id']}:{stopped['id']}",
    ]
    assert all(each["reason"] for each in answer.json["refused"])
    assert client.post("/v1/events/evt_none/replay").status_code == 404


def test_events_are_listed_newest_first_and_by_type(client):
    ids = [client.event(event_type).json["id"] for event_type in ("a.b", "a.c", "a.b")]

    every, some = client.get("/v1/events").json, client.get("/v1/events", event_type="a.b").json

    assert [event["id"] for event in every["data"]] == ids[::-1]
    assert [event["id"] for event in some["data"]] == [ids[2], ids[0]]
    assert every["next"] is None
    assert set(every["data"][0]) == EVENT_FIELDS
