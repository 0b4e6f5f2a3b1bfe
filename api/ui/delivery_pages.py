"""Deliveries: the list with all filters in its address, and one with its attempts as a time line."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from api import rendering
from api.auth import principal
from api.deliveries import Renderer
from api.schemas import DeliveriesQuery
from api.ui import repeating, timeline
from api.ui.access import known_delivery
from api.ui.filters import Filters
from api.ui.rendering import link, show
from api.wiring import wired
from webhooks.model import INBOX_TENANT_PREFIX, Delivery, Endpoint, Event, Status, Trigger
from webhooks.queries import DeliveryQuery
from webhooks.replaying import replay
from webhooks.signing_secrets import SigningScheme
from webhooks.telling import tell

PAGE = 25
BODY_SHOWN = 16 * 1024
GROUPS = ("unfinished", "delivered", "failed")

blueprint = Blueprint("deliveries", __name__, url_prefix="/deliveries")


@blueprint.get("")
def show_list() -> ResponseReturnValue:
    """The newest that the filters let through."""
    filters = Filters(DeliveriesQuery, limit=PAGE)
    tenant = principal().tenant_to_read(filters.query.pop("tenant", None))
    found = wired().store.list_deliveries(DeliveryQuery(tenant=tenant, **filters.query))
    shown = Renderer().delivery
    return show(
        "ui/deliveries.html",
        page="deliveries",
        filters=filters,
        groups=GROUPS,
        statuses=list(Status),
        deliveries=[shown(each) for each in found.items],
        next=found.next,
    )


@blueprint.get("/<delivery_id>")
def show_one(delivery_id: str) -> ResponseReturnValue:
    """One delivery, whole."""
    store = wired().store
    delivery = known_delivery(delivery_id)
    attempts = store.attempts(delivery.id)
    shape = {**Renderer().delivery(delivery), "attempts": [rendering.attempt(attempt) for attempt in attempts]}
    event = store.event(delivery.tenant, delivery.event_id)
    return show(
        "ui/delivery.html",
        page="inbox" if delivery.tenant.startswith(INBOX_TENANT_PREFIX) else "deliveries",
        delivery=shape,
        final=delivery.status.final,
        spans=timeline.spans(delivery, attempts),
        waits=timeline.waits(delivery, attempts),
        story=list(tell(delivery, (), store.endpoint(delivery.endpoint_id)))[-1],
        test=delivery.trigger is Trigger.TEST,
        flower=_in_flower(delivery),
        **_sent(event, shape, _scheme(store.endpoint(delivery.endpoint_id))),
    )


@blueprint.post("/<delivery_id>/replay")
def replay_one(delivery_id: str) -> ResponseReturnValue:
    """It goes once more."""
    wiring = wired()
    replay(wiring.store, wiring.queue, known_delivery(delivery_id).id)
    return _back(delivery_id, "replayed")


@blueprint.post("/<delivery_id>/cancel")
def cancel_one(delivery_id: str) -> ResponseReturnValue:
    """It is given up."""
    wiring = wired()
    _, reminders = wiring.store.cancel(known_delivery(delivery_id).id)
    if reminders:
        wiring.queue.publish(reminders)
    return _back(delivery_id, "cancelled")


def _back(delivery_id: str, said: str) -> ResponseReturnValue:
    return redirect(link("deliveries.show_one", delivery_id=delivery_id, said=said), HTTPStatus.SEE_OTHER)


def _scheme(endpoint: Endpoint | None) -> SigningScheme:
    """How a deleted endpoint was signed is not known; most are signed by `v1`."""
    return SigningScheme(endpoint.signing_scheme) if endpoint else SigningScheme.V1


def _sent(event: Event | None, shape: dict[str, Any], scheme: SigningScheme) -> dict[str, Any]:
    """The body, once for all attempts, and the last attempt's request as commands."""
    body = event.body.decode(errors="replace") if event else ""
    posted = [attempt["request"] for attempt in shape["attempts"] if attempt["request"]["headers"]]
    if not posted:
        return {"body": body[:BODY_SHOWN], "body_left": max(0, len(body) - BODY_SHOWN), "curl": None}
    headers = {name.lower(): value for name, value in posted[-1]["headers"].items()}
    timestamp = next((value for name, value in headers.items() if name.endswith("-timestamp")), "")
    return {
        "body": body[:BODY_SHOWN],
        "body_left": max(0, len(body) - BODY_SHOWN),
        "curl": repeating.as_curl(posted[-1]["url"], headers, body),
        "scheme": scheme,
        "openssl": repeating.as_openssl_over_body()
        if scheme is SigningScheme.SHA256
        else repeating.as_openssl(shape["event_id"], timestamp),
        "timestamp": timestamp,
    }


def _in_flower(delivery: Delivery) -> str | None:
    """The same delivery as a task; Flower is the operators' alone."""
    if principal().tenant is not None:
        return None
    settings = wired().settings
    host = request.host if request.host.endswith("]") else request.host.rpartition(":")[0] or request.host
    flower = settings.flower_url.rstrip("/") or f"http://{host}:{settings.flower_port}"
    return f"{flower}/task/{quote(delivery.id, safe='')}"
