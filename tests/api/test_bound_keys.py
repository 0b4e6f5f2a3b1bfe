"""What a key that is bound to one tenant finds of another's things (case 139)."""

import pytest


@pytest.fixture
def bound(client, client_of, wiring):
    """A client whose key is bound to the tenant acme."""
    body = {"name": "acme's", "tenant": "acme", "scopes": ["publish", "manage", "read"]}
    bound = client_of(wiring)
    bound.headers = {"Authorization": f"Bearer {client.post('/v1/keys', body).json['key']}"}
    return bound


@pytest.fixture
def other(client):
    """Another tenant's endpoint, event and delivery."""
    endpoint = client.endpoint(tenant="other")["id"]
    event = client.event(tenant="other").json["id"]
    recovery = client.post("/v1/recoveries", {"since": "2020-01-01T00:00:00Z", "tenant": "other"}).json["id"]
    return {"endpoint": endpoint, "event": event, "delivery": f"{event}:{endpoint}", "recovery": recovery}


@pytest.mark.parametrize(
    "call",
    [
        ("GET", "/v1/endpoints/{endpoint}", None),
        ("PATCH", "/v1/endpoints/{endpoint}", {"description": "x"}),
        ("DELETE", "/v1/endpoints/{endpoint}", None),
        ("GET", "/v1/endpoints/{endpoint}/secret", None),
        ("POST", "/v1/endpoints/{endpoint}/secret/rotate", None),
        ("DELETE", "/v1/endpoints/{endpoint}/secret/previous", None),
        ("POST", "/v1/endpoints/{endpoint}/recover", {"since": "2020-01-01T00:00:00Z"}),
        ("GET", "/v1/recoveries/{recovery}", None),
        ("POST", "/v1/endpoints/{endpoint}/test", None),
        ("GET", "/v1/deliveries/{delivery}", None),
        ("POST", "/v1/deliveries/{delivery}/replay", None),
        ("POST", "/v1/deliveries/{delivery}/cancel", None),
        ("GET", "/v1/events/{event}", None),
        ("GET", "/v1/events/{event}?tenant=other", None),
        ("POST", "/v1/events/{event}/replay", None),
        ("POST", "/v1/events/{event}/replay?tenant=other", None),
        ("GET", "/v1/events?tenant=other", None),
        ("GET", "/v1/deliveries?tenant=other", None),
        ("GET", "/v1/endpoints?tenant=other", None),
        ("DELETE", "/v1/events/{event}/payload?tenant=other", None),
        ("GET", "/v1/endpoints/{endpoint}/stats", None),
        ("GET", "/v1/endpoints/{endpoint}/event-types", None),
        ("GET", "/v1/explain?event_id={event}&endpoint_id={endpoint}&tenant=other", None),
        ("GET", "/v1/keys?tenant=other", None),
        ("GET", "/v1/audit?tenant=other", None),
        ("GET", "/v1/portal-links?tenant=other", None),
        ("GET", "/v1/inbox", None),
        ("GET", "/v1/inbox/counts", None),
        ("GET", "/v1/inbox/default/msg_1", None),
        ("POST", "/v1/inbox/default/msg_1/replay", None),
        ("POST", "/v1/inbox/default/msg_1/ignore", None),
    ],
)
def test_another_tenants_things_are_not_there(bound, other, store, call):
    method, path, body = call

    answer = bound(method, path.format(**other), body)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert store.endpoint(other["endpoint"]).description == ""


def test_what_is_not_named_is_narrowed_to_the_keys_tenant(bound, other):
    mine = bound.endpoint()
    event = bound.event().json

    assert mine["tenant"] == event["tenant"] == "acme"
    assert [each["id"] for each in bound.get("/v1/endpoints").json["data"]] == [mine["id"]]
    assert [each["id"] for each in bound.get("/v1/deliveries").json["data"]] == [f"{event['id']}:{mine['id']}"]
    assert bound.get("/v1/deliveries", endpoint_id=other["endpoint"]).json["data"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/events", {"type": "a.b", "data": 1}),
        ("/v1/endpoints", {"url": "https://a.example/"}),
        ("/v1/recoveries", {"since": "2020-01-01T00:00:00Z"}),
    ],
)
def test_making_something_for_another_tenant_is_forbidden(bound, path, body):
    answer = bound.post(path, {**body, "tenant": "other"})

    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
