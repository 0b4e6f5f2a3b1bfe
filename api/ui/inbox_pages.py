"""The inbox: what was received, how far its handlers are, and how those fare."""

from http import HTTPStatus

from flask import Blueprint, redirect
from flask.typing import ResponseReturnValue

from api import rendering
from api.deliveries import Renderer
from api.schemas import InboxQuery
from api.ui.access import for_installation, source_names
from api.ui.event_pages import BODY_SHOWN
from api.ui.filters import Filters
from api.ui.rendering import link, show
from api.ui.strips import strip
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.ignoring import ignore
from webhooks.model import INBOX_TENANT_PREFIX, Event
from webhooks.queries import EndpointQuery, EventQuery
from webhooks.replaying import replay_event

PAGE = 25
HANDLERS = 50

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox")


@blueprint.get("")
@for_installation
def show_list() -> ResponseReturnValue:
    """What a source sent, and its handlers."""
    store = wired().store
    filters = Filters(InboxQuery, limit=PAGE)
    source, status = filters.query.pop("source"), filters.query.pop("status", None)
    tenant = INBOX_TENANT_PREFIX + source
    found = store.list_events(EventQuery(tenant=tenant, **filters.query))
    shape = Renderer().delivery
    handled = store.events_deliveries(tenant, [each.id for each in found.items])
    items = [rendering.inbox_item(each, runs, shape) for each, runs in zip(found.items, handled, strict=True)]
    return show(
        "ui/inbox.html",
        page="inbox",
        filters=filters,
        source=source,
        sources=source_names(),
        items=[item for item in items if status in (None, item["status"])],
        next=found.next,
        handlers=_handlers(tenant),
    )


@blueprint.get("/<source>/<event_id>")
@for_installation
def show_one(source: str, event_id: str) -> ResponseReturnValue:
    """One received event, with what its handlers did."""
    store = wired().store
    event = _known(source, event_id)
    item = rendering.inbox_item(event, store.event_deliveries(event.tenant, event.id), Renderer().whole)
    body = event.body.decode(errors="replace")
    left = max(0, len(body) - BODY_SHOWN)
    return show("ui/received.html", page="inbox", event=event, item=item, body=body[:BODY_SHOWN], body_left=left)


@blueprint.post("/<source>/<event_id>/replay")
@for_installation
def replay(source: str, event_id: str) -> ResponseReturnValue:
    """Its handlers run once more, those that are finished."""
    wiring = wired()
    event = _known(source, event_id)
    wiring.store.mark_ignored(event.tenant, event.id, ignored=False)
    replay_event(wiring.store, wiring.queue, tenant=event.tenant, event_id=event.id)
    return _to(source, event_id, "handled_again")


@blueprint.post("/<source>/<event_id>/ignore")
@for_installation
def ignore_one(source: str, event_id: str) -> ResponseReturnValue:
    """It needs no handling."""
    wiring = wired()
    ignore(wiring.store, wiring.queue, _known(source, event_id))
    return _to(source, event_id, "ignored")


def _handlers(tenant: str) -> list[tuple[object, object]]:
    store = wired().store
    found = store.list_endpoints(EndpointQuery(tenant=tenant, limit=HANDLERS)).items
    recent = store.recent([each.id for each in found])
    return [(each, strip(latest)) for each, latest in zip(found, recent, strict=True)]


def _known(source: str, event_id: str) -> Event:
    event = wired().store.event(INBOX_TENANT_PREFIX + source, event_id)
    if event is None:
        raise NotFound("there is no such event in this inbox")
    return event


def _to(source: str, event_id: str, said: str) -> ResponseReturnValue:
    return redirect(link("inbox.show_one", source=source, event_id=event_id, said=said), HTTPStatus.SEE_OTHER)
