"""Sources over HTTP: whose webhooks are received, and how they prove to be theirs."""

from typing import Any

from flask.typing import ResponseReturnValue

from api import endpoint_rendering, rendering
from api.reading import Blueprint
from api.source_schemas import SourceListShape, SourceSchema, SourceShape
from api.wiring import wired
from webhooks.credentials import MASK
from webhooks.errors import Conflict, NotFound
from webhooks.schemes import SCHEMES
from webhooks.sources import Source, source

MOST_SOURCES = 1000

blueprint = Blueprint("sources", __name__, url_prefix="/v1/sources", description="Whose webhooks are received")


@blueprint.route("", methods=["GET"])
@blueprint.alt_response(200, schema=SourceListShape)
def list_sources() -> ResponseReturnValue:
    """List all sources by name, those of the environment included."""
    found = {**_kept(), **_fixed()}
    return {"data": [_rendered(found[name]) for name in sorted(found)], "next": None}


@blueprint.route("/<name>", methods=["GET"])
@blueprint.alt_response(200, schema=SourceShape)
def read_source(name: str) -> ResponseReturnValue:
    """Read a source; its secrets are not read back."""
    found = _fixed().get(name) or _kept().get(name)
    if found is None:
        raise NotFound("there is no such source")
    return _rendered(found)


@blueprint.route("/<name>", methods=["PUT"])
@blueprint.arguments(SourceSchema)
@blueprint.alt_response(200, schema=SourceShape)
@blueprint.alt_response(201, schema=SourceShape, description="Made; within a second every process receives for it")
@blueprint.problem(409, "It is one of the environment, or there are too many")
def put_source(body: dict[str, Any], name: str) -> ResponseReturnValue:
    """Make a source, or replace one; without `secrets` it keeps those that it has."""
    wiring = wired()
    _require_ours(name)
    kept = _kept()
    present = kept.get(name)
    if present is None and len(kept) >= MOST_SOURCES:
        raise Conflict(f"there are {MOST_SOURCES} sources already; delete one first")
    made = source(name, **_filled(body, present))
    put = wiring.store.put_source(made, now=wiring.clock.now())
    wiring.register_handlers(name)
    return _rendered(put), 200 if present else 201


@blueprint.route("/<name>", methods=["DELETE"])
@blueprint.alt_response(204, description="Gone; what was received stays in the inbox")
@blueprint.problem(409, "It is one of the environment")
def delete_source(name: str) -> ResponseReturnValue:
    """Delete a source: within a second nothing is received for it any more."""
    _require_ours(name)
    wired().store.delete_source(name)
    return "", 204


def _fixed() -> dict[str, Source]:
    """Those of the environment."""
    return {each.name: each for each in wired().settings.sources}


def _kept() -> dict[str, Source]:
    return {each.name: each for each in wired().store.sources()[1]}


def _require_ours(name: str) -> None:
    if name in _fixed():
        raise Conflict("this source is described by the environment; change its variables")


def _filled(body: dict[str, Any], present: Source | None) -> dict[str, Any]:
    """What is left out or was shown as `***` stays as it is."""
    secrets = body.pop("secrets", None)
    same = present is not None and present.scheme == body["scheme"]
    if secrets is None:
        secrets = present.secrets if present and same else ()
    before = present.options if present and same else {}
    options = {name: before.get(name, text) if text == MASK else text for name, text in body["options"].items()}
    return {**body, "secrets": secrets, "options": options}


def _rendered(value: Source) -> rendering.Json:
    options = SCHEMES[value.scheme].options
    return {
        "name": value.name,
        "path": f"/webhooks/{value.name}",
        "scheme": value.scheme,
        "secrets_count": len(value.secrets),
        "options": {name: MASK if options[name].secret else text for name, text in sorted(value.options.items())},
        "networks": value.networks,
        "rate_limit": endpoint_rendering.rate_limit(value.rate_limit) if value.rate_limit else None,
        "retention_seconds": value.retention_seconds,
        "from_environment": value.created_at is None,
        "created_at": rendering.moment(value.created_at),
        "updated_at": rendering.moment(value.updated_at),
    }
