"""The flow, live: the first page that a newcomer opens. One node's items, and one delivery's way."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from api.auth import principal
from api.deliveries import Renderer
from api.ui import drawing, flow_path
from api.ui.access import for_installation, known_delivery, source_names
from api.ui.flow_steps import NODES, Node
from api.ui.rendering import link, show
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.flow import Flow, flow, per_minute
from webhooks.model import INBOX_TENANT_PREFIX, Delivery, Status
from webhooks.queries import DeliveryQuery, EventQuery

ITEMS = 8
"""How many of a node's items are shown beside the drawing."""

blueprint = Blueprint("flow", __name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What the drawing's numbers say now."""

    total: Flow
    minute: Flow


@blueprint.get("/flow")
@for_installation
def show_flow() -> ResponseReturnValue:
    """The drawing; with `delivery` its way is lit."""
    wanted = request.args.get("delivery")
    return show("ui/flow.html", **_drawn(), **(_way(wanted) if wanted else {}), latest=_latest())


@blueprint.get("/flow/counts")
@for_installation
def read_counts() -> ResponseReturnValue:
    """The drawing's numbers alone, for its script."""
    counts = _counts()
    return jsonify(
        nodes={name: [number, counts.minute.nodes[name]] for name, number in counts.total.nodes.items()},
        edges=counts.total.edges,
        loop=counts.total.loop,
    )


@blueprint.get("/flow/<node_id>")
@for_installation
def show_node(node_id: str) -> ResponseReturnValue:
    """One node: what happens there, and the newest that went through it."""
    node = NODES.get(node_id)
    if node is None:
        raise NotFound("the flow has the nodes n1 to n21")
    return show("ui/flow.html", **_drawn(), node=node, items=_items(node), more=_more(node), latest=None)


def _drawn() -> dict[str, Any]:
    return {
        "counts": _counts(),
        "drawing": drawing,
        "page": "flow",
    }


def _counts() -> Counts:
    wiring = wired()
    return Counts(
        total=flow(wiring.store.counts()),
        minute=per_minute(wiring.store.minutes(2), wiring.clock.now()),
    )


def _latest() -> Delivery | None:
    found = wired().store.list_deliveries(DeliveryQuery(tenant=principal().tenant_to_read(None), limit=1)).items
    return found[0] if found else None


def _items(node: Node) -> list[dict[str, Any]]:
    store, tenant = wired().store, principal().tenant_to_read(None)
    if node.items == "deliveries":
        statuses = frozenset({Status(node.status)}) if node.status else frozenset[Status]()
        found = store.list_deliveries(DeliveryQuery(tenant=tenant, statuses=statuses, limit=ITEMS))
        shown = Renderer().delivery
        return [shown(each) for each in found.items]
    if node.items == "nothing":
        return []
    of = tenant if node.items == "events" else f"{INBOX_TENANT_PREFIX}default"
    return [
        {"id": each.id, "tenant": each.tenant, "event_type": each.type, "created_at": each.created_at, "status": None}
        for each in store.list_events(EventQuery(tenant=of, limit=ITEMS)).items
    ]


def _more(node: Node) -> str | None:
    pages = {"deliveries": "deliveries.show_list", "events": "events.show_list", "inbox": "inbox.show_list"}
    return link(pages[node.items], status=node.status or None) if node.items in pages else None


def _way(delivery_id: str) -> dict[str, Any]:
    store = wired().store
    delivery = known_delivery(delivery_id)
    event = store.event(delivery.tenant, delivery.event_id)
    if event is None:
        raise NotFound("its event is not kept any more")
    steps = flow_path.steps(event, delivery, store.attempts(delivery.id), _receipt(delivery))
    return {
        "delivery": delivery,
        "steps": steps,
        "lit": {step.node for step in steps} | {step.edge for step in steps},
    }


def _receipt(delivery: Delivery) -> flow_path.Receipt | None:
    """What this installation received under the event's id, where it is its own receiver."""
    store = wired().store
    for source in source_names():
        received = store.event(INBOX_TENANT_PREFIX + source, delivery.event_id)
        if received:
            runs = store.event_deliveries(received.tenant, received.id)
            return flow_path.Receipt(event=received, runs=[(run, store.attempts(run.id)) for run in runs])
    return None
