"""Every call that changes something leaves an entry in the audit log; the views need not know of it."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from api.auth import DEFAULT_TENANT, principal
from api.permissions import READING, scope_of
from api.wiring import wired
from webhooks.api_keys import Scope
from webhooks.auditing import AuditEntry, State, difference
from webhooks.errors import NotFound, Unavailable

BASE_PATH = "/v1/"
"""The pages note their own calls (api/ui/auditing.py)."""
SECRETS_READ = frozenset({("GET", "/v1/endpoints/<endpoint_id>/secret")})
"""Calls that change nothing and are noted all the same."""
CONFIGURATION = frozenset({"endpoints", "event-types", "keys", "tenants", "sources"})
"""Kinds whose state before and after is noted; events, deliveries and what was received tell their own story."""
SHARED = frozenset({"event-types", "keys", "sources", "inbox"})
"""Kinds that belong to the installation where they do not name a tenant."""
FIRST_FAILURE = 400

log = structlog.get_logger()


def watch(app: Flask) -> None:
    """From now on calls of this app are noted; to be called after authentication is set up."""
    app.before_request(_look_before)
    app.after_request(_note)


def _look_before() -> ResponseReturnValue | None:
    if _is_noted():
        g.state_before = _state(_address())
    return None


def _note(response: Response) -> Response:
    if _is_noted() and response.status_code < FIRST_FAILURE:
        try:
            _record(response)
        except Unavailable as error:
            log.error("audit.unrecorded", request_id=g.request_id, why=str(error))  # noqa: TRY400 - no bug of ours
    return response


def _is_noted() -> bool:
    """Whatever needs `manage` and is no mere reading."""
    if request.url_rule is None or not request.path.startswith(BASE_PATH) or "principal" not in g:
        return False
    call = (request.method, request.url_rule.rule)
    return call in SECRETS_READ or (request.method not in READING and scope_of(*call) is Scope.MANAGE)


def _record(response: Response) -> None:
    kind, *named = request.path.removeprefix("/v1/").split("/")
    answer = response.get_json(silent=True) if response.is_json else None
    answer = answer if isinstance(answer, dict) else {}
    target = named[0] if named else answer.get("id")
    before, after = g.get("state_before"), _state(f"/v1/{kind}/{target}")
    tenant = target if kind == "tenants" else _tenant(kind, after or before or answer)
    before, after = difference(before, after)
    entry = AuditEntry(
        action=str(request.endpoint).rpartition(".")[2],
        target=target,
        tenant=tenant,
        key_id=principal().key_id,
        key_name=principal().name,
        request_id=g.request_id,
        before=before,
        after=after,
    )
    wired().store.record(entry, keep_seconds=wired().settings.audit_retention_seconds)
    log.info("audit.recorded", action=entry.action, target=target, tenant=tenant, key_id=entry.key_id)


def _address() -> str:
    """Of the thing that the call is about: /v1/<kind>/<id>, whatever follows."""
    return "/".join(request.path.split("/")[:4])


def _state(address: str) -> State | None:
    """The thing as its own address shows it to this caller; None where there is none, or no such kind."""
    if address.split("/")[2] not in CONFIGURATION:
        return None
    try:
        view, arguments = current_app.url_map.bind("").match(address, method="GET")
        answer: Any = current_app.view_functions[view](**arguments)
        shown: Any = current_app.make_response(answer).get_json(silent=True)
    except (HTTPException, NotFound):
        return None
    return shown if isinstance(shown, dict) and "data" not in shown else None


def _tenant(kind: str, known: State) -> str | None:
    if known.get("tenant"):
        return str(known["tenant"])
    if kind in SHARED:
        return None
    return request.args.get("tenant") or principal().tenant or DEFAULT_TENANT
