"""The bytes of an event: cut out of the request, put into the envelope, read again on the other side."""

import hashlib
import re
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from webhooks import strict_json
from webhooks.errors import InvalidEvent, InvalidRequest, PayloadTooLarge
from webhooks.strict_json import NotStrict

_BATCH = re.compile(rb'\s*\{\s*"events"\s*:\s*')
DATA = b',"data":'
"""Stands once before the slice in what `encode` makes: a quote within the type would be escaped."""


def slice_data(raw: bytes) -> tuple[dict[str, Any], bytes]:
    """The members of a publish request but for `data`, and `data` byte for byte; raises InvalidEvent.

    `raw` is a whole body or a row of a batch. `DESIGN` section 7 says what is refused, and why nothing is
    parsed and written anew.
    """
    try:
        members = strict_json.members(raw)
    except NotStrict as error:
        raise _invalid_event(str(error), error.field) from None
    if "data" not in members:
        raise _invalid_event("is required; null is a value", "data")
    data = members.pop("data")
    return {name: msgspec.json.decode(value) for name, value in members.items()}, data


def slice_rows(raw: bytes) -> list[bytes]:
    """The items of `events`, the only member of a batch's body, byte for byte; raises InvalidRequest.

    What is in a row is judged row by row (`slice_data`), so that one bad row refuses no other.
    """
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        rows = [bytes(row) for row in msgspec.json.decode(members.get("events", b"null"), type=list[msgspec.Raw])]
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        reason = f"must be an object with the one member `events`, a list ({str(error)[:200]})"
        raise InvalidRequest(f"the batch cannot be taken: {reason}", {"events": [reason]}) from None
    if not _is_one_member(raw, bytes(members["events"])):
        raise InvalidRequest(
            "the batch cannot be taken: see `errors`", {"body": ["must have `events` once and no more"]}
        )
    return rows


def _is_one_member(raw: bytes, value: bytes) -> bool:
    """Whether there is nothing in the object but this: a name that stands twice would hide what came first."""
    before = _BATCH.match(raw)
    return bool(
        before and raw.startswith(value, before.end()) and not raw[before.end() + len(value) :].strip(b" \t\r\n}")
    )


def encode(event_type: str, occurred_at: datetime, data: bytes) -> bytes:
    """The body that every endpoint receives: a compact envelope around `data` as it is."""
    head = msgspec.json.encode({"type": event_type, "timestamp": time_text(occurred_at)})
    return head.removesuffix(b"}") + DATA + data + b"}"


def split(body: bytes) -> bytes:
    """The slice that `encode` was given; raises ValueError for what it did not make."""
    _, separator, rest = body.partition(DATA)
    if not separator:
        raise ValueError("this body has no envelope of ours")
    return rest.removesuffix(b"}")


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z, cut and not rounded."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def content_digest(
    *,
    type: str,  # noqa: A002 - the field's name
    data: bytes,
    channels: Sequence[str],
    endpoint_ids: Sequence[str] | None,
    ordering_key: str | None,
    occurred_at: datetime | None,
) -> str:
    """Tells whether a repeat has the same content, in hex; `occurred_at` only where the caller gave it."""
    given_at = occurred_at and occurred_at.astimezone(UTC).isoformat()
    # A JSON array ends by itself, so nothing can move from its fields into the data.
    head = msgspec.json.encode([type, channels, endpoint_ids, ordering_key, given_at])
    return hashlib.sha256(head + data).hexdigest()


def parse_received(raw: bytes) -> Any:
    """What a received body says, an object as a rule; a byte order mark before it is passed over.

    Raises InvalidRequest for anything that is not strict JSON, however deep or long it is.
    """
    try:
        return strict_json.parse(raw)
    except NotStrict as error:
        where = f"{error.field}: " if error.field else ""
        raise InvalidRequest(f"the body cannot be read: {where}{error}") from None


def unpack(raw: bytes, *, encoding: str, most_bytes: int) -> bytes:
    """The body without its content encoding, none or gzip; raises InvalidRequest, PayloadTooLarge.

    No more is unpacked than `most_bytes`, whatever a small body claims to hold.
    """
    if encoding in {"", "identity"}:
        return raw
    if encoding not in {"gzip", "x-gzip"}:
        raise InvalidRequest("the content encoding must be gzip or none")
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        body = unpacking.decompress(raw, most_bytes + 1)
    except zlib.error:
        raise InvalidRequest("the body is not gzip") from None
    if len(body) > most_bytes:
        raise PayloadTooLarge(f"the unpacked body has more than {most_bytes} bytes")
    if not unpacking.eof or unpacking.unused_data:
        raise InvalidRequest("the body is not one whole gzip member")
    return body


def _invalid_event(reason: str, field: str | None) -> InvalidEvent:
    if field is None:
        return InvalidEvent(f"the event cannot be taken: {reason}")
    return InvalidEvent(f"the event cannot be taken: {field}: {reason}", {field: [reason]})
