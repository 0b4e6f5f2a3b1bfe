"""Lane 2 at the door, in any Flask app: `POST /webhooks/<source>`, raw bytes within the limit, then the answer.

hooks = webhooks.celery.register(celery_app, …)
flask_app.register_blueprint(webhooks.flask.receiver_blueprint(hooks))
"""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Protocol

import msgspec
from flask import Blueprint, Response, after_this_request, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    HTTPException,
    LengthRequired,
    MethodNotAllowed,
    RequestEntityTooLarge,
)

from webhooks import errors
from webhooks.errors import InvalidRequest, PayloadTooLarge, RateLimited, WebhookError
from webhooks.peers import client_address
from webhooks.receiving import Receiver
from webhooks.schemes.scheme import Answer, Incoming

DEFAULT_SOURCE = "default"
READ_BYTES = 64 * 1024
MOST_BYTES = 1024 * 1024
PROBLEM = "application/problem+json"
RETRY_AFTER_SECONDS = 2
STATUSES: Mapping[type[WebhookError], HTTPStatus] = {
    errors.BadSignature: HTTPStatus.UNAUTHORIZED,
    errors.InvalidRequest: HTTPStatus.BAD_REQUEST,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.PayloadTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""What the door of somebody else's app answers; that of our API has its own table."""


class Hooks(Protocol):
    """What `webhooks.celery.register` makes."""

    @property
    def receiver(self) -> Receiver:
        """Who receives."""
        ...

    def prepare(self) -> None:
        """This process may receive; raises Unavailable while the store does not answer."""
        ...


def receiver_blueprint(hooks: Hooks, *, max_body_bytes: int = MOST_BYTES, proxies: Sequence[str] = ()) -> Blueprint:
    """The two addresses at which webhooks are received, whose errors are problem documents (RFC 9457).

    `proxies` are the networks of reverse proxies whose `X-Forwarded-For` is believed.
    """
    blueprint = door(hooks.receiver, max_body_bytes=max_body_bytes, proxies=proxies, prepare=hooks.prepare)
    blueprint.register_error_handler(WebhookError, _problem)
    blueprint.register_error_handler(HTTPException, _http_problem)
    return blueprint


def _always_ready() -> None:
    """Whoever wired this door has prepared the process."""


def door(
    receiver: Receiver,
    *,
    max_body_bytes: int,
    proxies: Sequence[str] = (),
    prepare: Callable[[], None] = _always_ready,
) -> Blueprint:
    """The same for an app that answers errors itself."""
    blueprint = Blueprint("receiver", __name__)

    # Not by `defaults`: a redirect from /webhooks/default would be followed by no sender.
    @blueprint.post("/webhook")
    @blueprint.post("/webhooks/<source>")
    def receive(source: str = DEFAULT_SOURCE) -> ResponseReturnValue:
        """n11: kept, so acknowledged."""
        request_ = _incoming(read_body(max_body_bytes), proxies)
        prepare()
        received = receiver.receive(source, request_)
        if isinstance(received, Answer):
            return _told(received)
        return {"id": received.id, "duplicate": received.duplicate}

    @blueprint.get("/webhook")
    @blueprint.get("/webhooks/<source>")
    def challenge(source: str = DEFAULT_SOURCE) -> ResponseReturnValue:
        """The provider tries out the address."""
        answer = receiver.challenged(source, request.args.to_dict())
        if answer is None:
            raise MethodNotAllowed(valid_methods=["POST"])
        return _told(answer)

    return blueprint


def _problem(error: WebhookError) -> Response:
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    answer = _document(status, str(error))
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    if isinstance(error, RateLimited):
        answer.headers["Retry-After"] = str(error.retry_after_seconds)
    return answer


def _http_problem(error: HTTPException) -> Response:
    answer = _document(HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR), error.description or "")
    allow = dict(error.get_headers()).get("Allow")
    if allow:
        answer.headers["Allow"] = allow
    return answer


def _document(status: HTTPStatus, detail: str) -> Response:
    document = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return Response(msgspec.json.encode(document), status, content_type=PROBLEM)


def _incoming(body: bytes, proxies: Sequence[str]) -> Incoming:
    return Incoming.of(
        dict(request.headers),
        body,
        url=request.base_url,
        query=request.query_string.decode("latin-1"),
        address=client_address(request.remote_addr, request.headers.get("X-Forwarded-For", ""), proxies),
    )


def _told(answer: Answer) -> Response:
    told = Response(answer.body, content_type=answer.content_type)
    told.headers["X-Content-Type-Options"] = "nosniff"
    return told


def read_body(most_bytes: int) -> bytes:
    """The bytes of the request's body as they were sent.

    Raises PayloadTooLarge as soon as there are more, LengthRequired (411) for a chunked body on a server that
    does not mark its end, InvalidRequest for one that is cut short or badly chunked.
    """
    if (request.content_length or 0) > most_bytes:
        raise _too_large(most_bytes)
    if _is_chunked() and not request.environ.get("wsgi.input_terminated"):
        raise LengthRequired("this server does not read chunked bodies; send Content-Length")
    # Beyond this werkzeug refuses by itself; one byte more lets us see that there was one.
    request.max_content_length = most_bytes + 1
    try:
        return _counted(most_bytes)
    except (PayloadTooLarge, RequestEntityTooLarge):
        raise _too_large(most_bytes) from None
    except Exception:  # noqa: BLE001 - each server has its own errors for a body that is badly chunked or cut short
        after_this_request(_close)
        raise InvalidRequest("the body ends before it is complete, or is badly chunked") from None


def _close(answer: Response) -> Response:
    """Nobody knows where the next request would begin on this connection."""
    answer.headers["Connection"] = "close"
    return answer


def _counted(most_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = most_bytes
    while part := request.stream.read(min(READ_BYTES, left + 1)):
        left -= len(part)
        if left < 0:
            raise _too_large(most_bytes)
        parts.append(part)
    return b"".join(parts)


def _is_chunked() -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def _too_large(most_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"a body has {most_bytes} bytes at most")
