"""Standard Webhooks: symmetric `v1` and asymmetric `v1a` signatures over `id.timestamp.body`.

Source: the Standard Webhooks specification, "Signature scheme" and "Webhook Metadata". The id is the header
`webhook-id`, type and time are the members `type` and `timestamp` of the body.
"""

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from webhooks import signing, variables
from webhooks.errors import BadSignature
from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Option, Scheme, Terms, member, moment, text

PUBLIC_KEY_PREFIX = "whpk_"
PUBLIC_KEY_BYTES = 32
ED25519_BYTES = 64
_PUBLIC = b"\x00ed25519:"
"""Stands before the bytes of a public key, so that it never serves as an HMAC key; no secret is read as one."""


def read_secret(secret: str) -> bytes:
    """The key of a `whsec_…` secret, or of a `whpk_…` public key; raises ValueError, which never repeats the text."""
    if not secret.startswith(PUBLIC_KEY_PREFIX):
        return signing.decode_secret(secret)
    encoded = secret.removeprefix(PUBLIC_KEY_PREFIX)
    try:
        key = b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES or b64encode(key) != encoded.encode():
        raise ValueError(f"a public key is {PUBLIC_KEY_PREFIX} and base64 of {PUBLIC_KEY_BYTES} bytes")
    return _PUBLIC + key


def verify(request: Incoming, terms: Terms, now: datetime) -> None:
    """One of the keys signed this within five minutes; else raises BadSignature."""
    prefix = terms.options.get("header_prefix") or "webhook-"
    message_id, timestamp, signatures = (
        proof.header(request, prefix + name) for name in ("id", "timestamp", "signature")
    )
    proof.check_age(timestamp, now=now)
    entries = signatures.split()
    if len(entries) > signing.MOST_SIGNATURES:
        raise BadSignature(f"more than {signing.MOST_SIGNATURES} signatures")
    content = b".".join((message_id, timestamp, request.body))
    public = [key.removeprefix(_PUBLIC) for key in terms.keys if key.startswith(_PUBLIC)]
    if any(_signed_by(key, entry, content) for key in public for entry in entries):
        return
    keys = [key for key in terms.keys if not key.startswith(_PUBLIC)]
    proof.require_match(entries, [b"v1," + proof.base64_code(key, content) for key in keys])


def _signed_by(key: bytes, entry: bytes, content: bytes) -> bool:
    version, _, encoded = entry.partition(b",")
    if version != b"v1a":
        return False
    try:
        signature = b64decode(encoded, validate=True)
        if len(signature) != ED25519_BYTES or b64encode(signature) != encoded:
            return False
        Ed25519PublicKey.from_public_bytes(key).verify(signature, content)
    except (ValueError, InvalidSignature):
        return False
    return True


def identify(request: Incoming, content: Any, terms: Terms) -> Identity:
    """The id of the header, type and time of the body."""
    prefix = terms.options.get("header_prefix") or "webhook-"
    return Identity(
        id=request.headers.get(prefix.lower() + "id"),
        type=text(member(content, "type")),
        occurred_at=moment(member(content, "timestamp")),
    )


def read_prefix(value: str) -> str:
    """What may begin a header's name; raises ValueError for anything else."""
    return variables.header_name(value + "id").removesuffix("id")


OPTIONS = {"header_prefix": Option(read=read_prefix, default="webhook-")}
SCHEME = Scheme(verify=verify, identify=identify, read_secret=read_secret, options=OPTIONS)
