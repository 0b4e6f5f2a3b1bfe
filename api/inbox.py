"""The inbox over HTTP: what was received and how far its handlers are."""

from typing import Any

from flask.typing import ResponseReturnValue

from api import rendering
from api.auth import principal
from api.deliveries import Renderer
from api.reading import Blueprint
from api.schemas import InboxQuery, SourceQuery
from api.shapes import InboxCountsShape, InboxListShape, InboxShape, ReplayedShape
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.ignoring import ignore
from webhooks.model import INBOX_TENANT_PREFIX, Event
from webhooks.queries import EventQuery
from webhooks.replaying import replay_event

blueprint = Blueprint("inbox", __name__, url_prefix="/v1/inbox", description="What was received")


@blueprint.route("", methods=["GET"])
@blueprint.arguments(InboxQuery, location="query")
@blueprint.alt_response(200, schema=InboxListShape)
def list_inbox(query: dict[str, Any]) -> ResponseReturnValue:
    """List what a source sent, newest first; with a status, a page may be short, even empty, and have a `next`."""
    store = wired().store
    tenant = _tenant_of(query.pop("source"))
    status = query.pop("status", None)
    found = store.list_events(EventQuery(tenant=tenant, **query))
    show = Renderer().delivery
    handled = store.events_deliveries(tenant, [each.id for each in found.items])
    items = [rendering.inbox_item(each, runs, show) for each, runs in zip(found.items, handled, strict=True)]
    return {"data": [item for item in items if status in (None, item["status"])], "next": found.next}


@blueprint.route("/counts", methods=["GET"])
@blueprint.arguments(SourceQuery, location="query")
@blueprint.alt_response(200, schema=InboxCountsShape)
def count_inbox(query: dict[str, Any]) -> ResponseReturnValue:
    """How many events of a source are kept, and how far its handlers are with them."""
    counts = wired().store.inbox_counts(_tenant_of(query["source"]))
    return {"source": query["source"], "events": counts.pop("events"), "handlers": counts}


@blueprint.route("/<source>/<event_id>", methods=["GET"])
@blueprint.alt_response(200, schema=InboxShape)
def read_inbox(source: str, event_id: str) -> ResponseReturnValue:
    """Read one received event, its handlers' attempts included."""
    event = _known(_tenant_of(source), event_id)
    deliveries = wired().store.event_deliveries(event.tenant, event.id)
    return rendering.inbox_item(event, deliveries, Renderer().whole)


@blueprint.route("/<source>/<event_id>/replay", methods=["POST"])
@blueprint.alt_response(202, schema=ReplayedShape)
def replay_inbox(source: str, event_id: str) -> ResponseReturnValue:
    """Run the handlers of a received event once more, those that are finished."""
    wiring = wired()
    event = _known(_tenant_of(source), event_id)
    wiring.store.mark_ignored(event.tenant, event.id, ignored=False)
    replayed = replay_event(wiring.store, wiring.queue, tenant=event.tenant, event_id=event.id)
    return rendering.replayed(replayed), 202


@blueprint.route("/<source>/<event_id>/ignore", methods=["POST"])
@blueprint.alt_response(200, schema=InboxShape)
def ignore_inbox(source: str, event_id: str) -> ResponseReturnValue:
    """Decide that a received event needs no handling: what waits is cancelled; a replay takes it up again."""
    wiring = wired()
    event = _known(_tenant_of(source), event_id)
    ignore(wiring.store, wiring.queue, event)
    after = _known(event.tenant, event.id)
    return rendering.inbox_item(after, wiring.store.event_deliveries(event.tenant, event.id), Renderer().whole)


def _tenant_of(source: str) -> str:
    """The inbox belongs to the installation; a key that is bound to a tenant has none."""
    if principal().tenant is not None:
        raise NotFound("there is no such source")
    return INBOX_TENANT_PREFIX + source


def _known(tenant: str, event_id: str) -> Event:
    event = wired().store.event(tenant, event_id)
    if event is None:
        raise NotFound("there is no such event in this inbox")
    return event
