"""How an attempt stands in Redis: packed, with a letter for its verdict before it."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec

from webhooks.headers import ALWAYS_SENT
from webhooks.model import Attempt, ErrorCode, Outcome, Response, Trigger, Verdict


class _Record(msgspec.Struct, array_like=True, omit_defaults=True):
    """An attempt, packed. A letter for the verdict stands before it, so that scripts need not unpack it."""

    number: int
    trigger: str
    started_ms: int
    duration_ms: float
    url: str | None = None
    request_headers: dict[str, str] = {}
    status_code: int | None = None
    response_headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False
    bytes_read: int = 0
    error: str | None = None
    detail: str | None = None
    retry_after_seconds: float | None = None
    url_digest: bytes = b""
    """`url` is what may be read by anybody: the URL up to its path. By this the whole one is known again."""


LETTERS = {Verdict.DELIVERED: b"D", Verdict.FAILED: b"F", Verdict.LOST: b"L"}
VERDICTS = {letter: verdict for verdict, letter in LETTERS.items()}


def pack_attempt(attempt: Attempt) -> bytes:
    """The record of an attempt, without path and query of the URL, which may hold a credential."""
    outcome, response = attempt.outcome, attempt.outcome.response
    record = _Record(
        number=attempt.number,
        trigger=attempt.trigger,
        started_ms=round(attempt.started_at.timestamp() * 1000),
        duration_ms=outcome.duration_ms,
        url=attempt.url and _origin(attempt.url),
        url_digest=_digest(attempt.url) if attempt.url else b"",
        request_headers={
            name: value for name, value in attempt.request_headers.items() if ALWAYS_SENT.get(name) != value
        },
        error=outcome.error,
        detail=outcome.detail,
        retry_after_seconds=outcome.retry_after_seconds,
        status_code=response.status_code if response else None,
        response_headers=response.headers if response else (),
        body=response.body if response else b"",
        truncated=response.truncated if response else False,
        bytes_read=response.bytes_read if response else 0,
    )
    return LETTERS[outcome.verdict] + msgspec.msgpack.encode(record)


def unpack_attempt(packed: bytes, *, url: str | None = None) -> Attempt:
    """The attempt that `pack_attempt` wrote.

    Its URL is `url`, the endpoint's now, if that is the one it went to; else no more than what was kept of it.
    """
    record = msgspec.msgpack.decode(packed[1:], type=_Record)
    response = None
    if record.status_code is not None:
        response = Response(
            status_code=record.status_code,
            headers=record.response_headers,
            body=record.body,
            truncated=record.truncated,
            bytes_read=record.bytes_read,
        )
    outcome = Outcome(
        verdict=VERDICTS[packed[:1]],
        duration_ms=record.duration_ms,
        response=response,
        error=ErrorCode(record.error) if record.error else None,
        detail=record.detail,
        retry_after_seconds=record.retry_after_seconds,
    )
    return Attempt(
        number=record.number,
        trigger=Trigger(record.trigger),
        started_at=datetime.fromtimestamp(record.started_ms / 1000, UTC),
        outcome=outcome,
        url=url if url and _digest(url) == record.url_digest else record.url,
        request_headers={**ALWAYS_SENT, **record.request_headers} if record.request_headers else {},
    )


def _origin(url: str) -> str:
    """The URL without what may hold a credential."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _digest(url: str) -> bytes:
    return hashlib.blake2b(url.encode(), digest_size=8).digest()
