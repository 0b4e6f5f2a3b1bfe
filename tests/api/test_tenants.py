"""Tenants, their retention and their deletion; and erasing a payload."""

import pytest

from tests.api.attempting import answered, attempt


@pytest.fixture
def run_jobs(store):
    def run():
        while jobs := [each for each in store.stage().jobs if each != "notices"]:
            for job in jobs:
                store.run_job(job)

    return run


@pytest.fixture
def bound(client, client_of, wiring):
    body = {"name": "acme's", "tenant": "acme", "scopes": ["publish", "manage", "read"]}
    bound = client_of(wiring)
    bound.headers = {"Authorization": f"Bearer {client.post('/v1/keys', body).json['key']}"}
    return bound


def test_tenants_are_listed_with_their_counts_page_by_page(client):
    for tenant in ("b", "a", "c"):
        client.endpoint(tenant=tenant)
        client.event(tenant=tenant)
    client("POST", "/webhook", {"type": "a.b"}, headers={"webhook-id": "msg_1"})

    first = client.get("/v1/tenants", limit=2).json
    rest = client.get("/v1/tenants", limit=2, cursor=first["next"]).json

    assert [each["id"] for each in first["data"] + rest["data"]] == ["a", "b", "c"]
    assert rest["next"] is None
    assert client.get("/v1/tenants/a").json == first["data"][0]
    assert first["data"][0] == {
        "id": "a",
        "endpoints_count": 1,
        "events_count": 1,
        "unfinished_count": 1,
        "delivered_count": 0,
        "failed_count": 0,
        "retention_seconds": None,
        "retention_by_type": {},
    }


@pytest.mark.parametrize("call", [("GET", "/v1/tenants/none"), ("DELETE", "/v1/tenants/none")])
def test_a_tenant_of_which_there_is_nothing_is_not_there(client, call):
    answer = client(*call)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")


def test_a_retention_is_given_changed_in_part_and_taken_back(client):
    given = client.patch("/v1/tenants/acme", {"retention_seconds": 86400, "retention_by_type": {"a.b": 60}}).json
    changed = client.patch("/v1/tenants/acme", {"retention_seconds": None}).json
    client.patch("/v1/tenants/acme", {"retention_by_type": None})

    assert (given["retention_seconds"], given["retention_by_type"]) == (86400, {"a.b": 60})
    assert (changed["retention_seconds"], changed["retention_by_type"]) == (None, {"a.b": 60})
    assert client.get("/v1/tenants/acme").status_code == 404
    [last, *_] = client.get("/v1/audit", tenant="acme").json["data"]
    assert (last["action"], last["before"]["retention_by_type"], last["after"]) == ("change_tenant", {"a.b": 60}, None)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"retention_seconds": 59}, "retention_seconds"),
        ({"retention_seconds": "30d"}, "retention_seconds"),
        ({"retention_by_type": {"a.b": 1}}, "retention_by_type.a.b"),
        ({"retention_by_type": {"no type": 60}}, "retention_by_type.no type"),
        ({"retention_by_type": []}, "retention_by_type"),
        ({"retention_by_type": {f"a{number}": 60 for number in range(101)}}, "retention_by_type"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_retention_that_is_none_is_refused_by_field(client, body, field):
    answer = client.patch("/v1/tenants/acme", body)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])


@pytest.mark.parametrize("name", ["no.dots", "in.default", "x" * 65])
def test_a_name_that_no_tenant_can_have_is_not_there(client, name):
    for method, body in (("PATCH", {"retention_seconds": 60}), ("GET", None), ("DELETE", None)):
        assert client(method, f"/v1/tenants/{name}", body).status_code == 404


def test_events_go_after_their_tenants_retention(client, store, run_jobs):
    client.patch("/v1/tenants/acme", {"retention_seconds": 60})
    client.endpoint(tenant="acme")
    delivery = client.event(tenant="acme").json["deliveries"][0]["id"]
    attempt(store, delivery, answered(200))

    store.client.incrby("clock:offset", 61_000_000)
    run_jobs()

    assert client.get(f"/v1/deliveries/{delivery}").status_code == 404
    assert client.get("/v1/events", tenant="acme").json["data"] == []


def test_a_tenant_is_deleted_with_its_keys_and_shows_how_far_it_is(client, bound, run_jobs):
    endpoint = client.endpoint(tenant="acme")["id"]
    event = client.event(tenant="acme").json["id"]
    assert bound.get("/v1/events").status_code == 200

    begun = client.delete("/v1/tenants/acme")

    assert (begun.status_code, begun.json["status"], begun.json["total"]) == (202, "running", 3)
    late = client.event(tenant="acme")
    assert (late.status_code, late.json["code"]) == (409, "conflict")
    run_jobs()
    ended = client.get(f"/v1/recoveries/{begun.json['id']}").json
    assert (ended["status"], ended["done"], ended["finished_at"] is None) == ("done", 3, False)
    for path in (f"/v1/endpoints/{endpoint}", f"/v1/deliveries/{event}:{endpoint}", "/v1/tenants/acme"):
        assert client.get(path).status_code == 404
    assert client.get("/v1/events", tenant="acme").json["data"] == []
    assert client.get("/v1/keys", tenant="acme").json["data"] == []
    assert [each["action"] for each in client.get("/v1/audit", target="acme").json["data"]] == ["delete_tenant"]


def test_the_installations_tenants_are_nothing_for_a_bound_key(bound, client):
    """Case 139."""
    client.endpoint(tenant="other")

    for method, path in (("GET", "/v1/tenants"), ("GET", "/v1/tenants/acme"), ("DELETE", "/v1/tenants/acme")):
        assert bound(method, path).status_code == 403
    assert bound.patch("/v1/tenants/acme", {"retention_seconds": 60}).status_code == 403


def test_a_payload_is_erased_and_the_status_stays(client, store, run_jobs):
    client.endpoint()
    waiting = client.endpoint()["id"]
    event = client.event(data={"name": "Ada"}).json
    attempt(store, event["deliveries"][0]["id"], answered(200))

    assert client.delete(f"/v1/events/{event['id']}/payload").status_code == 204
    run_jobs()

    after = client.get(f"/v1/events/{event['id']}").json
    assert (after["data"], after["body"], after["payload_erased_at"] is None) == (None, None, False)
    assert {each["endpoint_id"]: each["status"] for each in after["deliveries"]} == {
        event["deliveries"][0]["endpoint_id"]: "delivered",
        waiting: "cancelled",
    }
    assert client.get(f"/v1/deliveries/{event['id']}:{waiting}").json["reason"] == "payload_erased"
    assert client.post(f"/v1/deliveries/{event['id']}:{waiting}/replay").status_code == 409
    assert client.delete(f"/v1/events/{event['id']}/payload").status_code == 204
    explained = client.get("/v1/explain", event_id=event["id"], endpoint_id=waiting).json
    assert (explained["verdict"], "payload was erased" in explained["story"][-1]) == ("cancelled", True)
    assert not any(b"Ada" in store.client.dump(name) for name in store.client.keys("*"))


def test_there_is_nothing_to_erase_of_an_unknown_event_or_another_tenants(client, bound):
    """Case 139."""
    event = client.event(tenant="other").json["id"]

    assert client.delete("/v1/events/evt_none/payload").status_code == 404
    assert bound.delete(f"/v1/events/{event}/payload").status_code == 404
    assert bound.delete(f"/v1/events/{event}/payload?tenant=other").status_code == 404
    assert client.get(f"/v1/events/{event}?tenant=other").json["body"] is not None
