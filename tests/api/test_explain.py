"""`GET /v1/explain`: why an event did or did not reach an endpoint."""

import pytest
from flask import g

from api.app import create_app
from api.auth import Principal
from tests.api.attempting import answered, attempt
from tests.api.conftest import Client


def explain(client, event_id, endpoint_id, **query):
    answer = client.get("/v1/explain", event_id=event_id, endpoint_id=endpoint_id, **query)
    assert answer.status_code == 200, answer.json
    return answer.json


def failed(body):
    return [step["check"] for step in body["steps"] if not step["passed"]]


def test_a_delivered_event_passes_every_check_and_has_its_story(client, store):
    endpoint = client.endpoint(event_types=["invoice.*"])["id"]
    event = client.event().json["id"]
    attempt(store, f"{event}:{endpoint}", answered(200))

    body = explain(client, event, endpoint)

    assert set(body) == {"verdict", "steps", "delivery", "story"}
    assert (body["verdict"], failed(body), body["delivery"]["id"]) == ("delivered", [], f"{event}:{endpoint}")
    assert {"check": "event_types", "passed": True, "detail": "invoice.* matches invoice.paid"} in body["steps"]
    assert len(body["story"]) == 3


def test_an_event_of_another_type_was_not_matched(client):
    endpoint = client.endpoint(event_types=["order.*"])["id"]
    body = explain(client, client.event().json["id"], endpoint)

    assert (body["verdict"], failed(body), body["delivery"]) == ("not_matched", ["event_types"], None)


def test_each_state_of_a_delivery_has_its_verdict(client, store):
    endpoint = client.endpoint(retry_schedule=[5], max_in_flight=10)["id"]
    waiting, exhausted, cancelled = (client.event().json["id"] for _ in range(3))
    attempt(store, f"{waiting}:{endpoint}", answered(500))
    attempt(store, f"{exhausted}:{endpoint}", answered(500), schedule=())
    client.post(f"/v1/deliveries/{cancelled}:{endpoint}/cancel")
    client.patch(f"/v1/endpoints/{endpoint}", {"description": "changed since"})

    assert [explain(client, each, endpoint)["verdict"] for each in (waiting, exhausted, cancelled)] == [
        "waiting", "failed", "cancelled",
    ]  # fmt: skip


def test_an_event_for_a_disabled_endpoint_is_skipped_and_says_so_after_enabling_too(client):
    """Case 118."""
    endpoint = client.endpoint(enabled=False)["id"]
    event = client.event().json["id"]
    client.patch(f"/v1/endpoints/{endpoint}", {"enabled": True})
    body = explain(client, event, endpoint)

    assert (body["verdict"], failed(body)) == ("skipped", ["enabled"])


def test_what_is_not_known_is_a_verdict_and_no_404(client):
    endpoint, event = client.endpoint()["id"], client.event().json["id"]

    assert explain(client, "evt_nope", endpoint)["verdict"] == "unknown_event"
    assert explain(client, event, "ep_nope")["verdict"] == "unknown_endpoint"
    assert explain(client, event, "fn_nope")["verdict"] == "unknown_endpoint"


def test_the_delivery_of_a_deleted_endpoint_is_still_explained(client):
    endpoint = client.endpoint()["id"]
    event = client.event().json["id"]
    client.delete(f"/v1/endpoints/{endpoint}")
    body = explain(client, event, endpoint)

    assert (body["verdict"], failed(body)) == ("cancelled", ["endpoint"])


def test_an_event_that_was_posted_to_another_tenant_than_the_endpoints_is_found_and_explained(client):
    endpoint = client.endpoint(tenant="acme")["id"]
    body = explain(client, client.event().json["id"], endpoint)

    assert (body["verdict"], failed(body)) == ("not_matched", ["tenant"])


def test_without_a_tenant_the_endpoints_own_is_looked_in_first(client):
    endpoint = client.endpoint(tenant="acme")["id"]
    client.event(tenant="acme", id="evt_same")
    client.event(id="evt_same")

    assert explain(client, "evt_same", endpoint)["verdict"] == "waiting"
    assert failed(explain(client, "evt_same", endpoint, tenant="default")) == ["tenant"]
    assert explain(client, "evt_same", endpoint, tenant="default")["delivery"] is None


@pytest.mark.parametrize("missing", ["event_id", "endpoint_id"])
def test_both_ids_must_be_named(client, missing):
    query = {"event_id": "evt_1", "endpoint_id": "ep_1"}
    del query[missing]
    answer = client.get("/v1/explain", **query)

    assert (answer.status_code, list(answer.json["errors"])) == (400, [missing])


@pytest.fixture
def bound(wiring):
    """A client whose key is bound to the tenant acme."""
    app = create_app(wiring)

    @app.before_request
    def bind():
        g.principal = Principal(tenant="acme")

    return Client(app)


def test_a_key_of_another_tenant_finds_nothing(client, bound):
    endpoint, event = client.endpoint(tenant="other")["id"], client.event(tenant="other").json["id"]
    mine = bound.endpoint()["id"]

    assert bound.get("/v1/explain", event_id=event, endpoint_id=endpoint).status_code == 404
    assert bound.get("/v1/explain", event_id=event, endpoint_id=mine, tenant="other").status_code == 404
    assert explain(bound, event, mine)["verdict"] == "unknown_event"


def test_a_name_that_no_key_can_have_is_harmless(client):
    assert explain(client, "a:b", "*")["verdict"] == "unknown_event"
