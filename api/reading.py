"""How a request is read: bounded bytes first, strict JSON afterwards, queries without repetition."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import flask_smorest
from flask import Request
from marshmallow import Schema
from webargs.flaskparser import FlaskParser
from werkzeug.http import parse_options_header

from api.errors import PROBLEM, UnsupportedMediaType
from api.examples import EXAMPLES
from api.shapes import ProblemShape
from api.wiring import wired
from webhooks.errors import InvalidRequest
from webhooks.flask import read_body

UTF_8_NAMES = frozenset({"utf-8", "utf8"})
IDEMPOTENCY_KEY = "Idempotency-Key"
LONGEST_KEY = 255

View = TypeVar("View", bound=Callable[..., Any])


class BodySchema(Protocol):
    """A schema that knows how to take its request body apart."""

    body_optional: bool
    body_limit: str
    """The setting that says how many bytes it may have."""

    def read(self, raw: bytes) -> dict[str, Any]:
        """The members of the body, not validated yet; raises InvalidRequest."""
        ...


def require_json(content_type: str | None) -> None:
    """Nothing for `application/json` in UTF-8; else raises UnsupportedMediaType."""
    kind, options = parse_options_header(content_type)
    if kind.lower() != "application/json":
        raise UnsupportedMediaType("send the header `Content-Type: application/json`")
    if options.get("charset", "utf-8").lower() not in UTF_8_NAMES:
        raise UnsupportedMediaType("JSON is UTF-8 (RFC 8259 §8.1); leave the charset out")


def idempotency_key(request: Request) -> str | None:
    """The header `Idempotency-Key`, or None; raises InvalidRequest for one that cannot be kept."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    try:
        check_key(key)
    except ValueError as error:
        raise InvalidRequest(f"the {IDEMPOTENCY_KEY} cannot be used", {IDEMPOTENCY_KEY: [str(error)]}) from error
    return key


def check_key(text: str) -> None:
    """Nothing for an idempotency key that can be kept, else raises ValueError."""
    if not 1 <= len(text) <= LONGEST_KEY or not (text.isascii() and text.isprintable()):
        raise ValueError(f"must have 1 to {LONGEST_KEY} printable ASCII characters")


class StrictParser(FlaskParser):
    """Hands bodies to the schema as bytes, and queries as they are; the schema refuses unknown names."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}  # noqa: RUF012 - webargs declares it so
    DEFAULT_VALIDATION_STATUS = 400

    def load_json(self, req: Request, schema: Any) -> dict[str, Any]:
        """The body's members, as the schema reads them."""
        body: BodySchema = schema
        raw = read_body(getattr(wired().settings, body.body_limit))
        if not raw and body.body_optional:
            return {}
        require_json(req.headers.get("Content-Type"))
        return body.read(raw)

    def load_querystring(self, req: Request, schema: Any) -> dict[str, str]:  # noqa: ARG002 - webargs asks so
        """The query's parameters; one that is repeated is refused rather than half ignored."""
        repeated = [name for name, values in req.args.lists() if len(values) > 1]
        if repeated:
            raise InvalidRequest("a parameter is repeated", {name: ["give it once"] for name in sorted(repeated)})
        return req.args.to_dict()


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose arguments are read strictly."""

    ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: type[Schema], **options: Any) -> Callable[[View], View]:
        """Reads by one instance of the schema: making one for each request would cost as much as the reading."""
        if schema.__name__ in EXAMPLES:
            options["example"] = EXAMPLES[schema.__name__]
        decorate: Callable[[View], View] = super().arguments(schema(), **options)
        return decorate

    def problem(self, status: int, description: str) -> Callable[[View], View]:
        """Documents a problem that callers should be ready for."""
        decorate: Callable[[View], View] = self.alt_response(
            status, schema=ProblemShape, description=description, content_type=PROBLEM
        )
        return decorate
