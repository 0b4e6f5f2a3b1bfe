"""The audit log over HTTP: who changed what, and when."""

from typing import Any

from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from api import rendering
from api.auth import principal
from api.fields import Text
from api.reading import Blueprint
from api.schemas import ListQuery
from api.shape_fields import mapping, moment, text
from api.shapes import ListShape
from api.wiring import wired
from webhooks.auditing import AuditEntry
from webhooks.operator_answers import AuditQuery

blueprint = Blueprint("audit", __name__, url_prefix="/v1/audit", description="Who changed what, and when")


class AuditFilters(ListQuery):
    """The filters of `GET /v1/audit`."""

    key_id = Text(least=1, most=64)
    action = Text(least=1, most=64)
    target = Text(least=1, most=256)


class AuditShape(Schema):
    """One call that changed something, or read a secret."""

    id = text()
    at = moment()
    action = text()
    target = text(null=True)
    tenant = text(null=True)
    key_id = text(null=True)
    key_name = text()
    request_id = text()
    before = mapping(null=True)
    after = mapping(null=True)


class AuditListShape(ListShape):
    """A page of the audit log."""

    data = fields.List(fields.Nested(AuditShape), required=True)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(AuditFilters, location="query")
@blueprint.alt_response(200, schema=AuditListShape)
def list_audit(query: dict[str, Any]) -> ResponseReturnValue:
    """List who changed what, newest first; without `tenant` all that there is for the key that asks."""
    named = query.pop("tenant", None)
    tenant = principal().tenant_to_read(named) if named else principal().tenant
    return rendering.page(wired().store.list_audit(AuditQuery(tenant=tenant, **query)), _rendered)


def _rendered(entry: AuditEntry) -> rendering.Json:
    return {
        "id": entry.id,
        "at": rendering.moment(entry.at),
        "action": entry.action,
        "target": entry.target,
        "tenant": entry.tenant,
        "key_id": entry.key_id,
        "key_name": entry.key_name,
        "request_id": entry.request_id,
        "before": entry.before,
        "after": entry.after,
    }
