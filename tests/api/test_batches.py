"""`POST /v1/events/batch`: each row on its own, in order, in few round trips."""

import json
from dataclasses import replace

import pytest

from webhooks.adapters.redis_events import RedisEvents
from webhooks.errors import Unavailable

SCHEMA = {"type": "object", "required": ["amount"]}


def post(client, *rows, **headers):
    return client.post("/v1/events/batch", {"events": list(rows)}, headers=headers)


def raw_post(client, raw):
    return client.post("/v1/events/batch", raw=raw)


def row(event_id=None, **fields):
    return {"type": "invoice.paid", "data": {"amount": 1}, **({"id": event_id} if event_id else {}), **fields}


def statuses(answer):
    assert answer.status_code == 200, answer.json
    return [each["status"] for each in answer.json["data"]]


def test_each_row_is_kept_and_answered_as_if_it_were_posted_alone(client, queue):
    endpoint = client.endpoint()["id"]
    client.endpoint(enabled=False)
    answer = post(client, row("e1"), row("e2"))
    alone = client.event("invoice.paid", {"amount": 1}, id="e3").json

    assert statuses(answer) == [202, 202]
    told = [each["event"] for each in answer.json["data"]]
    assert [each["id"] for each in told] == ["e1", "e2"]
    assert set(told[0]) == set(alone)
    assert client.get("/v1/events/e1").json["data"] == {"amount": 1}
    assert [each["event"]["deliveries"][0]["endpoint_id"] for each in answer.json["data"]] == [endpoint] * 2
    assert [each.delivery_id for each in queue.published] == [f"e1:{endpoint}"]  # one slot until its first success


def test_a_bad_row_refuses_no_other_and_names_its_fields(client):
    answer = post(
        client,
        row("e1"),
        row("e2", type="not a type"),
        row("e3", channels=["c"] * 6, surprise=1),
        {"type": "a.b"},
        5,
        row("e6", data="x" * 5000),
        row("e7"),
    )

    assert statuses(answer) == [202, 400, 400, 400, 400, 413, 202]
    problems = [each.get("problem") for each in answer.json["data"]]
    assert [sorted(each["errors"]) for each in problems[1:4]] == [["type"], ["channels", "surprise"], ["data"]]
    assert {each["code"] for each in problems[1:5]} == {"invalid_event"}
    assert all(each["request_id"] == answer.headers["X-Request-Id"] for each in problems[1:6])
    assert len(client.get("/v1/events").json["data"]) == 2


def test_rows_that_repeat_each_other_make_one_event(client):
    """Case 151."""
    answer = post(client, row("e1"), row("e1"), row("e1", data=2), row(idempotency_key="k"), row(idempotency_key="k"))

    assert statuses(answer) == [202, 200, 409, 202, 200]
    told = answer.json["data"]
    assert [told[1]["event"]["duplicate"], told[4]["event"]["duplicate"]] == [True, True]
    assert told[2]["problem"]["code"] == "conflict"
    assert told[3]["event"]["id"] == told[4]["event"]["id"]


def test_a_batch_that_is_repeated_makes_nothing_new(client, queue):
    """Case 151."""
    client.endpoint()
    rows = [row(f"e{n}") for n in range(5)] + [row(idempotency_key="k")]
    first = post(client, *rows)
    published = len(queue.published)
    second = post(client, *rows)

    assert (statuses(first), statuses(second)) == ([202] * 6, [200] * 6)
    assert len(queue.published) == published
    assert client.event("invoice.paid", {"amount": 1}, key="k").json["duplicate"] is True


def test_a_refused_row_burns_neither_key_nor_id(client):
    """Case 151."""
    post(client, row("e1", type="not a type", idempotency_key="k"))

    assert statuses(post(client, row("e1", idempotency_key="k"))) == [202]


