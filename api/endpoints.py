"""Endpoints over HTTP: create, read, list, change, delete, a test."""

from typing import Any

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from api import endpoint_rendering, events, rendering
from api.auth import principal
from api.endpoint_schemas import EndpointPatchSchema, EndpointSchema
from api.endpoint_shapes import EndpointListShape, EndpointShape, NewEndpointShape
from api.event_schemas import TEST_DATA, TestSchema
from api.reading import Blueprint
from api.schemas import EndpointsQuery, SinceQuery
from api.shapes import EndpointStatsShape, EventShape
from api.wiring import wired
from webhooks import endpoint_statistics
from webhooks.errors import NotFound
from webhooks.event_types import json_text
from webhooks.model import HANDLER_PREFIX, Endpoint
from webhooks.publishing import Draft, publish_test
from webhooks.queries import EndpointQuery, Page
from webhooks.registering import changed, new_endpoint

blueprint = Blueprint("endpoints", __name__, url_prefix="/v1/endpoints", description="Where a tenant wants events")


@blueprint.route("", methods=["POST"])
@blueprint.arguments(EndpointSchema)
@blueprint.alt_response(201, schema=NewEndpointShape, description="Made; the secret is shown here")
def create_endpoint(body: dict[str, Any]) -> ResponseReturnValue:
    """Register an endpoint."""
    wiring = wired()
    endpoint = new_endpoint(
        {name: value for name, value in body.items() if name not in ("tenant", "secret")},
        tenant=principal().tenant_to_write(body.get("tenant")),
        secret=body.get("secret"),
        rules=wiring.rules,
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
    )
    kept = wiring.store.add_endpoint(endpoint)
    return unstored({**endpoint_rendering.endpoint(kept), **endpoint_rendering.secret(kept)}, status=201)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(EndpointsQuery, location="query")
@blueprint.alt_response(200, schema=EndpointListShape)
def list_endpoints(query: dict[str, Any]) -> ResponseReturnValue:
    """List a tenant's endpoints, newest first."""
    store = wired().store
    tenant = principal().tenant_to_read(query.pop("tenant", None))
    found = store.list_endpoints(EndpointQuery(tenant=tenant, **query))
    # The endpoint as read alone knows its health, too.
    now = [store.endpoint(endpoint.id) for endpoint in found.items]
    return rendering.page(Page(tuple(each for each in now if each), found.next), endpoint_rendering.endpoint)


@blueprint.route("/<endpoint_id>", methods=["GET"])
@blueprint.alt_response(200, schema=EndpointShape)
def read_endpoint(endpoint_id: str) -> ResponseReturnValue:
    """Read one endpoint with its health."""
    return endpoint_rendering.endpoint(known(endpoint_id))


@blueprint.route("/<endpoint_id>", methods=["PATCH"])
@blueprint.arguments(EndpointPatchSchema)
@blueprint.alt_response(200, schema=EndpointShape)
def change_endpoint(body: dict[str, Any], endpoint_id: str) -> ResponseReturnValue:
    """Change an endpoint: what is left out stays, null goes back to the default."""
    wiring = wired()
    known(endpoint_id)
    now = wiring.clock.now()
    after = wiring.store.change_endpoint(
        endpoint_id,
        lambda endpoint: changed(endpoint, body, rules=wiring.rules, now=now, random_bytes=wiring.random_bytes),
    )
    return endpoint_rendering.endpoint(after)


@blueprint.route("/<endpoint_id>", methods=["DELETE"])
@blueprint.alt_response(204, description="Gone; also when it was gone before")
def delete_endpoint(endpoint_id: str) -> ResponseReturnValue:
    """Delete an endpoint: its secrets are erased, and no further request starts."""
    store = wired().store
    endpoint = store.endpoint(endpoint_id)
    if endpoint is not None:
        _require_seen(endpoint)
        store.delete_endpoint(endpoint_id)
    return "", 204


@blueprint.route("/<endpoint_id>/test", methods=["POST"])
@blueprint.arguments(TestSchema, required=False)
@blueprint.alt_response(202, schema=EventShape)
def test_endpoint(body: dict[str, Any], endpoint_id: str) -> ResponseReturnValue:
    """Send a test event to this endpoint alone, without retries."""
    wiring = wired()
    endpoint = known(endpoint_id)
    data = body.pop("data", None) or _example(body["type"])
    published = publish_test(
        wiring.intake,
        Draft(tenant=endpoint.tenant, endpoint_ids=(endpoint.id,), data=data, **body),
        endpoint.id,
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
    )
    return events.shown(endpoint.tenant, published)


@blueprint.route("/<endpoint_id>/stats", methods=["GET"])
@blueprint.arguments(SinceQuery, location="query")
@blueprint.alt_response(200, schema=EndpointStatsShape)
def read_statistics(query: dict[str, Any], endpoint_id: str) -> ResponseReturnValue:
    """Count and time an endpoint's attempts, those of its latest 2,000 deliveries; test sends are left out."""
    endpoint, wiring = known(endpoint_id), wired()
    now = wiring.clock.now()
    since = endpoint_statistics.beginning(query.get("since"), now=now)
    attempts = wiring.store.attempts_since(endpoint.id, since)
    return endpoint_rendering.endpoint_statistics(endpoint_statistics.statistics(attempts, since=since, now=now))


def known(endpoint_id: str) -> Endpoint:
    """The endpoint of that id, if there is one for this caller; raises NotFound."""
    endpoint = wired().store.endpoint(endpoint_id)
    if endpoint is None:
        raise NotFound("there is no such endpoint")
    _require_seen(endpoint)
    return endpoint


def _example(event_type: str) -> bytes:
    """The catalogue's example of the type, if there is one."""
    found = wired().store.event_type(event_type)
    return TEST_DATA if found is None or found.example is None else json_text(found.example).encode()


def _require_seen(endpoint: Endpoint) -> None:
    """Handlers are endpoints too, but not of this kind."""
    if endpoint.id.startswith(HANDLER_PREFIX) or not principal().sees(endpoint.tenant):
        raise NotFound("there is no such endpoint")


def unstored(body: rendering.Json, *, status: int = 200) -> Response:
    """An answer with a secret in it, which no cache may keep."""
    answer = jsonify(body)
    answer.status_code = status
    answer.headers["Cache-Control"] = "no-store"
    return answer
