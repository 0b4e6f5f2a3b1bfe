"""Events: the list, one with whom it was owed to and why others were not, posting one, replaying all."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from api.auth import principal
from api.endpoints import known as known_endpoint
from api.event_schemas import EventSchema
from api.schemas import EventsQuery
from api.ui.filters import Filters
from api.ui.rendering import link, render, show
from api.wiring import wired
from webhooks.errors import InvalidEvent, NotFound
from webhooks.explaining import Facts, explain
from webhooks.model import Event
from webhooks.publishing import Draft, publish
from webhooks.queries import DeliveryQuery, EndpointQuery, EventQuery
from webhooks.replaying import replay_event

PAGE = 25
FAN_OUT = 50
BODY_SHOWN = 16 * 1024
EXAMPLE = {"type": "invoice.paid", "data": '{"invoice": "in_1", "amount": 4200}'}

blueprint = Blueprint("events", __name__, url_prefix="/events")


@blueprint.get("")
def show_list() -> ResponseReturnValue:
    """A tenant's events."""
    filters = Filters(EventsQuery, limit=PAGE)
    tenant = principal().tenant_to_read(filters.query.pop("tenant", None))
    found = wired().store.list_events(EventQuery(tenant=tenant, **filters.query))
    return show("ui/events.html", page="events", filters=filters, events=found.items, next=found.next, tenant=tenant)


@blueprint.get("/new")
def ask_new() -> ResponseReturnValue:
    """The form of an event."""
    return _form(EXAMPLE, {})


@blueprint.post("/new")
def post_new() -> ResponseReturnValue:
    """The event is kept and on its way, or its form is shown again with what is wrong."""
    wiring = wired()
    try:
        fields = EventSchema().load(EventSchema().read(_document(request.form)))
        tenant = principal().tenant_to_write(request.form.get("tenant", "").strip() or None)
        published = publish(
            wiring.intake,
            Draft(tenant=tenant, **fields),
            now=wiring.clock.now(),
            random_bytes=wiring.random_bytes,
        )
    except InvalidEvent as error:
        return _form(request.form, error.errors), HTTPStatus.BAD_REQUEST
    return _to(tenant, published.event_id, "published")


@blueprint.get("/<tenant>/<event_id>")
def show_one(tenant: str, event_id: str) -> ResponseReturnValue:
    """One event: its body, and its deliveries."""
    store = wired().store
    event = _known(tenant, event_id)
    query = DeliveryQuery(tenant=tenant, event_id=event_id, limit=FAN_OUT, cursor=request.args.get("cursor"))
    found = store.list_deliveries(query)
    body = event.body.decode(errors="replace")
    return show(
        "ui/event.html",
        page="events",
        event=event,
        body=body[:BODY_SHOWN],
        body_left=max(0, len(body) - BODY_SHOWN),
        deliveries=[(each, store.endpoint(each.endpoint_id)) for each in found.items],
        next=found.next,
        endpoints=store.list_endpoints(EndpointQuery(tenant=tenant, limit=250)).items,
    )


@blueprint.get("/<tenant>/<event_id>/why")
def show_why(tenant: str, event_id: str) -> ResponseReturnValue:
    """Why the event did or did not reach an endpoint."""
    store = wired().store
    event = _known(tenant, event_id)
    endpoint = known_endpoint(request.args.get("endpoint_id", ""))
    delivery = store.delivery(f"{event.id}:{endpoint.id}")
    attempts = store.attempts(delivery.id) if delivery else ()
    answer = explain(Facts(event=event, endpoint=endpoint, delivery=delivery, attempts=attempts))
    return render("ui/why.html", page="events", event=event, endpoint=endpoint, delivery=delivery, answer=answer)


@blueprint.post("/<tenant>/<event_id>/replay")
def replay_all(tenant: str, event_id: str) -> ResponseReturnValue:
    """All its finished deliveries go once more."""
    wiring = wired()
    replay_event(wiring.store, wiring.queue, tenant=_known(tenant, event_id).tenant, event_id=event_id)
    return _to(tenant, event_id, "replayed_all")


def _document(given: Mapping[str, str]) -> bytes:
    """The body that the API would get: `data` goes in as it was typed, digit for digit."""
    envelope: dict[str, Any] = {"type": given.get("type", "").strip()}
    key = given.get("ordering_key", "").strip()
    if key:
        envelope["ordering_key"] = key
    data = given.get("data", "").strip() or "null"
    return msgspec.json.encode(envelope)[:-1] + b',"data":' + data.encode("utf-8", "surrogatepass") + b"}"


def _form(given: Mapping[str, str], problems: Mapping[str, Any]) -> str:
    shown = {name.partition(".")[0]: "; ".join(messages) for name, messages in problems.items()}
    if "body" in shown:
        shown["data"] = shown.pop("body")
    return render("ui/event_form.html", page="events", given=given, problems=shown)


def _known(tenant: str, event_id: str) -> Event:
    event = wired().store.event(tenant, event_id) if principal().sees(tenant) else None
    if event is None:
        raise NotFound("there is no such event")
    return event


def _to(tenant: str, event_id: str, said: str) -> ResponseReturnValue:
    return redirect(link("events.show_one", tenant=tenant, event_id=event_id, said=said), HTTPStatus.SEE_OTHER)
