"""Endpoints come to be and change: what is checked, and what a change of address takes away."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from webhooks.credentials import OAuth2Auth, looks_like_credential
from webhooks.errors import InvalidEndpoint
from webhooks.headers import RESERVED_HEADERS, check_headers, reserved_at
from webhooks.ids import RANDOM_BYTES, new_id
from webhooks.model import Endpoint, SigningSecret
from webhooks.rotation import require_secret, resigned
from webhooks.signature_headers import names
from webhooks.signing_secrets import make_secret
from webhooks.tls_identity import check_identity
from webhooks.url_policy import UrlPolicy

NAMING = frozenset({"headers", "header_prefix", "signing_scheme", "signature_header"})
"""The fields that give headers their names."""
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an installation lays down for its endpoints."""

    url_policy: UrlPolicy
    timeout_seconds: float = 15.0
    """Of an endpoint that does not say otherwise."""


def new_endpoint(
    fields: Mapping[str, Any],
    *,
    tenant: str,
    secret: str | None,
    rules: Rules,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> Endpoint:
    """An endpoint of those fields, not kept yet, with an id and a secret; raises InvalidEndpoint."""
    endpoint = Endpoint(
        id=new_id("ep", now=now, random_bytes=random_bytes(RANDOM_BYTES)),
        tenant=tenant,
        **_judged({"timeout_seconds": None, **fields}, rules),
    )
    if secret is not None:
        require_secret(secret, endpoint.signing_scheme)
    text = secret or make_secret(endpoint.signing_scheme, random_bytes)
    _check_headers(endpoint)
    _check_credentials(endpoint)
    if endpoint.tls is not None:
        check_identity(endpoint.tls, now=now)
    return replace(endpoint, secrets=(SigningSecret(text=text),))


def changed(
    endpoint: Endpoint,
    changes: Mapping[str, Any],
    *,
    rules: Rules,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> Endpoint:
    """The endpoint with those fields; raises InvalidEndpoint, and Conflict where the scheme cannot change now.

    A new scheme, host or port takes away credential headers, `auth` and `tls` unless the same changes give them:
    they were meant for the old place.
    """
    after = replace(endpoint, **_judged(changes, rules))
    if not NAMING.isdisjoint(changes):
        _check_headers(after)
    after = resigned(endpoint, after, now=now, random_bytes=random_bytes)
    if not same_place(after.url, endpoint.url):
        after = _without_credentials(after, given=changes)
    _check_credentials(after)
    # One that expired since it was given stands in the way of no other change.
    if after.tls is not None and "tls" in changes:
        check_identity(after.tls, now=now)
    if after.enabled and not endpoint.enabled:
        return replace(after, disabled_reason=None, disabled_at=None)
    return after


def same_place(one: str, other: str) -> bool:
    """Whether the two URLs have the same scheme, host and port; one that cannot be read is at no place."""
    try:
        return _place(one) == _place(other)
    except ValueError:
        return False


def _judged(fields: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    judged = dict(fields)
    if "url" in fields:
        judged["url"] = rules.url_policy.check_url(fields["url"])
    if isinstance(fields.get("auth"), OAuth2Auth):
        judged["auth"] = _with_token_url(fields["auth"], rules)
    if "timeout_seconds" in fields and fields["timeout_seconds"] is None:
        judged["timeout_seconds"] = rules.timeout_seconds
    return judged


def _check_headers(endpoint: Endpoint) -> None:
    """The signature's header is none that means something else, and no own header takes its place."""
    message_id, timestamp, signature = (name.lower() for name in names(endpoint))
    taken = (RESERVED_HEADERS - {"webhook-signature"}) | {message_id, timestamp, "authorization", "cookie"}
    if signature in taken:
        problem = f"{signature} means something else"
        raise InvalidEndpoint(f"the signature has no place: {problem}", {"signing.signature_header": [problem]})
    check_headers(endpoint.headers, reserved=reserved_at(endpoint))


def _check_credentials(endpoint: Endpoint) -> None:
    """One thing alone says who we are, and an identity in TLS has TLS to be shown in; raises InvalidEndpoint."""
    if endpoint.auth and any(name.lower() == "authorization" for name in endpoint.headers):
        raise _refused("auth", "stands for the header Authorization; take that out of `headers`")
    if endpoint.tls is not None and urlsplit(endpoint.url).scheme != "https":
        raise _refused("tls", "needs a URL that begins with https")


def _with_token_url(auth: OAuth2Auth, rules: Rules) -> OAuth2Auth:
    """The token endpoint is judged as the endpoint is."""
    try:
        return replace(auth, token_url=rules.url_policy.check_url(auth.token_url))
    except InvalidEndpoint as error:
        problems = error.errors.get("url", [str(error)])
        raise InvalidEndpoint(f"the token URL cannot be used: {error}", {"auth.token_url": problems}) from None


def _without_credentials(endpoint: Endpoint, *, given: Mapping[str, Any]) -> Endpoint:
    harmless = {name: value for name, value in endpoint.headers.items() if not looks_like_credential(name)}
    kept: dict[str, Any] = {"headers": harmless, "auth": None, "tls": None}
    return replace(endpoint, **{name: value for name, value in kept.items() if name not in given})


def _refused(field: str, problem: str) -> InvalidEndpoint:
    return InvalidEndpoint(f"{field} {problem}", {field: [problem]})


def _place(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme)
