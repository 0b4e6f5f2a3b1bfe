"""Recover: an endpoint's failures of a time range go again, counted first, with a bar that shows how far it is."""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from api.auth import principal
from api.endpoints import known
from api.recovery_schemas import RecoverSchema
from api.ui.filters import with_zone
from api.ui.rendering import link, render, show
from api.wiring import wired
from webhooks.answers import RecoveryScope
from webhooks.errors import Conflict, InvalidRequest, NotFound
from webhooks.ids import RANDOM_BYTES, new_id
from webhooks.model import Endpoint
from webhooks.recovering import recover

MINUTE_TEXT = "%Y-%m-%dT%H:%M"

blueprint = Blueprint("recoveries", __name__)


@blueprint.get("/endpoints/<endpoint_id>/recover")
def ask(endpoint_id: str) -> ResponseReturnValue:
    """The form: from when on."""
    return _form(known(endpoint_id), {}, {})


@blueprint.post("/endpoints/<endpoint_id>/recover")
def begin(endpoint_id: str) -> ResponseReturnValue:
    """The number of what would go again, or, once that was seen, the recovery."""
    endpoint = known(endpoint_id)
    given = {name: request.form[name] for name in ("since", "until") if request.form.get(name, "").strip()}
    try:
        scope = _scope(endpoint, given)
    except InvalidRequest as error:
        return _form(endpoint, given, error.errors), HTTPStatus.BAD_REQUEST
    store = wired().store
    if "begin" not in request.form:
        return _form(endpoint, given, {}, count=store.count_recoverable(scope))
    if not endpoint.enabled:
        raise Conflict("the endpoint is disabled; enable it first")
    recovery = recover(store, scope, new_id=_new_id, clock=wired().clock)
    return redirect(link("recoveries.show_one", recovery_id=recovery.id), HTTPStatus.SEE_OTHER)


@blueprint.get("/recoveries/<recovery_id>")
def show_one(recovery_id: str) -> ResponseReturnValue:
    """How far a recovery is."""
    recovery = wired().store.recovery(recovery_id)
    if recovery is None or not principal().sees(recovery.scope.tenant):
        raise NotFound("there is no such recovery")
    finished = recovery.done + recovery.skipped
    percent = 100 if recovery.state == "done" else 100 * finished // max(1, recovery.total)
    return show("ui/recovery.html", page="endpoints", recovery=recovery, percent=min(percent, 100))


def _scope(endpoint: Endpoint, given: dict[str, str]) -> RecoveryScope:
    body: dict[str, Any] = RecoverSchema().load({name: with_zone(text) for name, text in given.items()})
    now = wired().clock.now()
    return RecoveryScope(
        tenant=endpoint.tenant,
        endpoint_id=endpoint.id,
        since=body["since"],
        until=min(body.get("until", now), now),
        statuses=body["statuses"],
    )


def _form(endpoint: Endpoint, given: dict[str, str], problems: Any, *, count: int | None = None) -> str:
    failing_since = endpoint.health.failing_since if endpoint.health else None
    usual = {"since": failing_since.strftime(MINUTE_TEXT)} if failing_since else {}
    return render(
        "ui/recover.html",
        page="endpoints",
        endpoint=endpoint,
        given=given or usual,
        problems={name: "; ".join(messages) for name, messages in problems.items()},
        count=count,
    )


def _new_id() -> str:
    wiring = wired()
    return new_id("rec", now=wiring.clock.now(), random_bytes=wiring.random_bytes(RANDOM_BYTES))