def test_rows_of_several_tenants_reach_their_own_endpoints(client):
    """Case 139."""
    endpoints = {tenant: client.endpoint(tenant=tenant)["id"] for tenant in ("acme", "other")}
    answer = post(client, row("e1", tenant="acme"), row("e1", tenant="other"), row(tenant="in.default"))

    assert statuses(answer) == [202, 202, 400]
    owed = {each["event"]["tenant"]: each["event"]["deliveries"] for each in answer.json["data"][:2]}
    assert {tenant: [each["endpoint_id"] for each in found] for tenant, found in owed.items()} == {
        tenant: [endpoint] for tenant, endpoint in endpoints.items()
    }


def test_schemas_and_filters_are_asked_row_by_row(client):
    client("PUT", "/v1/event-types/invoice.paid", {"schema": SCHEMA, "enforcement": "refuse"})
    client.endpoint(filter="data.amount > `1`")
    answer = post(client, row(data={"amount": 2}), row(data={}), row())

    assert statuses(answer) == [202, 400, 202]
    assert [each["event"]["deliveries_count"] for each in answer.json["data"] if "event" in each] == [1, 0]
    assert list(answer.json["data"][1]["problem"]["errors"]) == ["/data"]


def test_data_of_a_row_is_kept_byte_for_byte(client):
    """Case 18."""
    raw_post(client, b' { "events" : [ {"type":"a.b","id":"e1","data": { "x":1.10 ,"y":9007199254740993 } } ] } ')

    assert b'"data":{ "x":1.10 ,"y":9007199254740993 }' in client.get("/v1/events/e1").data


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"events":{}}',
        b'{"events":null}',
        b'{"events":[],"more":1}',
        b'{"events":[],"events":[{"type":"a.b","data":1}]}',
        b'{"events":[{"type":"a.b","data":1}],"events":[]}',
        b'{"events":[{"type":"a.b","data":1}]',
        b'{"events":[' + b"[" * 1500 + b"]" * 1500 + b"]}",
    ],
)
def test_a_body_that_is_no_batch_is_refused_whole(client, raw):
    answer = raw_post(client, raw)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
    assert client.get("/v1/events").json["data"] == []


def test_a_thousand_rows_are_taken_and_one_more_is_not(client):
    assert statuses(post(client, *[row() for _ in range(1000)])) == [202] * 1000
    refused = post(client, *[row() for _ in range(1001)])

    assert (refused.status_code, list(refused.json["errors"])) == (400, ["events"])
    assert statuses(post(client)) == []


def test_a_batch_has_its_own_limit_and_each_row_that_of_a_single_event(client, wiring, client_of):
    small = client_of(wiring, settings=replace(wiring.settings, max_batch_bytes=10_000))
    rows = [row(data="x" * 3000) for _ in range(3)]

    assert statuses(post(small, *rows)) == [202] * 3
    assert post(small, *rows, *rows).status_code == 413
    assert wiring.settings.max_batch_bytes == 16 * 1024 * 1024


def test_one_key_for_a_whole_batch_is_refused_since_rows_have_their_own(client):
    answer = post(client, row(), **{"Idempotency-Key": "k"})

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["Idempotency-Key"])


class CountingClient:
    """Passes everything on, and counts the round trips."""

    def __init__(self, client):
        self._client = client
        self.trips = 0

    def pipeline(self, **options):
        self.trips += 1
        return self._client.pipeline(**options)

    def evalsha(self, *arguments):
        self.trips += 1
        return self._client.evalsha(*arguments)

    def __getattr__(self, name):
        return getattr(self._client, name)


def test_a_batch_takes_one_round_trip_to_the_store_and_one_to_the_broker(client, store, wiring, client_of):
    for number in range(150):
        client.endpoint(event_types=[f"type{number}"])
    counting = CountingClient(store.client)
    scripts = replace_client(store.scripts, counting)
    calls = []

    class Queue:
        def publish(self, reminders):
            calls.append(len(reminders))
            return True

    counted = replace(store, client=counting, scripts=scripts)
    from webhooks.intake import Intake

    other = client_of(wiring, store=counted, intake=Intake(counted, Queue()))
    other.event()
    counting.trips, calls[:] = 0, []
    answer = post(other, *[row(type=f"type{number}") for number in range(150)])

    assert statuses(answer) == [202] * 150
    assert (counting.trips, calls) == (1, [150])


