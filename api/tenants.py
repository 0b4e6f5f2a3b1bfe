"""Tenants over HTTP: what they have, how long it is kept, and deleting one with everything of it."""

from typing import Any

from flask.typing import ResponseReturnValue

from api import rendering
from api.fields import NAME
from api.reading import Blueprint
from api.tenant_schemas import DeletionShape, TenantListQuery, TenantListShape, TenantPatchSchema, TenantShape
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.operator_answers import Deletion, Retention, Tenant, TenantQuery

DELETION_PREFIX = "del_"
"""Before the tenant's name: the id under which `/v1/recoveries` shows how far its deletion is."""

blueprint = Blueprint("tenants", __name__, url_prefix="/v1/tenants", description="Whose events and endpoints there are")


@blueprint.route("", methods=["GET"])
@blueprint.arguments(TenantListQuery, location="query")
@blueprint.alt_response(200, schema=TenantListShape)
def list_tenants(query: dict[str, Any]) -> ResponseReturnValue:
    """List tenants by name, with how much they have."""
    return rendering.page(wired().store.list_tenants(TenantQuery(**query)), _shown)


@blueprint.route("/<tenant>", methods=["GET"])
@blueprint.alt_response(200, schema=TenantShape)
def read_tenant(tenant: str) -> ResponseReturnValue:
    """Read one tenant."""
    _require_name(tenant)
    found = wired().store.tenant(tenant)
    if found is None:
        raise NotFound("there is no such tenant")
    return _shown(found)


@blueprint.route("/<tenant>", methods=["PATCH"])
@blueprint.arguments(TenantPatchSchema)
@blueprint.alt_response(200, schema=TenantShape)
def change_tenant(body: dict[str, Any], tenant: str) -> ResponseReturnValue:
    """Say how long a tenant's events are kept, of those that finish from now on; null is the default."""
    _require_name(tenant)
    store = wired().store
    found = store.tenant(tenant)
    before = found.retention if found else Retention()
    after = Retention(
        seconds=body.get("retention_seconds", before.seconds),
        by_type=body.get("retention_by_type", before.by_type) or {},
    )
    return _shown(store.keep_for(tenant, after))


@blueprint.route("/<tenant>", methods=["DELETE"])
@blueprint.alt_response(202, schema=DeletionShape, description="Begun; `/v1/recoveries/<id>` shows how far it is")
def delete_tenant(tenant: str) -> ResponseReturnValue:
    """Delete a tenant with its keys, endpoints, events and deliveries, in the background."""
    _require_name(tenant)
    return deletion_shown(wired().store.start_deletion(tenant)), 202


def deletion_shown(deletion: Deletion) -> rendering.Json:
    """A deletion in the shape of a recovery."""
    return {
        "id": DELETION_PREFIX + deletion.tenant,
        "tenant": deletion.tenant,
        "status": deletion.state,
        "total": deletion.total,
        "done": deletion.done,
        "skipped": 0,
        "started_at": rendering.moment(deletion.started_at),
        "finished_at": rendering.moment(deletion.finished_at),
    }


def _require_name(tenant: str) -> None:
    """Sources are tenants too, but not of this kind: their names have a dot."""
    if not NAME.fullmatch(tenant):
        raise NotFound("there is no such tenant")


def _shown(tenant: Tenant) -> rendering.Json:
    return {
        "id": tenant.id,
        "endpoints_count": tenant.endpoints_count,
        "events_count": tenant.events_count,
        "unfinished_count": tenant.unfinished_count,
        "delivered_count": tenant.delivered_count,
        "failed_count": tenant.failed_count,
        "retention_seconds": tenant.retention.seconds,
        "retention_by_type": dict(tenant.retention.by_type),
    }
