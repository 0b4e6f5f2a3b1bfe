"""Signing secrets change: the new one signs at once, the old ones for as long as the receiver needs to change too."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from webhooks.errors import Conflict, InvalidEndpoint
from webhooks.model import Endpoint, SigningSecret
from webhooks.signing_secrets import SigningScheme, check_secret, fits, make_secret

MOST_PREVIOUS = 10
DEFAULT_OVERLAP_SECONDS = 24 * 3600
LONGEST_OVERLAP_SECONDS = 7 * 24 * 3600


def renewed(
    endpoint: Endpoint,
    *,
    secret: str | None,
    overlap_seconds: float | None,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> Endpoint:
    """The endpoint with that secret, or a new one, of its scheme. Raises InvalidEndpoint, Conflict.

    Where the scheme sends one signature alone there is no overlap: the receiver takes both for a while instead.
    """
    scheme = SigningScheme(endpoint.signing_scheme)
    if secret is not None:
        require_secret(secret, scheme)
    if not scheme.takes_several and overlap_seconds:
        raise _refused("overlap_seconds", f"{scheme} sends one signature: rotate with 0, when the receiver takes both")
    usual = DEFAULT_OVERLAP_SECONDS if scheme.takes_several else 0
    return rotated(
        endpoint,
        secret or make_secret(scheme, random_bytes),
        overlap_seconds=usual if overlap_seconds is None else overlap_seconds,
        now=now,
    )


def resigned(before: Endpoint, after: Endpoint, *, now: datetime, random_bytes: Callable[[int], bytes]) -> Endpoint:
    """The changed endpoint with secrets of its scheme: the current one stays if it is one, else a new one is made.

    Between schemes whose header takes several signatures the earlier secrets sign beside it for a day. Raises Conflict.
    """
    scheme = SigningScheme(after.signing_scheme)
    if scheme == before.signing_scheme:
        return after
    current = after.secrets[0]
    if fits(current.text, scheme):
        return replace(after, secrets=(current,))
    several = scheme.takes_several and SigningScheme(before.signing_scheme).takes_several
    overlap_seconds = DEFAULT_OVERLAP_SECONDS if several else 0
    changed = rotated(after, make_secret(scheme, random_bytes), overlap_seconds=overlap_seconds, now=now)
    return changed if several else revoked(changed)


def require_secret(text: str, scheme: str) -> None:
    """Nothing for a secret of that scheme, else raises InvalidEndpoint, which never repeats it."""
    try:
        check_secret(text, scheme)
    except ValueError as error:
        raise _refused("secret", str(error)) from None


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


def _refused(field: str, problem: str) -> InvalidEndpoint:
    return InvalidEndpoint(f"the secret cannot be kept: {problem}", {field: [problem]})
