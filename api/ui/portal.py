"""The portal: how a customer comes in by a link, and what makes the pages look like the product's own."""

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, redirect
from flask.typing import ResponseReturnValue

from api.auth import Principal
from api.portal_links import opened_by
from api.ui.rendering import link, render
from api.ui.sessions import new_session, session
from api.ui.theme import stylesheet, theme
from api.wiring import wired
from webhooks.api_keys import Scope
from webhooks.portal_links import PortalLink

KIND = "portal"
SCOPES = frozenset({Scope.READ, Scope.MANAGE})
"""A customer sees and changes; events are the product's to publish."""

blueprint = Blueprint("signing_in", __name__)
"""In the place of signing in by key."""


def principal_of_session() -> Principal | None:
    """The customer whose link this session was opened by, as long as the link lasts."""
    kind, _, link_id = session().holder.partition(":")
    found = wired().store.portal_link(link_id) if kind == KIND else None
    if found is None:
        return None
    g.portal_link = found
    return Principal(tenant=found.tenant, scopes=SCOPES, key_id=found.id, name=f"portal link of {found.tenant}")


def policy_of(found: PortalLink | None) -> str:
    """What the content policy lets in besides our own pictures: the logo's place."""
    parts = urlsplit(found.logo_url) if found and found.logo_url else None
    return f" https://{parts.netloc}" if parts else ""


@blueprint.get("/enter/<token>")
def enter(token: str) -> ResponseReturnValue:
    """The customer is in; the address that stays in the browser no longer tells the link."""
    found = opened_by(token)
    if found is None:
        return ask()
    answer = redirect(link("home"), HTTPStatus.SEE_OTHER)
    g.area.cookies.write(answer, new_session(f"{KIND}:{found.id}"))
    return answer


@blueprint.get("/sign-in")
def ask() -> ResponseReturnValue:
    """What to do without a link that is good."""
    return render("ui/no_link.html"), HTTPStatus.UNAUTHORIZED


@blueprint.post("/sign-out")
def leave() -> ResponseReturnValue:
    """Out, in this browser; the link itself lasts."""
    answer = redirect(link("signing_in.ask"), HTTPStatus.SEE_OTHER)
    g.area.cookies.forget(answer)
    return answer


@blueprint.get("/theme.css")
def show_theme() -> ResponseReturnValue:
    """The product's colour."""
    colour = g.portal_link.colour
    return Response(stylesheet(theme(colour)) if colour else "", content_type="text/css; charset=utf-8")
