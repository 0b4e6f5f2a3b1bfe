"""The pages as parts of the app: who may see them, the forms' token, headers, errors as pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from flask import Blueprint, Flask, Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from api import errors
from api.auth import Principal
from api.errors import HTTP_TABLE, TABLE, Row
from api.ui import (
    access_pages,
    assets,
    audit_pages,
    auditing,
    delivery_pages,
    endpoint_pages,
    event_pages,
    event_type_pages,
    flow_pages,
    formats,
    inbox_pages,
    overview_pages,
    portal,
    recovery_pages,
    signing_in,
)
from api.ui.rendering import link, render
from api.ui.sessions import Cookies, new_session, require_token
from api.wiring import Wiring
from webhooks.api_keys import Scope
from webhooks.errors import Forbidden, NotFound, WebhookError

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{}; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PUBLISHING = (".events.ask_new", ".events.post_new")
MANAGING = (".access.show", ".audit.show_list")
"""Pages to look at that need more than reading, as their calls of the API do."""
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
GOT_LOST = "nothing is at this address; the links above lead to what there is"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One entry of the navigation."""

    name: str
    label: str
    page: str
    for_installation: bool = False
    """Shows more than one tenant's things, so it is not for a holder who is bound to one."""
    for_operators: bool = False
    """Is not in the portal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of the site with its own cookie and its own way to sign in."""

    name: str
    title: str
    cookies: Cookies
    sections: Sequence[Section]
    holder: Callable[[], Principal | None]
    """Who is signed in, by this request's session; None for nobody."""

    def visible(self) -> list[Section]:
        """What the navigation offers to this visitor."""
        bound = g.principal.tenant is not None
        return [section for section in self.sections if not (bound and section.for_installation)]


OPERATORS = (
    flow_pages.blueprint,
    overview_pages.blueprint,
    inbox_pages.blueprint,
    access_pages.blueprint,
    audit_pages.blueprint,
)
SHARED = (
    event_pages.blueprint,
    delivery_pages.blueprint,
    endpoint_pages.blueprint,
    recovery_pages.blueprint,
    event_type_pages.blueprint,
)
"""Pages that make sense for one tenant as well as for the installation."""
SECTIONS = (
    Section(name="flow", label="Flow", page="flow.show_flow", for_installation=True),
    Section(name="overview", label="Overview", page="overview.show_overview", for_installation=True),
    Section(name="events", label="Events", page="events.show_list"),
    Section(name="deliveries", label="Deliveries", page="deliveries.show_list"),
    Section(name="endpoints", label="Endpoints", page="endpoints.show_list"),
    Section(name="event_types", label="Event types", page="event_types.show_list"),
    Section(name="inbox", label="Inbox", page="inbox.show_list", for_installation=True),
    Section(name="access", label="Access", page="access.show", for_operators=True),
    Section(name="audit", label="Audit", page="audit.show_list", for_operators=True),
)


def register(app: Flask, wiring: Wiring) -> None:
    """From now on the app has its pages."""
    formats.register(app)
    app.register_blueprint(assets.blueprint)
    app.register_blueprint(_operators_area(wiring))
    app.register_blueprint(_customers_area(wiring))
    app.add_url_rule("/", "front", _to_pages)


def _operators_area(wiring: Wiring) -> Blueprint:
    area = Area(
        name="ui",
        title="Hookline",
        cookies=Cookies(name="hookline_session", path="/ui", keys=wiring.settings.secret_keys),
        sections=SECTIONS,
        holder=signing_in.principal_of_session,
    )
    return _blueprint(area, signing_in.blueprint, *OPERATORS, *SHARED)


def _customers_area(wiring: Wiring) -> Blueprint:
    area = Area(
        name="portal",
        title="Webhooks",
        cookies=Cookies(name="hookline_portal", path="/portal", keys=wiring.settings.secret_keys),
        sections=[each for each in SECTIONS if not (each.for_installation or each.for_operators)],
        holder=portal.principal_of_session,
    )
    return _blueprint(area, portal.blueprint, *SHARED)


