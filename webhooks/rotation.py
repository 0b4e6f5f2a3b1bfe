"""Signing secrets change: the new one signs at once, the old ones for as long as the receiver needs to change too."""

from dataclasses import replace
from datetime import datetime, timedelta

from webhooks.errors import Conflict
from webhooks.model import Endpoint, SigningSecret

MOST_PREVIOUS = 10
DEFAULT_OVERLAP_SECONDS = 24 * 3600
LONGEST_OVERLAP_SECONDS = 7 * 24 * 3600


def rotated(endpoint: Endpoint, secret: str, *, overlap_seconds: float, now: datetime) -> Endpoint:
    """The endpoint with that secret first; the one before it signs for `overlap_seconds` more.

    Earlier ones keep their own ends, expired ones are dropped. Rotating to the secret that is current changes
    nothing, so that a call may be repeated after a lost answer. Raises Conflict when ten still sign.
    """
    current, *before = endpoint.secrets
    if secret == current.text:
        return endpoint
    previous = [each for each in before if _signs(each, now) and each.text != secret]
    if overlap_seconds > 0:
        previous.insert(0, replace(current, expires_at=now + timedelta(seconds=overlap_seconds)))
    if len(previous) > MOST_PREVIOUS:
        raise Conflict(
            f"{MOST_PREVIOUS} earlier secrets still sign; end them with DELETE …/secret/previous, "
            "or rotate with overlap_seconds 0"
        )
    return replace(endpoint, secrets=(SigningSecret(text=secret), *previous))


def revoked(endpoint: Endpoint) -> Endpoint:
    """The endpoint with its current secret alone."""
    return replace(endpoint, secrets=endpoint.secrets[:1])


def valid_secrets(endpoint: Endpoint, *, now: datetime) -> tuple[SigningSecret, ...]:
    """What signs at `now`, the current secret first."""
    return tuple(each for each in endpoint.secrets if _signs(each, now))


def previous(endpoint: Endpoint, *, now: datetime) -> tuple[SigningSecret, ...]:
    """The earlier secrets that still sign, the one replaced last first."""
    return valid_secrets(endpoint, now=now)[1:]


def _signs(secret: SigningSecret, now: datetime) -> bool:
    return secret.expires_at is None or secret.expires_at > now
