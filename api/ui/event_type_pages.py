"""Event types: what a product publishes, with schema and example."""

import json
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from api.event_type_schemas import EventTypesQuery
from api.ui.filters import Filters
from api.ui.rendering import show
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.queries import EventTypeQuery

PAGE = 100

blueprint = Blueprint("event_types", __name__, url_prefix="/event-types")


@blueprint.get("")
def show_list() -> ResponseReturnValue:
    """The catalogue, by name."""
    filters = Filters(EventTypesQuery, limit=PAGE)
    found = wired().store.list_event_types(EventTypeQuery(**filters.query))
    return show("ui/event_types.html", page="event_types", filters=filters, event_types=found.items, next=found.next)


@blueprint.get("/<name>")
def show_one(name: str) -> ResponseReturnValue:
    """One event type, with what an endpoint gets for it."""
    found = wired().store.event_type(name)
    if found is None:
        raise NotFound("there is no such event type in the catalogue")
    return show(
        "ui/event_type.html",
        page="event_types",
        event_type=found,
        schema=_written(found.schema),
        example=_written(found.example),
        host=request.host_url,
    )


def _written(value: Any) -> str:
    return "" if value is None else json.dumps(value, indent=2, ensure_ascii=False)
