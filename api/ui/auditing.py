"""What is changed on a page leaves the same entry in the audit log as the API's call would."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from flask import Response, g, request

from api import endpoint_rendering
from api.auth import principal
from api.wiring import wired
from webhooks.auditing import AuditEntry, State, difference
from webhooks.errors import Unavailable

ACTIONS: Mapping[str, str] = {
    "endpoints.register": "create_endpoint",
    "endpoints.change": "change_endpoint",
    "endpoints.enable": "change_endpoint",
    "endpoints.disable": "change_endpoint",
    "endpoints.delete": "delete_endpoint",
    "endpoints.send_test": "test_endpoint",
    "endpoints.show_secret": "read_secret",
    "endpoints.rotate": "rotate_secret",
    "endpoints.revoke": "revoke_previous_secrets",
    "deliveries.replay_one": "replay_delivery",
    "deliveries.cancel_one": "cancel_delivery",
    "access.create_key": "create_key",
    "access.revoke_key": "delete_key",
    "access.create_link": "create_portal_link",
    "access.revoke_link": "revoke_portal_link",
    "inbox.replay": "replay_inbox",
    "inbox.ignore_one": "ignore_inbox",
    "recoveries.begin": "recover_endpoint",
    "events.replay_all": "replay_events_deliveries",
}
"""Each page's view, and the operation of the API that does the same."""
TARGETS = ("endpoint_id", "delivery_id", "event_id", "key_id", "link_id")

log = structlog.get_logger()


def look_before() -> None:
    """How the endpoint that is about to be changed looks now."""
    if _action():
        g.state_before, g.tenant_before = _state(_target())


def made(target: str) -> None:
    """The view made this: its address did not name it."""
    g.target_made = target


def note(answer: Response) -> Response:
    """The entry is kept, if the view did what it is for."""
    action = _action()
    if action and answer.status_code < HTTPStatus.BAD_REQUEST:
        try:
            _record(action)
        except Unavailable as error:
            log.error("audit.unrecorded", request_id=g.request_id, why=str(error))  # noqa: TRY400 - no bug of ours
    return answer


def _action() -> str | None:
    view = (request.endpoint or "").partition(".")[2]
    merely_counts = view == "recoveries.begin" and "begin" not in request.form
    return ACTIONS.get(view) if request.method == "POST" and not merely_counts else None


def _target() -> str:
    given = request.view_args or {}
    return g.get("target_made") or next((given[name] for name in TARGETS if name in given), "")


def _record(action: str) -> None:
    wiring = wired()
    state, tenant = _state(_target())
    before, after = difference(g.get("state_before"), state)
    entry = AuditEntry(
        action=action,
        target=_target(),
        tenant=tenant or g.get("tenant_before"),
        key_id=principal().key_id,
        key_name=principal().name,
        request_id=g.request_id,
        before=before,
        after=after,
    )
    wiring.store.record(entry, keep_seconds=wiring.settings.audit_retention_seconds)


def _state(target: str) -> tuple[State | None, str | None]:
    """An endpoint's fields, and whose the thing is; what has no fields to be noted still has a tenant."""
    store = wired().store
    endpoint = store.endpoint(target) if target.startswith("ep_") else None
    if endpoint:
        return endpoint_rendering.endpoint(endpoint), endpoint.tenant
    delivery = store.delivery(target) if ":" in target else None
    return None, delivery.tenant if delivery else (request.view_args or {}).get("tenant")
