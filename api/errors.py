"""The one table from errors to HTTP, as problem documents (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from flask import Flask, Response, g
from werkzeug.exceptions import HTTPException

from webhooks import errors
from webhooks.errors import FieldErrors, InvalidRequest, RateLimited, WebhookError

RETRY_AFTER_SECONDS = 2
UNREAD = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.LENGTH_REQUIRED)
"""Where the body was not read to its end, the connection cannot be used again."""
PROBLEM = "application/problem+json"
PASSED_ON = ("Allow", "Retry-After", "WWW-Authenticate")
"""Headers of the framework's exceptions that mean something to the caller."""

log = structlog.get_logger()


class UnsupportedMediaType(WebhookError):
    """The body is said to be something else than JSON in UTF-8."""


@dataclass(frozen=True, slots=True)
class Row:
    """How one kind of error is told."""

    status: int
    code: str
    title: str


TABLE: Mapping[type[WebhookError], Row] = {
    errors.InvalidEvent: Row(400, "invalid_event", "Invalid event"),
    errors.InvalidEndpoint: Row(400, "invalid_endpoint", "Invalid endpoint"),
    errors.InvalidRequest: Row(400, "invalid_request", "Invalid request"),
    errors.Unauthorized: Row(401, "unauthorized", "Unauthorized"),
    errors.Forbidden: Row(403, "forbidden", "Forbidden"),
    errors.NotFound: Row(404, "not_found", "Not found"),
    errors.IdempotencyMismatch: Row(409, "idempotency_mismatch", "Idempotency mismatch"),
    errors.Conflict: Row(409, "conflict", "Conflict"),
    errors.PayloadTooLarge: Row(413, "payload_too_large", "Payload too large"),
    UnsupportedMediaType: Row(415, "unsupported_media_type", "Unsupported media type"),
    errors.RateLimited: Row(429, "rate_limited", "Too many requests"),
    errors.Unavailable: Row(503, "unavailable", "Unavailable"),
    errors.WebhookError: Row(500, "internal", "Internal error"),
}

HTTP_TABLE: Mapping[int, Row] = {
    **{row.status: row for row in TABLE.values() if row.status not in (400, 409)},
    405: Row(405, "method_not_allowed", "Method not allowed"),
}

DETAILS: Mapping[int, str] = {
    404: "there is nothing at this address",
    405: "this address does not take that method; the header Allow names those that it takes",
}


def register(app: Flask) -> None:
    """From now on every error of the app is answered as a problem document."""
    app.register_error_handler(WebhookError, _told)
    app.register_error_handler(HTTPException, _told_for_framework)
    app.register_error_handler(Exception, _told_for_bug)


def problem(row: Row, detail: str, field_errors: FieldErrors | None = None) -> Response:
    """The answer to one error, with the members of API.md."""
    document = _document(row, detail, field_errors)
    answer = Response(msgspec.json.encode(document), row.status, content_type=PROBLEM)
    if row.status == HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if row.status in UNREAD:
        answer.headers["Connection"] = "close"
    if row.status == HTTPStatus.UNAUTHORIZED:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def problem_document(error: WebhookError) -> dict[str, Any]:
    """The same for an error that is part of an answer, such as a row of a batch."""
    return _document(row_of(error), str(error), error.errors if isinstance(error, InvalidRequest) else None)


def _document(row: Row, detail: str, field_errors: FieldErrors | None) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": row.title,
        "status": row.status,
        "code": row.code,
        "detail": detail,
        "errors": {name: list(messages) for name, messages in (field_errors or {}).items()},
        "request_id": g.get("request_id", ""),
    }


def row_of(error: WebhookError) -> Row:
    """The row of the error's own kind, or of the nearest kind above it."""
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)


def _told(error: WebhookError) -> Response:
    row = row_of(error)
    if row.code == "internal":
        return _told_for_bug(error)
    answer = problem(row, str(error), error.errors if isinstance(error, InvalidRequest) else None)
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _told_for_framework(error: HTTPException) -> Response:
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    answer = problem(_http_row(status), DETAILS.get(status, error.description or ""))
    for name, value in error.get_headers():
        if name in PASSED_ON:
            answer.headers[name] = value
    return answer


def _http_row(status: int) -> Row:
    """A status without a row of its own keeps its number under the general code."""
    if status in HTTP_TABLE:
        return HTTP_TABLE[status]
    code = "internal" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request"
    return Row(status, code, HTTPStatus(status).phrase.capitalize())


def _told_for_bug(error: Exception) -> Response:
    log.error("request.failed", request_id=g.get("request_id"), exc_info=error)
    return problem(
        TABLE[WebhookError], "something went wrong on our side; give us the request_id so that we can find it"
    )
