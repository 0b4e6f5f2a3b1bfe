"""n1 and n2: `POST /v1/events`, and what became of an event."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from api import rendering
from api.auth import principal
from api.deliveries import Renderer
from api.event_schemas import EXAMPLE, EventSchema
from api.reading import Blueprint, idempotency_key
from api.schemas import EventsQuery, TenantQuery
from api.shapes import EventListShape, EventShape, ReplayedShape, WholeEventShape
from api.wiring import wired
from webhooks import reached, tracing
from webhooks.errors import NotFound
from webhooks.model import INBOX_TENANT_PREFIX, Delivery, Event
from webhooks.publishing import Draft, Published, publish
from webhooks.queries import EventQuery
from webhooks.replaying import replay_event

blueprint = Blueprint("events", __name__, url_prefix="/v1/events", description="What happened")


@blueprint.route("", methods=["POST"])
@blueprint.arguments(EventSchema, example=EXAMPLE)
@blueprint.alt_response(202, schema=EventShape, description="Kept; deliveries begin")
@blueprint.alt_response(200, schema=EventShape, description="Kept before, as it is now")
@blueprint.problem(409, "Other content under the same id or key")
def publish_event(body: dict[str, Any]) -> ResponseReturnValue:
    """Publish an event."""
    wiring = wired()
    tenant = principal().tenant_to_write(body.pop("tenant", None))
    published = publish(
        wiring.intake,
        Draft(tenant=tenant, traceparent=request.headers.get(tracing.HEADER), **body),
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
        idempotency_key=idempotency_key(request),
    )
    return shown(tenant, published)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(EventsQuery, location="query")
@blueprint.alt_response(200, schema=EventListShape)
def list_events(query: dict[str, Any]) -> ResponseReturnValue:
    """List a tenant's events, newest first."""
    tenant = principal().tenant_to_read(query.pop("tenant", None))
    store = wired().store
    found = store.list_events(EventQuery(tenant=tenant, **query))
    sent = store.events_deliveries(tenant, [each.id for each in found.items])
    return {"data": list(map(rendering.event, found.items, sent)), "next": found.next}


@blueprint.route("/<event_id>", methods=["GET"])
@blueprint.arguments(TenantQuery, location="query")
@blueprint.alt_response(200, schema=WholeEventShape)
def read_event(query: dict[str, Any], event_id: str) -> ResponseReturnValue:
    """Read one event with its data."""
    event = _known(principal().tenant_to_read(query.get("tenant")), event_id)
    sent = wired().store.event_deliveries(event.tenant, event.id)
    found = _receipts(event)
    handled = [delivery for _, deliveries in found for delivery in deliveries]
    show = Renderer().delivery
    return rendering.whole_event(
        event,
        sent,
        nodes=reached.nodes(sent, handled if found else None),
        received=[rendering.inbox_item(receipt, deliveries, show) for receipt, deliveries in found],
    )


@blueprint.route("/<event_id>/replay", methods=["POST"])
@blueprint.arguments(TenantQuery, location="query")
@blueprint.alt_response(202, schema=ReplayedShape)
def replay_events_deliveries(query: dict[str, Any], event_id: str) -> ResponseReturnValue:
    """Replay all deliveries of an event that may go again."""
    wiring = wired()
    event = _known(principal().tenant_to_read(query.get("tenant")), event_id)
    replayed = replay_event(wiring.store, wiring.queue, tenant=event.tenant, event_id=event.id)
    return rendering.replayed(replayed), 202


@blueprint.route("/<event_id>/payload", methods=["DELETE"])
@blueprint.arguments(TenantQuery, location="query")
@blueprint.alt_response(204, description="Erased; also when it was before")
def erase_payload(query: dict[str, Any], event_id: str) -> ResponseReturnValue:
    """Erase what an event says; what became of it stays, and deliveries that wait are cancelled."""
    wired().store.erase_payload(principal().tenant_to_read(query.get("tenant")), event_id)
    return "", 204


def shown(tenant: str, published: Published) -> tuple[rendering.Json, int]:
    """The answer to a call that publishes: 202 for a new event, 200 for one that was there."""
    if published.event is not None:
        return rendering.event(published.event, published.deliveries), 202
    event = _known(tenant, published.event_id)
    deliveries = wired().store.event_deliveries(tenant, event.id)
    body = rendering.event(event, deliveries, duplicate=published.duplicate)
    return body, 200 if published.duplicate else 202


def _known(tenant: str, event_id: str) -> Event:
    event = wired().store.event(tenant, event_id)
    if event is None:
        raise NotFound(f"there is no such event in the tenant {tenant}")
    return event


def _receipts(event: Event) -> list[tuple[Event, list[Delivery]]]:
    """The same event as this installation received it itself; the inbox is nothing for a key of one tenant."""
    if principal().tenant is not None:
        return []
    wiring = wired()
    names = {source.name for source in (*wiring.settings.sources, *wiring.store.sources()[1])}
    found = (wiring.store.event(INBOX_TENANT_PREFIX + name, event.id) for name in sorted(names))
    return [(each, wiring.store.event_deliveries(each.tenant, each.id)) for each in found if each]
