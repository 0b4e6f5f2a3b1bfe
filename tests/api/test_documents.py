"""The OpenAPI document, the page over it, and that answers have the shapes that it promises."""

import re

import pytest
from marshmallow import INCLUDE, Schema, fields

from api import endpoint_shapes, shapes
from tests.api.attempting import answered, attempt, unanswered


@pytest.fixture
def document(client):
    answer = client.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json


def test_every_address_of_the_api_is_documented(app, document):
    rules = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule): rule.methods - {"HEAD", "OPTIONS"}
        for rule in sorted(app.url_map.iter_rules(), key=str)
        if rule.rule.startswith(("/v1/", "/health/"))
    }

    assert set(rules) == set(document["paths"])


def test_each_call_says_what_it_does_takes_and_answers(app, document):
    operations = {
        f"{method} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    }

    methods = [rule.methods for rule in app.url_map.iter_rules() if rule.rule.startswith(("/v1/", "/health/"))]
    assert len(operations) == sum(len(each - {"HEAD", "OPTIONS"}) for each in methods)
    for name, operation in operations.items():
        assert operation["summary"], name
        assert {status[0] for status in operation["responses"]} & {"2"}, name


def test_problems_are_documented_with_their_own_content_type(document):
    """RFC 9457 section 3."""
    for response in document["components"]["responses"].values():
        assert set(response["content"]) == {"application/problem+json"}
    assert "DEFAULT_ERROR" in document["components"]["responses"]


def test_calls_that_publish_are_documented_with_examples_that_are_taken(client, document):
    calls = {"/v1/events": ("post", 202), "/v1/events/batch": ("post", 200), "/v1/event-types/{name}": ("put", 201)}
    for path, (method, status) in calls.items():
        body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["example"]
        answer = client(method.upper(), path.replace("{name}", "invoice.paid"), body)

        assert answer.status_code == status, (path, answer.json)


def test_bodies_are_documented_with_their_limits(document):
    event = document["components"]["schemas"]["Event"]
    endpoint = document["components"]["schemas"]["Endpoint"]

    assert event["required"] == ["data", "type"]
    assert event["properties"]["type"]["maxLength"] == 256
    assert endpoint["required"] == ["url"]
    assert endpoint["properties"]["timeout_seconds"]["maximum"] == 60


def test_every_reference_leads_somewhere(client, document):
    text = client.get("/openapi.json").text
    for reference in set(re.findall(r'"\$ref":"#/([^"]+)"', text)):
        found = document
        for part in reference.split("/"):
            found = found[part]
        assert found


def test_the_page_lists_every_call_and_fetches_nothing_from_elsewhere(client, document):
    page = client.get("/docs")

    assert page.content_type.startswith("text/html")
    assert all(path in page.text for path in document["paths"])
    assert not re.findall(r'(?:src|href)="(?!#|/)', page.text)
    assert re.findall(r'<script(?! src="/ui/static/theme\.js)', page.text) == []


def strict(schema):
    """The schema, refusing members that it does not name, however deep."""
    for field in schema.fields.values():
        for inner in (field, getattr(field, "inner", None)):
            if isinstance(inner, fields.Nested):
                strict(inner.schema)
    assert schema.unknown != INCLUDE
    return schema


def check(shape: type[Schema], answer, status=200):
    assert answer.status_code == status
    assert strict(shape()).validate(answer.json) == {}


def test_answers_have_the_shapes_that_are_documented(client, store):
    created = client.post(
        "/v1/endpoints", {"url": "https://hooks.example.com/", "rate_limit": {"limit": 9, "period_seconds": 1}}
    )
    endpoint = created.json["id"]
    client.endpoint(enabled=False)
    published = client.event()
    event = published.json["id"]
    delivery = f"{event}:{endpoint}"
    attempt(store, delivery, answered(503, headers=(("A", "1"),)))
    store.cancel(delivery)
    second = client.event().json["id"]
    attempt(store, f"{second}:{endpoint}", unanswered())
    received = client.post("/webhook", {"type": "a.b"}).json["id"]

    check(endpoint_shapes.NewEndpointShape, created, 201)
    check(endpoint_shapes.EndpointShape, client.get(f"/v1/endpoints/{endpoint}"))
    check(endpoint_shapes.EndpointListShape, client.get("/v1/endpoints"))
    check(endpoint_shapes.SecretShape, client.get(f"/v1/endpoints/{endpoint}/secret"))
    check(shapes.EventShape, published, 202)
    check(shapes.EventListShape, client.get("/v1/events"))
    check(shapes.WholeEventShape, client.get(f"/v1/events/{event}"))
    check(shapes.WholeDeliveryShape, client.get(f"/v1/deliveries/{delivery}"))
    check(shapes.WholeDeliveryShape, client.get(f"/v1/deliveries/{second}:{endpoint}"))
    check(shapes.DeliveryListShape, client.get("/v1/deliveries"))
    check(shapes.ReplayedShape, client.post(f"/v1/events/{event}/replay"), 202)
    check(shapes.InboxShape, client.get(f"/v1/inbox/default/{received}"))
    check(shapes.InboxListShape, client.get("/v1/inbox"))
    check(shapes.FlowShape, client.get("/v1/stats/flow"))
    check(shapes.ReadinessShape, client.get("/health/ready"), 503)
    check(shapes.ProblemShape, client.get("/v1/endpoints/none"), 404)
