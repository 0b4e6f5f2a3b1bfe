"""Standard Webhooks' asymmetric signatures: ed25519 with `whsk_…` private and `whpk_…` public keys."""

from base64 import b64decode, b64encode
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRIVATE_PREFIX, PUBLIC_PREFIX = "whsk_", "whpk_"
SEED_BYTES = 32
KEY_PAIR_BYTES = 64
"""Some libraries keep the public key behind the seed (RFC 8032, section 5.1.5); it must be the seed's own then."""


def decode_private_key(text: str) -> Ed25519PrivateKey:
    """The key in a `whsk_…` text; raises ValueError, which never repeats the text."""
    encoded = text.removeprefix(PRIVATE_PREFIX)
    if encoded == text:
        raise ValueError(f"a private key begins with {PRIVATE_PREFIX}")
    try:
        raw = b64decode(encoded, validate=True)
    except ValueError:
        raw = b""
    if b64encode(raw) != encoded.encode() or len(raw) not in (SEED_BYTES, KEY_PAIR_BYTES):
        raise ValueError(f"a private key is {PRIVATE_PREFIX} and base64 of {SEED_BYTES} or {KEY_PAIR_BYTES} bytes")
    key = Ed25519PrivateKey.from_private_bytes(raw[:SEED_BYTES])
    if len(raw) == KEY_PAIR_BYTES and raw[SEED_BYTES:] != key.public_key().public_bytes_raw():
        raise ValueError("the public key in its second half belongs to another private key")
    return key


def generate_private_key(seed: bytes) -> str:
    """The `whsk_…` text of those 32 random bytes; raises ValueError for another number."""
    text = PRIVATE_PREFIX + b64encode(seed).decode()
    decode_private_key(text)
    return text


def public_key(text: str) -> str:
    """The `whpk_…` text by which a receiver verifies what the `whsk_…` text signs; raises ValueError."""
    return PUBLIC_PREFIX + b64encode(_kept(text).public_key().public_bytes_raw()).decode()


def sign(content: bytes, private_key: str) -> str:
    """`v1a,` and the base64 of the signature over the content; raises ValueError for what is no key."""
    return "v1a," + b64encode(_kept(private_key).sign(content)).decode()


_kept = lru_cache(maxsize=1024)(decode_private_key)
"""Deriving the public half takes as long as signing; each attempt of an endpoint uses the same key."""
