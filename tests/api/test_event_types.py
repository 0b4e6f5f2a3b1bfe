"""The catalogue of event types over HTTP, what publishing makes of it, and importing."""

import json

import pytest

SCHEMA = {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}}
SHAPE = {
    "name", "description", "schema", "example", "deprecated", "archived", "enforcement", "warned_count",
    "refused_count", "created_at", "updated_at",
}  # fmt: skip
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1"},
    "webhooks": {
        "invoice.paid": {"post": {"requestBody": {"content": {"application/json": {"schema": SCHEMA}}}}},
        "order.made": {"post": {"summary": "Made"}},
        "not a name": {"post": {}},
    },
}


def put(client, name="invoice.paid", **body):
    return client("PUT", f"/v1/event-types/{name}", body)


def import_document(client, raw, *, kind="application/json", **query):
    return client("POST", "/v1/event-types/import", raw=raw, headers={"Content-Type": kind}, **query)


def names(answer):
    return [each["name"] for each in answer.json["data"]]


def test_a_type_is_made_replaced_read_and_deleted(client):
    made = put(client, description="Paid", schema=SCHEMA, example={"amount": 5}, enforcement="warn")
    replaced = put(client, deprecated=True)
    read = client.get("/v1/event-types/invoice.paid")
    gone = [client.delete("/v1/event-types/invoice.paid").status_code for _ in range(2)]

    assert (made.status_code, replaced.status_code) == (201, 200)
    assert set(made.json) == SHAPE
    assert (made.json["schema"], made.json["example"], made.json["enforcement"]) == (SCHEMA, {"amount": 5}, "warn")
    assert (read.json["description"], read.json["schema"], read.json["deprecated"]) == ("", None, True)
    assert gone == [204, 204]
    assert client.get("/v1/event-types/invoice.paid").status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"schema": {"type": "nosuch"}}, "schema"),
        ({"schema": {"$ref": "http://192.0.2.1/"}}, "schema"),
        ({"schema": True}, "schema"),
        ({"schema": SCHEMA, "example": {"amount": "5"}}, "example"),
        ({"enforcement": "refuse"}, "enforcement"),
        ({"enforcement": "loudly", "schema": SCHEMA}, "enforcement"),
        ({"deprecated": 1}, "deprecated"),
        ({"description": "x" * 4001}, "description"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_field_that_cannot_be_kept_is_named(client, body, field):
    answer = put(client, **body)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
    assert list(answer.json["errors"]) == [field]
    assert client.get("/v1/event-types/invoice.paid").status_code == 404


@pytest.mark.parametrize("name", ["hookline.mine", "a..b", "x" * 257, "invoice.*", "%20"])
def test_a_name_that_nobody_could_publish_is_refused(client, name):
    assert put(client, name).status_code == 400


def test_types_are_listed_by_name_without_archived_ones_unless_asked(client):
    for name, archived in (("b.a", False), ("a", False), ("b.b", True)):
        put(client, name, archived=archived)
    first = client.get("/v1/event-types", limit=1)

    assert names(client.get("/v1/event-types")) == ["a", "b.a"]
    assert names(client.get("/v1/event-types", archived="true", pattern="b.*")) == ["b.a", "b.b"]
    assert names(client.get("/v1/event-types", cursor=first.json["next"], limit=1)) == ["b.a"]
    assert client.get("/v1/event-types", archived="yes").status_code == 400
    assert client.get("/v1/event-types", pattern="*.a").status_code == 400


def test_refused_data_is_not_kept_and_burns_neither_key_nor_id(client):
    """Case 151."""
    put(client, schema=SCHEMA, enforcement="refuse")
    refused = client.event(data={"amount": "5"}, key="k1", id="e1")
    kept = client.event(data={"amount": 5}, key="k1", id="e1")

    assert (refused.status_code, refused.json["code"]) == (400, "invalid_event")
    assert list(refused.json["errors"]) == ["/data/amount"]
    assert kept.status_code == 202
    assert client.get("/v1/event-types/invoice.paid").json["refused_count"] == 1


def test_data_that_does_not_fit_is_kept_with_a_warning_where_the_type_says_so(client):
    put(client, schema=SCHEMA, enforcement="warn")
    event = client.event(data={"amount": "5"}, id="e1")
    again = client.event(data={"amount": "5"}, id="e1")

    assert event.status_code == 202
    assert event.json["warnings"] == ['/data/amount: the value is not of type "number"']
    assert (again.json["warnings"], again.json["duplicate"]) == (event.json["warnings"], True)
    assert client.get("/v1/events/e1").json["warnings"] == event.json["warnings"]
    assert client.get("/v1/event-types/invoice.paid").json["warned_count"] == 1
    assert client.event(data={"amount": 5}).json["warnings"] == []


def test_a_change_to_the_catalogue_counts_from_the_next_event_on_in_every_process(client, wiring, client_of):
    """Another process has the older catalogue in memory, and learns of the new one from the store."""
    from webhooks.intake import Intake

    other = client_of(wiring, intake=Intake(wiring.store, wiring.queue))
    before = other.event(data={}).status_code
    put(client, schema=SCHEMA, enforcement="refuse")
    during = other.event(data={}).status_code
    client.delete("/v1/event-types/invoice.paid")

    assert (before, during, other.event(data={}).status_code) == (202, 400, 202)


def test_an_event_that_was_kept_stays_a_duplicate_when_its_type_would_now_refuse_it(client):
    """Case 151."""
    client.event(data={}, key="k1")
    put(client, schema=SCHEMA, enforcement="refuse")

    assert client.event(data={}, key="k1").json["duplicate"] is True


def test_types_that_are_not_in_the_catalogue_are_published_as_ever(client):
    put(client, schema=SCHEMA, enforcement="refuse")

    assert client.event("invoice.sent", data={}).status_code == 202


def test_a_test_send_uses_the_types_example_and_is_not_judged(client):
    put(client, schema=SCHEMA, example={"amount": 7}, enforcement="refuse")
    endpoint = client.endpoint()["id"]

    def data_of(**body):
        event = client.post(f"/v1/endpoints/{endpoint}/test", body)
        assert event.status_code == 202
        return client.get(f"/v1/events/{event.json['id']}").json["data"]

    assert data_of(type="invoice.paid") == {"amount": 7}
    assert data_of(type="invoice.paid", data={"amount": "x"}) == {"amount": "x"}
    assert data_of(type="invoice.paid", data=None) is None
    assert data_of(type="other") == {"message": "A test event"}


def test_an_endpoint_is_told_what_it_would_get(client):
    for name in ("invoice.paid", "invoice.sent", "order.made"):
        put(client, name, deprecated=name == "invoice.sent")
    endpoint = client.endpoint(event_types=["invoice.*", "stock.*", "hookline.endpoint.disabled"])["id"]

    answer = client.get(f"/v1/endpoints/{endpoint}/event-types").json

    assert [(each["name"], each["pattern"], each["deprecated"]) for each in answer["data"]] == [
        ("invoice.paid", "invoice.*", False),
        ("invoice.sent", "invoice.*", True),
    ]
    assert answer["patterns_without_types"] == ["stock.*", "hookline.endpoint.disabled"]
    assert client.get("/v1/endpoints/ep_none/event-types").status_code == 404


def test_a_document_is_imported_after_a_look_at_what_would_happen(client):
    raw = json.dumps(DOCUMENT).encode()
    dry = import_document(client, raw, dry_run="true").json
    listed = names(client.get("/v1/event-types"))
    real = import_document(client, raw).json
    again = import_document(client, raw).json

    assert dry == {**real, "dry_run": True}
    assert listed == []
    assert real["created"] == ["invoice.paid", "order.made"]
    assert [each["name"] for each in real["refused"]] == ["not a name"]
    assert (again["created"], again["changed"], again["unchanged"]) == ([], [], ["invoice.paid", "order.made"])
    assert client.get("/v1/event-types/invoice.paid").json["schema"] == SCHEMA


def test_a_document_may_be_yaml_and_keeps_how_its_types_are_enforced(client):
    put(client, schema={}, enforcement="refuse")
    raw = b"openapi: 3.1.0\nwebhooks:\n  invoice.paid:\n    post:\n      description: Paid\n      requestBody:\n        content:\n          application/json:\n            schema: {type: object}\n"

    answer = import_document(client, raw, kind="application/yaml")

    assert answer.json["changed"] == ["invoice.paid"]
    kept = client.get("/v1/event-types/invoice.paid").json
    assert (kept["description"], kept["enforcement"], kept["schema"]) == ("Paid", "refuse", {"type": "object"})


@pytest.mark.parametrize(
    ("raw", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"a: *b", "application/yaml", 400),
        (b"{}", "application/json", 400),
        (b"[]", "application/yaml", 400),
        (b"{}", "text/plain", 415),
        (b"", "application/json", 400),
        (b"x" * 5000, "application/yaml", 413),
    ],
)
def test_what_is_no_document_is_refused(client, raw, kind, status):
    assert import_document(client, raw, kind=kind).status_code == status


