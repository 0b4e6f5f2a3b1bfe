"""Is this webhook theirs, and what does it say? Pure, and usable from any framework through `verify`."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from webhooks import payload
from webhooks.matching import LONGEST_TYPE
from webhooks.schemes import SCHEMES, forms
from webhooks.schemes.proof import body_digest
from webhooks.schemes.scheme import Answer, Incoming
from webhooks.sources import Source

UNKNOWN_TYPE = "unknown"
MOST_BYTES = 1024 * 1024
LONGEST_ID = 64
LONGEST_SOURCE_ID = 512
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_ODD = re.compile(r"[^A-Za-z0-9_.-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A webhook that is its source's own, read."""

    id: str
    """The key against duplicates: the provider's id, `sha256-…` of it where it does not fit, or of the body."""
    source_id: str | None
    """The provider's own id where it does not fit our pattern."""
    type: str
    """The provider's, with `_` for every character that a type cannot have; `unknown` where there is none."""
    occurred_at: datetime | None
    content: Any
    """What the body says: JSON, or the fields of a form."""
    body: bytes
    """Without its content encoding; of a form what it says, as JSON."""
    answer: Answer | None = None
    """To be sent back, and nothing to be kept: the provider only tries out the address."""


def verify(
    source: Source,
    headers: Mapping[str, str],
    body: bytes,
    *,
    url: str = "",
    query: str = "",
    address: str | None = None,
    now: datetime | None = None,
    most_bytes: int = MOST_BYTES,
) -> Verified:
    """What a request holds that proves to be the source's own; `body` is its raw bytes, before anything parsed them.

    Raises BadSignature (answer 401), InvalidRequest (400) or PayloadTooLarge (413).
    """
    request = Incoming.of(headers, body, url=url, query=query, address=address)
    source.verify(request, now or datetime.now(UTC))  # noqa: TID251 - a caller of another framework has no clock port
    return read(source, request, most_bytes=most_bytes)


def read(source: Source, request: Incoming, *, most_bytes: int) -> Verified:
    """What a verified request holds; raises InvalidRequest, PayloadTooLarge.

    The signature is over the body as it was sent; only then is it unpacked, to no more than `most_bytes`.
    """
    scheme = SCHEMES[source.scheme]
    encoding = request.headers.get("content-encoding", "").strip().lower()
    body = payload.unpack(request.body, encoding=encoding, most_bytes=most_bytes)
    form = scheme.takes_forms and forms.holds_form(request, body)
    content = forms.read(body) if form else payload.parse_received(body)
    found = scheme.identify(request, content, source.terms)
    return Verified(
        id=fitting_id(found.id) if found.id else body_digest(body)[:LONGEST_ID],
        source_id=None if not found.id or _ID.fullmatch(found.id) else found.id[:LONGEST_SOURCE_ID],
        type=fitting_type(found.type),
        occurred_at=found.occurred_at,
        content=content,
        body=msgspec.json.encode(content) if form else body,
        answer=scheme.answer(content, source.terms),
    )


def fitting_id(given: str) -> str:
    """The id as it is, or a digest of it where an id cannot be so."""
    if _ID.fullmatch(given):
        return given
    return ("sha256-" + hashlib.sha256(given.encode(errors="surrogatepass")).hexdigest())[:LONGEST_ID]


def fitting_type(given: str | None) -> str:
    """The type, `_` for what cannot stand in one; `unknown` where nothing is left of it."""
    found = _ODD.sub("_", (given or "")[:LONGEST_TYPE])
    return found if _EVENT_TYPE.fullmatch(found) else UNKNOWN_TYPE