def replace_client(scripts, client):
    from webhooks.adapters.scripts import Scripts

    other = Scripts(client, {})
    other._policy = scripts._policy
    return other


def test_endpoints_that_changed_meanwhile_are_matched_again_for_all_rows(client, wiring, client_of):
    from webhooks.intake import Intake

    other = client_of(wiring, intake=Intake(wiring.store, wiring.queue))
    other.event()
    endpoint = client.endpoint()["id"]
    answer = post(other, row("e1"), row("e1"), row("e2"))

    assert statuses(answer) == [202, 200, 202]
    assert [each["event"]["deliveries"][0]["endpoint_id"] for each in answer.json["data"]] == [endpoint] * 3


def test_where_the_store_stops_answering_on_the_way_the_rest_is_told_so(client, store, wiring, client_of, monkeypatch):
    """Case 151: what was kept is told, and repeating the whole batch makes only what is missing."""
    monkeypatch.setattr("webhooks.adapters.redis_events.MOST_TOGETHER", 2)
    accept, calls = RedisEvents._accept, []

    def failing(self, postings):
        calls.append(len(postings))
        if len(calls) == 2:
            raise Unavailable("Redis does not answer")
        return accept(self, postings)

    monkeypatch.setattr(RedisEvents, "_accept", failing)
    rows = [row(f"e{n}") for n in range(5)]
    first = post(client, *rows)
    second = post(client, *rows)

    assert statuses(first) == [202, 202, 503, 503, 503]
    assert statuses(second) == [200, 200, 202, 202, 202]


def test_a_store_that_does_not_answer_at_all_is_503(dead_client):
    assert post(dead_client, row()).status_code == 503


def test_a_script_that_the_server_forgot_is_brought_again_in_order(client, store):
    client.endpoint()
    client.event()
    store.client.script_flush()

    assert statuses(post(client, row("e1"), row("e1"), row("e2"))) == [202, 200, 202]


def test_the_documented_rows_are_those_of_single_events_with_a_key(client):
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    batched = schemas["BatchedEvent"]["properties"]

    assert set(batched) == {*schemas["Event"]["properties"], "idempotency_key"}
    assert schemas["Batch"]["properties"]["events"]["maxItems"] == 1000
    assert json.dumps(schemas["Batch"]).count("BatchedEvent") == 1


def test_a_bound_key_publishes_rows_of_its_own_tenant_alone(client, client_with):
    """Case 139."""
    answer = post(
        client_with(tenant="acme", scopes=["publish"]), row("e1"), row("e2", tenant="acme"), row("e3", tenant="other")
    )

    assert statuses(answer) == [202, 202, 403]
    assert client.get("/v1/events", tenant="other").json["data"] == []


def test_a_row_that_cannot_be_read_again_fails_no_other(client, store, monkeypatch):
    """Case 151: a duplicate is read from the store, which may fail for that row alone."""
    post(client, row("e1"))
    read = RedisEvents.event

    def failing(self, tenant, event_id):
        if event_id == "e1":
            raise Unavailable("Redis does not answer")
        return read(self, tenant, event_id)

    monkeypatch.setattr(RedisEvents, "event", failing)

    assert statuses(post(client, row("e0"), row("e1"), row("e2"))) == [202, 503, 202]


def test_no_answer_about_events_or_their_types_has_a_secret_in_it(client):
    """Case 140."""
    made = client.endpoint(headers={"Authorization": "Bearer very-secret"}, filter="starts_with(data, 'x')")
    client("PUT", "/v1/event-types/a.b", {"schema": {"type": "string"}, "enforcement": "refuse"})
    batch = post(client, row("e1", type="a.b", data="x"), row("e2", type="a.b"), row("e3", data=5))
    answers = [
        batch,
        client.get("/v1/events/e1"),
        client.get("/v1/explain", event_id="e3", endpoint_id=made["id"]),
        client.get(f"/v1/endpoints/{made['id']}/event-types"),
        client.get("/v1/event-types"),
    ]

    assert statuses(batch) == [202, 400, 202]
    for answer in answers:
        assert "very-secret" not in answer.text
        assert made["secret"] not in answer.text