def test_a_tenants_key_reads_the_catalogue_and_does_not_change_it(client, client_with):
    """Case 139: all tenants share it."""
    put(client)
    tenants = client_with(tenant="acme", scopes=["read", "manage"])

    refused = [
        put(tenants),
        tenants.delete("/v1/event-types/invoice.paid"),
        import_document(tenants, json.dumps(DOCUMENT).encode()),
    ]

    assert [answer.status_code for answer in refused] == [403] * 3
    assert names(tenants.get("/v1/event-types")) == ["invoice.paid"]
    assert tenants.get("/v1/event-types/invoice.paid").status_code == 200


def test_what_another_tenants_endpoint_would_get_is_not_told(client, client_with):
    """Case 139."""
    tenants = client_with(tenant="acme", scopes=["read"])
    endpoints = {tenant: client.endpoint(tenant=tenant)["id"] for tenant in ("acme", "other")}

    answers = {
        tenant: tenants.get(f"/v1/endpoints/{endpoint}/event-types").status_code
        for tenant, endpoint in endpoints.items()
    }

    assert answers == {"acme": 200, "other": 404}


def test_null_for_the_type_of_a_test_means_the_default(client):
    endpoint = client.endpoint()["id"]

    assert client.post(f"/v1/endpoints/{endpoint}/test", {"type": None}).json["type"] == "hookline.test"
