"""The audit log: who changed what, and how it was before."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from api.audit import AuditFilters
from api.auth import principal
from api.ui.filters import Filters
from api.ui.rendering import show
from api.wiring import wired
from webhooks.operator_answers import AuditQuery

PAGE = 50

blueprint = Blueprint("audit", __name__, url_prefix="/audit")


@blueprint.get("")
def show_list() -> ResponseReturnValue:
    """The newest entries that the filters let through."""
    filters = Filters(AuditFilters, limit=PAGE)
    named = filters.query.pop("tenant", None)
    tenant = principal().tenant_to_read(named) if named else principal().tenant
    found = wired().store.list_audit(AuditQuery(tenant=tenant, **filters.query))
    return show("ui/audit.html", page="audit", filters=filters, entries=found.items, next=found.next)
