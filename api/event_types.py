"""The catalogue of event types over HTTP: keep, read, list, delete, import; what an endpoint would get."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.http import parse_options_header

from api import rendering
from api.endpoints import known
from api.errors import UnsupportedMediaType
from api.event_type_schemas import (
    EXAMPLE,
    AskedTypesShape,
    EventTypeListShape,
    EventTypeSchema,
    EventTypeShape,
    EventTypesQuery,
    ImportQuery,
    ImportShape,
)
from api.reading import Blueprint
from api.wiring import wired
from webhooks import strict_json, strict_yaml
from webhooks.errors import InvalidRequest, NotFound
from webhooks.event_types import EventType
from webhooks.flask import read_body
from webhooks.importing import event_types_of, merged, same
from webhooks.matching import check_own_event_type, matches
from webhooks.queries import EventTypeQuery
from webhooks.strict_json import NotStrict

YAML = ("application/yaml", "application/x-yaml", "text/yaml")
"""RFC 9512, and what was usual before it."""

blueprint = Blueprint("event-types", __name__, url_prefix="/v1", description="What a product publishes")


@blueprint.route("/event-types", methods=["GET"])
@blueprint.arguments(EventTypesQuery, location="query")
@blueprint.alt_response(200, schema=EventTypeListShape)
def list_event_types(query: dict[str, Any]) -> ResponseReturnValue:
    """List event types by name; archived ones only if they are asked for."""
    return rendering.page(wired().store.list_event_types(EventTypeQuery(**query)), _rendered)


@blueprint.route("/event-types/<name>", methods=["PUT"])
@blueprint.arguments(EventTypeSchema, example=EXAMPLE)
@blueprint.alt_response(200, schema=EventTypeShape, description="Replaced")
@blueprint.alt_response(201, schema=EventTypeShape, description="Made")
@blueprint.problem(409, "The catalogue is full")
def put_event_type(body: dict[str, Any], name: str) -> ResponseReturnValue:
    """Keep an event type, in place of the one of that name."""
    store = wired().store
    try:
        check_own_event_type(name)
    except ValueError as error:
        raise InvalidRequest(f"the name {error}", {"name": [str(error)]}) from error
    event_type = EventType(name=name, **body)
    created = store.put_event_type(event_type)
    return _rendered(store.event_type(name) or event_type), 201 if created else 200


@blueprint.route("/event-types/<name>", methods=["GET"])
@blueprint.alt_response(200, schema=EventTypeShape)
def read_event_type(name: str) -> ResponseReturnValue:
    """Read an event type."""
    event_type = wired().store.event_type(name)
    if event_type is None:
        raise NotFound("there is no such event type in the catalogue")
    return _rendered(event_type)


@blueprint.route("/event-types/<name>", methods=["DELETE"])
@blueprint.alt_response(204, description="Gone; also when it was gone before")
def delete_event_type(name: str) -> ResponseReturnValue:
    """Take an event type out of the catalogue; events of it may still be published."""
    wired().store.delete_event_type(name)
    return "", 204


@blueprint.route("/event-types/import", methods=["POST"])
@blueprint.arguments(ImportQuery, location="query")
@blueprint.doc(
    requestBody={
        "required": True,
        "description": "An OpenAPI document of version 3.1 with `webhooks`",
        "content": {kind: {"schema": {"type": "object"}} for kind in ("application/json", YAML[0])},
    }
)
@blueprint.alt_response(200, schema=ImportShape)
def import_event_types(query: dict[str, Any]) -> ResponseReturnValue:
    """Import event types from the `webhooks` of an OpenAPI document."""
    store = wired().store
    imported = event_types_of(_document())
    _, existing = store.event_types()
    by_name = {each.name: each for each in existing}
    wanted = [merged(each, by_name.get(each.name)) for each in imported.event_types]
    differing = [each for each in wanted if not same(each, by_name.get(each.name))]
    for each in differing:
        if not query["dry_run"]:
            store.put_event_type(each)
    return {
        "dry_run": query["dry_run"],
        "created": [each.name for each in differing if each.name not in by_name],
        "changed": [each.name for each in differing if each.name in by_name],
        "unchanged": [each.name for each in wanted if each not in differing],
        "refused": [{"name": name, "reason": reason} for name, reason in imported.refused.items()],
    }


@blueprint.route("/endpoints/<endpoint_id>/event-types", methods=["GET"])
@blueprint.alt_response(200, schema=AskedTypesShape)
def list_event_types_of_endpoint(endpoint_id: str) -> ResponseReturnValue:
    """List the event types of the catalogue that an endpoint would get."""
    endpoint = known(endpoint_id)
    _, event_types = wired().store.event_types()
    asked = [(each, pattern) for each in event_types if (pattern := _asked(endpoint.event_types, each.name))]
    idle = [each for each in endpoint.event_types if not any(matches(each, known_type.name) for known_type, _ in asked)]
    return {
        "data": [_asked_type(each, pattern) for each, pattern in asked],
        "patterns_without_types": idle,
        "next": None,
    }


def _asked(patterns: tuple[str, ...], name: str) -> str | None:
    return next((pattern for pattern in patterns if matches(pattern, name)), None)


def _asked_type(event_type: EventType, pattern: str) -> rendering.Json:
    return {
        "name": event_type.name,
        "pattern": pattern,
        "description": event_type.description,
        "deprecated": event_type.deprecated,
        "archived": event_type.archived,
    }


def _document() -> Any:
    """The body, which is JSON or YAML by its content type. Raises InvalidRequest, UnsupportedMediaType."""
    raw = read_body(wired().settings.max_body_bytes)
    kind = parse_options_header(request.headers.get("Content-Type"))[0].lower()
    if kind != "application/json" and kind not in YAML:
        raise UnsupportedMediaType(f"send the header `Content-Type: application/json` or `{YAML[0]}`")
    try:
        return strict_yaml.parse(raw) if kind in YAML else strict_json.parse(raw)
    except NotStrict as error:
        raise InvalidRequest(f"the body cannot be read: {error}", {"body": [str(error)]}) from None


def _rendered(event_type: EventType) -> rendering.Json:
    return {
        "name": event_type.name,
        "description": event_type.description,
        "schema": event_type.schema,
        "example": event_type.example,
        "deprecated": event_type.deprecated,
        "archived": event_type.archived,
        "enforcement": event_type.enforcement,
        "warned_count": event_type.warned_count,
        "refused_count": event_type.refused_count,
        "created_at": rendering.moment(event_type.created_at),
        "updated_at": rendering.moment(event_type.updated_at),
    }