def _blueprint(area: Area, *children: Blueprint) -> Blueprint:
    blueprint = Blueprint(area.name, __name__, url_prefix=f"/{area.name}", template_folder="templates")
    blueprint.before_request(_enter(area))
    blueprint.after_request(_protect)
    blueprint.after_request(_note)
    blueprint.register_error_handler(WebhookError, _told)
    blueprint.register_error_handler(HTTPException, _told_for_framework)
    blueprint.register_error_handler(Exception, _told_for_bug)
    for child in children:
        blueprint.register_blueprint(child)
    blueprint.add_url_rule("/", "home", _home)
    blueprint.add_url_rule("/<path:rest>", "lost", _lost)
    return blueprint


def _enter(area: Area) -> Callable[[], ResponseReturnValue | None]:
    """Nobody gets further without a session, and nothing is changed without the session's token."""

    def enter() -> ResponseReturnValue | None:
        request.max_content_length = None if request.method in SAFE_METHODS else 16 * 1024 * 1024
        g.area = area
        g.session = area.cookies.read() or new_session()
        g.principal = area.holder()
        g.visitor = g.principal is not None
        if not g.visitor and not signing_in.is_open(request.endpoint):
            return _to_sign_in(area)
        g.principal = g.principal or Principal(tenant="", scopes=frozenset())
        if request.method not in SAFE_METHODS:
            require_token()
        _require_scope()
        if g.visitor:
            auditing.look_before()
        return None

    return enter


def _require_scope() -> None:
    """What a page shows, a key must be allowed to read, and to change what it changes; leaving is free."""
    if not g.visitor or (request.endpoint or "").endswith(".signing_in.leave"):
        return
    usual = Scope.READ if request.method in SAFE_METHODS else Scope.MANAGE
    page = request.endpoint or ""
    needed = Scope.PUBLISH if page.endswith(PUBLISHING) else Scope.MANAGE if page.endswith(MANAGING) else usual
    if needed not in g.principal.scopes:
        raise Forbidden(f"this needs a key with the scope `{needed}`; sign out, and in again with another one")


def _to_sign_in(area: Area) -> Response:
    wanted = request.full_path.rstrip("?") if request.method in SAFE_METHODS else None
    return redirect(url_for(f"{area.name}.signing_in.ask", next=wanted), HTTPStatus.SEE_OTHER)  # type: ignore[return-value]


def _protect(answer: Response) -> Response:
    answer.headers["Content-Security-Policy"] = CONTENT_POLICY.format(portal.policy_of(g.get("portal_link")))
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)
    return answer


def _note(answer: Response) -> Response:
    return auditing.note(answer) if g.get("visitor") else answer


def _to_pages() -> ResponseReturnValue:
    return redirect("/ui/")


def _home() -> ResponseReturnValue:
    first = g.area.visible()[0]
    return redirect(link(first.page))


def _lost(rest: str) -> ResponseReturnValue:  # noqa: ARG001 - the rule names it
    raise NotFound(GOT_LOST)


def _told(error: WebhookError) -> ResponseReturnValue:
    row = errors.row_of(error)
    if row.code == "internal":
        return _told_for_bug(error)
    return _page(row, str(error))


def _told_for_framework(error: HTTPException) -> ResponseReturnValue:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    row = HTTP_TABLE.get(status) or Row(status, "invalid_request", HTTPStatus(status).phrase)
    return _page(row, error.description or "")


def _told_for_bug(error: Exception) -> ResponseReturnValue:
    log.error("request.failed", request_id=g.get("request_id"), exc_info=error)
    return _page(TABLE[WebhookError], "something went wrong on our side; give us the request id so that we can find it")


def _page(row: Row, detail: str) -> ResponseReturnValue:
    return render("ui/error.html", row=row, detail=detail.rstrip("."), request_id=g.get("request_id", "")), row.status
