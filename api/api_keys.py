"""API keys over HTTP: create, list, read, revoke."""

from typing import Any

from flask.typing import ResponseReturnValue

from api import rendering
from api.auth import authenticator, principal
from api.endpoints import unstored
from api.key_schemas import KeyListShape, KeySchema, KeyShape, NewKeyShape
from api.reading import Blueprint
from api.schemas import EndpointsQuery
from api.wiring import wired
from webhooks.api_keys import ApiKey, Scope, digest_of, new_key
from webhooks.errors import Forbidden, NotFound
from webhooks.operator_answers import KeyQuery

blueprint = Blueprint("keys", __name__, url_prefix="/v1/keys", description="Who may call this API, and what for")


@blueprint.route("", methods=["POST"])
@blueprint.arguments(KeySchema)
@blueprint.alt_response(201, schema=NewKeyShape, description="Made; the key is shown here and never again")
@blueprint.problem(403, "More than the key that asks may do itself")
def create_key(body: dict[str, Any]) -> ResponseReturnValue:
    """Create an API key, bound to a tenant or to none."""
    wiring = wired()
    _require_held(body["scopes"])
    key, text = new_key(
        body["name"],
        tenant=_tenant_to_bind(body.get("tenant")),
        scopes=body["scopes"],
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
    )
    wiring.store.add_api_key(key, digest=digest_of(text))
    return unstored({**_rendered(key), "key": text}, status=201)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(EndpointsQuery, location="query")
@blueprint.alt_response(200, schema=KeyListShape)
def list_keys(query: dict[str, Any]) -> ResponseReturnValue:
    """List API keys, newest first; without `tenant` all that there are for the key that asks."""
    named = query.pop("tenant", None)
    tenant = principal().tenant_to_read(named) if named else principal().tenant
    return rendering.page(wired().store.list_api_keys(KeyQuery(tenant=tenant, **query)), _rendered)


@blueprint.route("/<key_id>", methods=["GET"])
@blueprint.alt_response(200, schema=KeyShape)
def read_key(key_id: str) -> ResponseReturnValue:
    """Read what is known of an API key."""
    return _rendered(_known(key_id))


@blueprint.route("/<key_id>", methods=["DELETE"])
@blueprint.alt_response(204, description="Revoked; within a second no process accepts it")
def delete_key(key_id: str) -> ResponseReturnValue:
    """Revoke an API key."""
    _known(key_id)
    wired().store.delete_api_key(key_id)
    authenticator().forget(key_id)
    return "", 204


def _tenant_to_bind(named: str | None) -> str | None:
    """A key that is bound makes keys for its own tenant alone; another one as it is asked. Raises Forbidden."""
    return principal().tenant_to_write(named) if principal().tenant else named


def _require_held(scopes: frozenset[Scope]) -> None:
    missing = scopes - principal().scopes
    if missing:
        raise Forbidden(f"a key gives away only what it has itself; this one has not: {', '.join(sorted(missing))}")


def _known(key_id: str) -> ApiKey:
    found = wired().store.api_key(key_id)
    if found is None or principal().tenant not in (None, found.tenant):
        raise NotFound("there is no such key")
    return found


def _rendered(key: ApiKey) -> rendering.Json:
    return {
        "id": key.id,
        "name": key.name,
        "tenant": key.tenant,
        "scopes": sorted(key.scopes),
        "created_at": rendering.moment(key.created_at),
        "last_used_at": rendering.moment(key.last_used_at),
    }
