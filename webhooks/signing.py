"""Standard Webhooks signatures: HMAC-SHA256 over `id.timestamp.body`, made and verified over bytes."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from webhooks.errors import BadSignature

SECRET_PREFIX = "whsec_"  # noqa: S105 - how every secret begins, not a secret
SHORTEST_KEY, LONGEST_KEY = 24, 64
TOLERANCE_SECONDS = 300
MOST_SIGNATURES = 20
"""More entries than any rotation needs are refused before anything is computed."""
_UNIX_SECONDS = re.compile(r"[0-9]{1,15}")


def decode_secret(text: str) -> bytes:
    """The key in a `whsec_…` text; raises ValueError, which never repeats the text.

    Standard Webhooks, "Signature scheme": base64 of 24 to 64 bytes. A lenient decoder would drop stray
    characters and make a near-empty key of a typo.
    """
    encoded = text.removeprefix(SECRET_PREFIX)
    if encoded == text:
        raise ValueError(f"a secret begins with {SECRET_PREFIX}")
    try:
        key = b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if b64encode(key) != encoded.encode() or not key:
        raise ValueError(f"a secret is {SECRET_PREFIX} and base64 with its padding, nothing else")
    if not SHORTEST_KEY <= len(key) <= LONGEST_KEY:
        raise ValueError(f"a secret holds {SHORTEST_KEY} to {LONGEST_KEY} bytes, this one {len(key)}")
    return key


def generate_secret(random_bytes: bytes) -> str:
    """The `whsec_…` text of those bytes; raises ValueError unless there are 24 to 64."""
    text = SECRET_PREFIX + b64encode(random_bytes).decode()
    decode_secret(text)
    return text


def sign(body: bytes, *, keys: Sequence[bytes], message_id: str, timestamp: int) -> str:
    """The value of `webhook-signature`: one `v1,…` for each key, the current one first."""
    content = signed_content(message_id.encode("latin-1"), str(timestamp).encode(), body)
    return " ".join(_signature(content, key).decode() for key in keys)


def verify(
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys: Sequence[bytes],
    now: datetime,
    tolerance_seconds: float = TOLERANCE_SECONDS,
) -> None:
    """Nothing, if one of the keys signed this body within the tolerance, both ends included.

    Raises BadSignature with the reason, and nothing else whatever the headers hold. Names of headers are
    taken in any case; their values as WSGI hands them out, in latin-1.
    """
    message_id, timestamp, signatures = _three(headers)
    check_age(timestamp, now=now, tolerance_seconds=tolerance_seconds)
    entries = signatures.split()
    if len(entries) > MOST_SIGNATURES:
        raise BadSignature(f"more than {MOST_SIGNATURES} signatures")
    content = signed_content(message_id, timestamp, body)
    expected = [_signature(content, key) for key in keys]
    # Every pair is compared, so that the time taken says nothing about which one matched.
    matched = [entry for entry in entries for right in expected if hmac.compare_digest(entry, right)]
    if not matched:
        raise BadSignature("no signature matches")


def _three(headers: Mapping[str, str]) -> tuple[bytes, bytes, bytes]:
    lowered = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp, signatures = (
        wire_bytes(lowered, name) for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
    )
    return message_id, timestamp, signatures


def wire_bytes(headers: Mapping[str, str], name: str) -> bytes:
    """The bytes of a header as they were sent, from names in lower case; raises BadSignature where there are none.

    WSGI decodes headers as latin-1 (PEP 3333).
    """
    value = headers.get(name)
    if not value:
        raise BadSignature(f"the header {name} is missing")
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise BadSignature(f"the header {name} has characters that cannot be sent") from None


def check_age(timestamp: bytes, *, now: datetime, tolerance_seconds: float = TOLERANCE_SECONDS) -> None:
    """Nothing for whole unix seconds within the tolerance, both ends included; else raises BadSignature."""
    # Only digits: `nan` would pass every comparison, and `int` takes signs, spaces and underscores.
    if not _UNIX_SECONDS.fullmatch(timestamp.decode("latin-1")):
        raise BadSignature("the timestamp is not in whole unix seconds")
    age = now.timestamp() - int(timestamp)
    if age > tolerance_seconds:
        raise BadSignature("the timestamp is too old")
    if age < -tolerance_seconds:
        raise BadSignature("the timestamp is in the future")


def signed_content(message_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """What is signed: id, time and body, with a dot between (Standard Webhooks, "Signature scheme")."""
    return b".".join((message_id, timestamp, body))


def _signature(content: bytes, key: bytes) -> bytes:
    return b"v1," + b64encode(hmac.digest(key, content, hashlib.sha256))
