"""How far the deletion of a tenant is, beside the other background work under `/v1/recoveries`."""

from flask.typing import ResponseReturnValue

from api.reading import Blueprint
from api.tenant_schemas import DeletionShape
from api.tenants import DELETION_PREFIX, deletion_shown
from api.wiring import wired
from webhooks.errors import NotFound

blueprint = Blueprint(
    "deletions", __name__, url_prefix="/v1/recoveries", description="Tenants that are being deleted in the background"
)


@blueprint.route(f"/{DELETION_PREFIX}<tenant>", methods=["GET"])
@blueprint.alt_response(200, schema=DeletionShape)
def read_deletion(tenant: str) -> ResponseReturnValue:
    """See how far the deletion of a tenant is; kept for a day after its end."""
    found = wired().store.deletion(tenant)
    if found is None:
        raise NotFound("there is no such deletion")
    return deletion_shown(found)
