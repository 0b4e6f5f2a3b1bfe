"""The Flask app: blueprints, errors, request ids, the OpenAPI document."""

import re
from collections.abc import Callable
from typing import Any

import flask_smorest
import msgspec
from flask import Blueprint, Flask, Response, g, request
from flask.json.provider import JSONProvider
from flask.typing import ResponseReturnValue

from api import (
    api_keys,
    audit,
    auditing,
    auth,
    batches,
    deletions,
    deliveries,
    documentation,
    endpoints,
    errors,
    event_types,
    events,
    explain,
    health,
    inbox,
    metrics,
    permissions,
    portal_links,
    recoveries,
    secrets,
    sources,
    stats,
    tenants,
)
from api.auth import Authenticator
from api.shapes import ProblemShape
from api.ui import site
from api.wiring import Wiring, attach
from webhooks import __version__
from webhooks.flask import door

BASE_PATH = "/v1/"
REQUEST_ID = "X-Request-Id"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

OPENAPI = {
    "API_TITLE": "Hookline",
    "API_VERSION": __version__,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": "Webhooks for a product: publish events, deliver them, see what became of each."},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
        "security": [{"bearer": []}],
    },
}

DOCUMENTED = (
    events,
    batches,
    event_types,
    endpoints,
    secrets,
    deliveries,
    recoveries,
    explain,
    inbox,
    sources,
    stats,
    api_keys,
    audit,
    portal_links,
    tenants,
    deletions,
)
"""The modules whose calls stand in the OpenAPI document, in the order of `/docs`."""


class MsgspecProvider(JSONProvider):
    """JSON as msgspec writes it: fast, in UTF-8, and with `msgspec.Raw` put in byte for byte."""

    def dumps(self, obj: Any, **_: Any) -> str:
        """The JSON of `obj`; raises TypeError for what has none."""
        return msgspec.json.encode(obj).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        """What the JSON says; raises msgspec.DecodeError."""
        return msgspec.json.decode(s)


class Api(flask_smorest.Api):
    """Documents our problem documents as the shape of errors."""

    ERROR_SCHEMA = ProblemShape

    def _register_responses(self) -> None:
        """What the library prepares for every status is used for errors alone, and those have a type of their own."""
        self.DEFAULT_RESPONSE_CONTENT_TYPE = errors.PROBLEM
        super()._register_responses()
        del self.DEFAULT_RESPONSE_CONTENT_TYPE


def create_app(wiring: Wiring) -> Flask:
    """An app over that wiring; connects to nothing yet."""
    app = Flask("api")
    app.json = MsgspecProvider(app)
    app.config.update(OPENAPI)
    app.url_map.merge_slashes = False
    attach(app, wiring)
    metrics.measure_requests(app)
    app.before_request(_name_request(wiring.random_bytes))
    authenticator = Authenticator(wiring.store, api_key=wiring.settings.api_key, monotonic=wiring.clock.monotonic)
    auth.attach(app, authenticator)
    app.before_request(_authenticate(authenticator))
    auditing.watch(app)
    app.after_request(_show_request_id)
    api = Api(app)
    errors.register(app)
    for module in DOCUMENTED:
        api.register_blueprint(module.blueprint)
    api.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(documentation.blueprint_for(api))
    app.register_blueprint(_door(wiring))
    site.register(app, wiring)
    return app


def _door(wiring: Wiring) -> Blueprint:
    settings = wiring.settings
    return door(wiring.receiver, max_body_bytes=settings.max_body_bytes, proxies=settings.proxies)


def _name_request(random_bytes: Callable[[int], bytes]) -> Callable[[], None]:
    """Each request has an id: the caller's if it is sane, else one of ours."""

    def name() -> None:
        given = request.headers.get(REQUEST_ID, "")
        g.request_id = given if _SANE_ID.fullmatch(given) else random_bytes(16).hex()

    return name


def _authenticate(authenticator: Authenticator) -> Callable[[], ResponseReturnValue | None]:
    """Everything below the base path needs a key, addresses that do not exist included; metrics too."""

    def authenticate() -> None:
        if request.path.startswith(BASE_PATH) or request.path == metrics.PATH:
            authorization = request.headers.get("Authorization")
            g.principal = authenticator.principal_of(authorization, address=request.remote_addr or "")
            if request.url_rule is not None:
                permissions.check(g.principal, method=request.method, rule=request.url_rule.rule)

    return authenticate


def _show_request_id(response: Response) -> Response:
    response.headers[REQUEST_ID] = g.get("request_id", "")
    return response
