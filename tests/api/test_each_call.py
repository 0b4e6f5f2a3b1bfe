"""Each call of the API does its work, and is refused where it has to be; a new call needs a row here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from api.permissions import scope_of
from tests.api.there import There
from webhooks.api_keys import Scope

SINCE = {"since": "2026-01-01T00:00:00Z"}
SOURCE = {"scheme": "github", "secrets": ["hush-hush-hush-1"]}
DOCUMENT = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "webhooks": {"a.b": {"post": {}}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What it takes, and the status of its success."""

    status: int = 200
    body: Any = None
    query: Mapping[str, Callable[[There], str]] = field(default_factory=dict)
    about: Mapping[str, Callable[[There], str]] = field(default_factory=dict)
    """What stands in its path, where that is not simply a new thing of the kind."""
    idempotent: bool = False
    """About something that is not there it answers as about what was there before, or makes it."""


CALLS = {
    "GET /v1/audit": Call(),
    "GET /v1/deliveries": Call(),
    "GET /v1/deliveries/{delivery_id}": Call(),
    "POST /v1/deliveries/{delivery_id}/cancel": Call(),
    "POST /v1/deliveries/{delivery_id}/replay": Call(status=202, about={"delivery_id": There.cancelled}),
    "GET /v1/endpoints": Call(),
    "POST /v1/endpoints": Call(status=201, body={"url": "https://a.example/"}),
    "GET /v1/endpoints/{endpoint_id}": Call(),
    "PATCH /v1/endpoints/{endpoint_id}": Call(body={"description": "d"}),
    "DELETE /v1/endpoints/{endpoint_id}": Call(status=204, idempotent=True),
    "GET /v1/endpoints/{endpoint_id}/event-types": Call(),
    "POST /v1/endpoints/{endpoint_id}/recover": Call(status=202, body=SINCE),
    "GET /v1/endpoints/{endpoint_id}/secret": Call(),
    "POST /v1/endpoints/{endpoint_id}/secret/rotate": Call(body={}),
    "DELETE /v1/endpoints/{endpoint_id}/secret/previous": Call(),
    "GET /v1/endpoints/{endpoint_id}/stats": Call(),
    "POST /v1/endpoints/{endpoint_id}/test": Call(status=202, body={}),
    "GET /v1/event-types": Call(),
    "GET /v1/event-types/{name}": Call(),
    "PUT /v1/event-types/{name}": Call(body={}, idempotent=True),
    "DELETE /v1/event-types/{name}": Call(status=204, idempotent=True),
    "POST /v1/event-types/import": Call(body=DOCUMENT),
    "GET /v1/events": Call(),
    "POST /v1/events": Call(status=202, body={"type": "a.b", "data": 1}),
    "POST /v1/events/batch": Call(body={"events": [{"type": "a.b", "data": 1}]}),
    "GET /v1/events/{event_id}": Call(),
    "POST /v1/events/{event_id}/replay": Call(status=202),
    "DELETE /v1/events/{event_id}/payload": Call(status=204),
    "GET /v1/explain": Call(query={"event_id": There.event_id, "endpoint_id": There.endpoint_id}),
    "GET /v1/inbox": Call(),
    "GET /v1/inbox/counts": Call(),
    "GET /v1/inbox/{source}/{event_id}": Call(),
    "POST /v1/inbox/{source}/{event_id}/ignore": Call(),
    "POST /v1/inbox/{source}/{event_id}/replay": Call(status=202),
    "GET /v1/keys": Call(),
    "POST /v1/keys": Call(status=201, body={"name": "k", "scopes": ["read"]}),
    "GET /v1/keys/{key_id}": Call(),
    "DELETE /v1/keys/{key_id}": Call(status=204),
    "GET /v1/portal-links": Call(),
    "POST /v1/portal-links": Call(status=201, body={}),
    "DELETE /v1/portal-links/{link_id}": Call(status=204, idempotent=True),
    "POST /v1/recoveries": Call(status=202, body=SINCE),
    "GET /v1/recoveries/{recovery_id}": Call(),
    "GET /v1/recoveries/del_{tenant}": Call(about={"tenant": There.deleted}),
    "GET /v1/sources": Call(),
    "GET /v1/sources/{name}": Call(),
    "PUT /v1/sources/{name}": Call(body=SOURCE, idempotent=True),
    "DELETE /v1/sources/{name}": Call(status=204, idempotent=True),
    "GET /v1/stats/flow": Call(),
    "GET /v1/tenants": Call(),
    "GET /v1/tenants/{tenant}": Call(),
    "PATCH /v1/tenants/{tenant}": Call(body={"retention_seconds": 86400}, idempotent=True),
    "DELETE /v1/tenants/{tenant}": Call(status=202),
}


@pytest.fixture
def operations(client):
    """The documented calls, with the names in their paths."""
    return {
        f"{method.upper()} {path}": [each["name"] for each in item.get("parameters", [])]
        for path, item in client.get("/openapi.json").json["paths"].items()
        for method in item
        if path.startswith("/v1/") and method != "parameters"
    }


def path_of(name, ids):
    _, path = name.split()
    for parameter, value in ids.items():
        path = path.replace("{" + parameter + "}", value)
    return path


def made(client, name, parameters):
    """The ids of new things that the call may be about."""
    there, about = There(client), CALLS[name].about
    found = {}
    for each in parameters:
        found[each] = about[each](there) if each in about else there.id_for(each, name.split()[1], "x")
    return found


def ask(client, name, ids, **rest):
    call = CALLS[name]
    query = {key: make(There(client)) for key, make in call.query.items()}
    return client(name.split()[0], path_of(name, ids), call.body, **query, **rest)


def test_every_call_has_a_row(operations):
    assert set(operations) == set(CALLS)


def test_each_call_does_its_work(client, operations, subtests):
    for name, parameters in operations.items():
        with subtests.test(name):
            answer = ask(client, name, made(client, name, parameters))

            assert answer.status_code == CALLS[name].status, answer.text


def test_each_call_is_refused_without_a_key(client, operations, subtests):
    for number, (name, parameters) in enumerate(operations.items()):
        with subtests.test(name):
            nobody = {"headers": {"Authorization": None}, "address": f"192.0.2.{number}"}  # one alone is told to wait
            answer = ask(client, name, dict.fromkeys(parameters, "x"), **nobody)

            assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")


def test_each_call_is_refused_to_a_key_without_its_scope(client, client_with, operations, subtests):
    without = {scope: client_with(scopes=[each for each in Scope if each != scope]) for scope in Scope}
    for name, parameters in operations.items():
        with subtests.test(name):
            method, path = name.split()
            needed = scope_of(method, path.replace("{", "<").replace("}", ">"))
            ids = made(client, name, parameters)
            answer = without[needed](method, path_of(name, ids), CALLS[name].body)

            assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
            assert f"`{needed}`" in answer.json["detail"]


def test_each_call_about_something_that_is_not_there_is_404(client, operations, subtests):
    for name, parameters in operations.items():
        if parameters and not CALLS[name].idempotent:
            with subtests.test(name):
                answer = ask(client, name, dict.fromkeys(parameters, "absent"))

                assert (answer.status_code, answer.json["code"]) == (404, "not_found")
