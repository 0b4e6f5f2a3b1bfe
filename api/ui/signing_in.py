"""Signing in with a key, which never stands in an address, and out."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, make_response, redirect, request
from flask.typing import ResponseReturnValue

from api.auth import Principal, authenticator
from api.ui.rendering import link, render
from api.ui.sessions import fingerprint, new_session, session
from api.wiring import wired
from webhooks.errors import Unauthorized

INSTALLATION, KEY = "installation", "key"
"""The kinds of holders."""

blueprint = Blueprint("signing_in", __name__)


def is_open(endpoint: str | None) -> bool:
    """Whether a page can be seen without signing in."""
    return (endpoint or "").endswith((".signing_in.ask", ".signing_in.enter"))


def principal_of_session() -> Principal | None:
    """Whose session this is, if the key that it was opened with is still one."""
    kind, _, mark = session().holder.partition(":")
    if kind == INSTALLATION and mark == fingerprint(wired().settings.api_key):
        return Principal()
    key = wired().store.api_key(mark) if kind == KEY else None
    return Principal(tenant=key.tenant, scopes=key.scopes, key_id=key.id, name=key.name) if key else None


@blueprint.get("/sign-in")
def ask() -> ResponseReturnValue:
    """The form that asks for a key."""
    return _form(request.args.get("next", ""))


@blueprint.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Signed in, if the key is one of this installation."""
    wanted = request.form.get("next", "")
    key = request.form.get("key", "").strip()
    try:
        found = authenticator().principal_of_key(key, address=request.remote_addr or "")
    except Unauthorized:
        return _form(wanted, problem="That is not a key of this installation."), HTTPStatus.UNAUTHORIZED
    answer = redirect(_own(wanted) or link("home"), HTTPStatus.SEE_OTHER)
    g.area.cookies.write(
        answer, new_session(f"{KEY}:{found.key_id}" if found.key_id else f"{INSTALLATION}:{fingerprint(key)}")
    )
    return answer


@blueprint.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Signed out in this browser."""
    answer = redirect(link("signing_in.ask"), HTTPStatus.SEE_OTHER)
    g.area.cookies.forget(answer)
    return answer


def _form(wanted: str, *, problem: str = "") -> Response:
    answer = make_response(render("ui/sign_in.html", next=wanted, problem=problem))
    g.area.cookies.write(answer, session())
    return answer


def _own(address: str) -> str | None:
    """The address, if it leads nowhere else than to these pages."""
    parts = urlsplit(address)
    inside = address.startswith(f"/{g.area.name}/") and not parts.scheme and not parts.netloc
    return address if inside and "\\" not in address else None
