"""Signing secrets over HTTP: read, rotate, end the earlier ones."""

from typing import Any

from flask.typing import ResponseReturnValue

from api import endpoint_rendering
from api.endpoint_shapes import SecretShape
from api.endpoints import known, unstored
from api.reading import Blueprint
from api.secret_schemas import RotationSchema
from api.wiring import wired
from webhooks.model import Endpoint
from webhooks.rotation import renewed, revoked

blueprint = Blueprint(
    "secrets",
    __name__,
    url_prefix="/v1/endpoints/<endpoint_id>/secret",
    description="What signs an endpoint's requests",
)


@blueprint.route("", methods=["GET"])
@blueprint.alt_response(200, schema=SecretShape)
def read_secret(endpoint_id: str) -> ResponseReturnValue:
    """Read an endpoint's signing secret, and until when the earlier ones sign."""
    return _shown(known(endpoint_id))


@blueprint.route("/rotate", methods=["POST"])
@blueprint.arguments(RotationSchema, required=False)
@blueprint.alt_response(200, schema=SecretShape)
@blueprint.problem(409, "Too many earlier secrets still sign")
def rotate_secret(body: dict[str, Any], endpoint_id: str) -> ResponseReturnValue:
    """Give an endpoint a new signing secret; the one before it goes on signing for a while."""
    wiring = wired()
    known(endpoint_id)
    now = wiring.clock.now()
    after = wiring.store.change_endpoint(
        endpoint_id, lambda endpoint: renewed(endpoint, **body, now=now, random_bytes=wiring.random_bytes)
    )
    return _shown(after)


@blueprint.route("/previous", methods=["DELETE"])
@blueprint.alt_response(200, schema=SecretShape)
def revoke_previous_secrets(endpoint_id: str) -> ResponseReturnValue:
    """End all earlier secrets of an endpoint at once; the current one alone signs from the next attempt on."""
    known(endpoint_id)
    return _shown(wired().store.change_endpoint(endpoint_id, revoked))


def _shown(endpoint: Endpoint) -> ResponseReturnValue:
    return unstored(endpoint_rendering.secrets(endpoint, now=wired().clock.now()))
