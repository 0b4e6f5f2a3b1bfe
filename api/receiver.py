"""Lane 2 at the door: `POST /webhooks/<source>`, raw bytes within the limit, then the answer."""

import threading
from typing import Protocol

import structlog
from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import ClientDisconnected, LengthRequired, MethodNotAllowed, RequestEntityTooLarge

from webhooks.counting import FlowCounts
from webhooks.errors import InvalidRequest, PayloadTooLarge, Unavailable
from webhooks.receiving import Receiver
from webhooks.schemes.scheme import Answer, Incoming

DEFAULT_SOURCE = "default"
READ_BYTES = 64 * 1024
FLUSH_SECONDS = 1.0

log = structlog.get_logger()


def receiver_blueprint(receiver: Receiver, *, max_body_bytes: int) -> Blueprint:
    """The two addresses at which webhooks are received."""
    blueprint = Blueprint("receiver", __name__)

    @blueprint.post("/webhook", defaults={"source": DEFAULT_SOURCE})
    @blueprint.post("/webhooks/<source>")
    def receive(source: str) -> ResponseReturnValue:
        """n11: kept, so acknowledged."""
        received = receiver.receive(source, _incoming(read_body(max_body_bytes)))
        if isinstance(received, Answer):
            return _told(received)
        return {"id": received.id, "duplicate": received.duplicate}

    @blueprint.get("/webhook", defaults={"source": DEFAULT_SOURCE})
    @blueprint.get("/webhooks/<source>")
    def challenge(source: str) -> ResponseReturnValue:
        """The provider tries out the address."""
        answer = receiver.challenged(source, request.args.to_dict())
        if answer is None:
            raise MethodNotAllowed(valid_methods=["POST"])
        return _told(answer)

    return blueprint


def _incoming(body: bytes) -> Incoming:
    return Incoming.of(
        dict(request.headers),
        body,
        url=request.base_url,
        query=request.query_string.decode("latin-1"),
        address=request.remote_addr,
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
    except RequestEntityTooLarge:
        raise _too_large(most_bytes) from None
    except (ClientDisconnected, OSError):
        raise InvalidRequest("the body ends before it is complete") from None


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


class Countable(Protocol):
    """Where counts are added up for all processes (`ports.VitalsStore`)."""

    def count(self, counts: dict[str, int]) -> None:
        """Add these."""
        ...


class CountFlusher:
    """A thread that adds what was counted in memory to the store, once each second."""

    def __init__(self, counts: FlowCounts, store: Countable, *, every_seconds: float = FLUSH_SECONDS) -> None:
        self._counts = counts
        self._store = store
        self._every_seconds = every_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hookline-counts", daemon=True)

    def start(self) -> None:
        """It runs; once for each flusher, and after a server has forked."""
        self._thread.start()

    def stop(self) -> None:
        """It has ended, and what was counted until now is stored if the store answers."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        drained = self._counts.drain()
        if not drained:
            return
        try:
            self._store.count(drained)
        except Unavailable:
            self._counts.add_all(drained)
            log.debug("counts.waiting")
