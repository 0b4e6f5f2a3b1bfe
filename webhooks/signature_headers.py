"""The headers that sign one attempt, by the endpoint's scheme and under its names."""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from webhooks import asymmetric, signing
from webhooks.model import Endpoint, SigningSecret
from webhooks.rotation import valid_secrets
from webhooks.signing_secrets import SigningScheme

BODY_SIGNATURE = "x-hub-signature-256"
"""Where senders that sign the body alone put it, unless the endpoint names another header (GitHub, WebSub §7.1)."""


def signature_name(*, scheme: str, header_prefix: str, signature_header: str | None) -> str:
    """The name of the header with the signature."""
    return signature_header or (BODY_SIGNATURE if scheme == SigningScheme.SHA256 else f"{header_prefix}signature")


def names(endpoint: Endpoint) -> tuple[str, str, str]:
    """The endpoint's names for id, timestamp and signature."""
    prefix = endpoint.header_prefix
    return (
        f"{prefix}id",
        f"{prefix}timestamp",
        signature_name(
            scheme=endpoint.signing_scheme, header_prefix=prefix, signature_header=endpoint.signature_header
        ),
    )


def signed(body: bytes, endpoint: Endpoint, *, message_id: str, now: datetime) -> dict[str, str]:
    """Id, timestamp and signature of an attempt at `now`; raises ValueError when no secret is valid then."""
    secrets = valid_secrets(endpoint, now=now)
    if not secrets:
        raise ValueError("the endpoint has no valid signing secret")
    timestamp = int(now.timestamp())
    if endpoint.signing_scheme == SigningScheme.SHA256:
        signature = _of_body(body, secrets[0])
    else:
        signature = _of_message(body, secrets, message_id=message_id, timestamp=timestamp)
    return dict(zip(names(endpoint), (message_id, str(timestamp), signature), strict=True))


def _of_body(body: bytes, secret: SigningSecret) -> str:
    """As GitHub signs: hex over the bytes of the body alone, with the secret's text for a key."""
    return "sha256=" + hmac.new(secret.text.encode(), body, hashlib.sha256).hexdigest()


def _of_message(body: bytes, secrets: Sequence[SigningSecret], *, message_id: str, timestamp: int) -> str:
    """Each secret signs by its own kind, so that an endpoint may change between `v1` and `v1a` without a gap."""
    return " ".join(_by(secret.text, body, message_id=message_id, timestamp=timestamp) for secret in secrets)


def _by(secret: str, body: bytes, *, message_id: str, timestamp: int) -> str:
    if secret.startswith(asymmetric.PRIVATE_PREFIX):
        return asymmetric.sign(signing.signed_content(message_id.encode(), str(timestamp).encode(), body), secret)
    return signing.sign(body, keys=[signing.decode_secret(secret)], message_id=message_id, timestamp=timestamp)
