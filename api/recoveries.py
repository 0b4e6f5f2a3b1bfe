"""Recovery over HTTP: resend what failed in a time range, and look how far it is."""

from typing import Any

from flask.typing import ResponseReturnValue

from api import rendering
from api.auth import principal
from api.endpoints import known
from api.reading import Blueprint
from api.recovery_schemas import RecoverableShape, RecoverSchema, RecoverTenantSchema, RecoveryShape
from api.wiring import wired
from webhooks.answers import Recovery, RecoveryScope
from webhooks.errors import Conflict, NotFound
from webhooks.ids import RANDOM_BYTES, new_id
from webhooks.recovering import recover

blueprint = Blueprint(
    "recoveries", __name__, url_prefix="/v1", description="Failures of a time range, sent again in the background"
)


@blueprint.route("/endpoints/<endpoint_id>/recover", methods=["POST"])
@blueprint.arguments(RecoverSchema)
@blueprint.alt_response(202, schema=RecoveryShape, description="Begun")
@blueprint.alt_response(200, schema=RecoverableShape, description="A dry run: nothing was begun")
@blueprint.problem(409, "The endpoint is disabled")
def recover_endpoint(body: dict[str, Any], endpoint_id: str) -> ResponseReturnValue:
    """Send an endpoint's failures of a time range again."""
    endpoint = known(endpoint_id)
    if not endpoint.enabled:
        raise Conflict("the endpoint is disabled; enable it first")
    return _recover(body, tenant=endpoint.tenant, endpoint_id=endpoint.id)


@blueprint.route("/recoveries", methods=["POST"])
@blueprint.arguments(RecoverTenantSchema)
@blueprint.alt_response(202, schema=RecoveryShape, description="Begun")
@blueprint.alt_response(200, schema=RecoverableShape, description="A dry run: nothing was begun")
def recover_tenant(body: dict[str, Any]) -> ResponseReturnValue:
    """Send the failures of a time range at all enabled endpoints of a tenant again."""
    return _recover(body, tenant=principal().tenant_to_write(body.pop("tenant", None)))


@blueprint.route("/recoveries/<recovery_id>", methods=["GET"])
@blueprint.alt_response(200, schema=RecoveryShape)
def read_recovery(recovery_id: str) -> ResponseReturnValue:
    """See how far a recovery is; kept for a day after its end."""
    recovery = wired().store.recovery(recovery_id)
    if recovery is None or not principal().sees(recovery.scope.tenant):
        raise NotFound("there is no such recovery")
    return _shown(recovery)


def _recover(body: dict[str, Any], *, tenant: str, endpoint_id: str | None = None) -> ResponseReturnValue:
    """What fails after this call is not its business, so a range that is open ends now."""
    wiring = wired()
    now = wiring.clock.now()
    scope = RecoveryScope(
        tenant=tenant,
        endpoint_id=endpoint_id,
        since=body["since"],
        until=min(body.get("until", now), now),
        statuses=body["statuses"],
    )
    if body["dry_run"]:
        return {"count": wiring.store.count_recoverable(scope)}
    return _shown(recover(wiring.store, scope, new_id=_new_id, clock=wiring.clock)), 202


def _new_id() -> str:
    wiring = wired()
    return new_id("rec", now=wiring.clock.now(), random_bytes=wiring.random_bytes(RANDOM_BYTES))


def _shown(recovery: Recovery) -> rendering.Json:
    scope = recovery.scope
    return {
        "id": recovery.id,
        "tenant": scope.tenant,
        "endpoint_id": scope.endpoint_id,
        "since": rendering.moment(scope.since),
        "until": rendering.moment(scope.until),
        "statuses": sorted(scope.statuses),
        "status": recovery.state,
        "total": recovery.total,
        "done": recovery.done,
        "skipped": recovery.skipped,
        "started_at": rendering.moment(recovery.started_at),
        "finished_at": rendering.moment(recovery.finished_at),
    }
