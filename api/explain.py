"""`GET /v1/explain`: why an event did or did not reach an endpoint."""

from collections.abc import Iterator
from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from api.auth import principal
from api.deliveries import Renderer
from api.fields import Text
from api.reading import Blueprint
from api.schemas import TenantQuery
from api.shape_fields import flag, text, texts
from api.shapes import DeliveryShape
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.explaining import ALL_VERDICTS, Facts, explain
from webhooks.model import HANDLER_PREFIX, Delivery, Endpoint, Event

blueprint = Blueprint("explain", __name__, url_prefix="/v1/explain", description="Why an event did or did not arrive")


class ExplainQuery(TenantQuery):
    """Which event and which endpoint; the tenant is the event's."""

    event_id = Text(least=1, most=64, required=True)
    endpoint_id = Text(least=1, most=64, required=True)


class StepShape(Schema):
    """One check: what was looked at, whether it speaks for the endpoint, and why."""

    check = text()
    passed = flag()
    detail = text()


class ExplanationShape(Schema):
    """The checks in order, and the delivery with its story if there is one."""

    verdict = fields.String(required=True, metadata={"enum": list(ALL_VERDICTS)})
    steps = fields.List(fields.Nested(StepShape), required=True)
    delivery = fields.Nested(DeliveryShape, required=True, allow_none=True)
    story = texts()


@blueprint.route("", methods=["GET"])
@blueprint.arguments(ExplainQuery, location="query")
@blueprint.alt_response(200, schema=ExplanationShape)
def explain_event(query: dict[str, Any]) -> ResponseReturnValue:
    """Explain, step by step, why an event did or did not reach an endpoint."""
    store = wired().store
    endpoint = _seen(query["endpoint_id"])
    event = _event(query["event_id"], query.get("tenant"), endpoint)
    delivery = _delivery(event, query["endpoint_id"])
    attempts = store.attempts(delivery.id) if delivery else ()
    answer = explain(Facts(event=event, endpoint=endpoint, delivery=delivery, attempts=attempts))
    return {
        "verdict": answer.verdict,
        "steps": [{"check": step.check, "passed": step.passed, "detail": step.detail} for step in answer.steps],
        "delivery": Renderer().delivery(delivery) if delivery else None,
        "story": answer.story,
    }


def _seen(endpoint_id: str) -> Endpoint | None:
    """The endpoint, None where there is none; raises NotFound for a key of another tenant."""
    endpoint = None if endpoint_id.startswith(HANDLER_PREFIX) else wired().store.endpoint(endpoint_id)
    if endpoint is not None and not principal().sees(endpoint.tenant):
        raise NotFound("there is no such endpoint")
    return endpoint


def _event(event_id: str, named: str | None, endpoint: Endpoint | None) -> Event | None:
    """The event of the named tenant; where none is named, the endpoint's, else the default tenant's."""
    found = (wired().store.event(tenant, event_id) for tenant in _tenants(named, endpoint))
    return next((event for event in found if event is not None), None)


def _delivery(event: Event | None, endpoint_id: str) -> Delivery | None:
    """The event's delivery to the endpoint, a deleted one too; another tenant's event may have the same id."""
    found = wired().store.delivery(f"{event.id}:{endpoint_id}") if event else None
    return found if found and event and found.tenant == event.tenant else None


def _tenants(named: str | None, endpoint: Endpoint | None) -> Iterator[str]:
    asked = principal().tenant_to_read(named)
    if named is None and endpoint is not None and endpoint.tenant != asked:
        yield endpoint.tenant
    yield asked
