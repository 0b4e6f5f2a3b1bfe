"""Headers of an endpoint's own: which it may add, and what is kept of all that were sent."""

import re
from collections.abc import Mapping
from typing import Any

from webhooks import signature_headers
from webhooks.credentials import MASK, OAuth2Auth, looks_like_credential, masked
from webhooks.errors import InvalidEndpoint
from webhooks.model import Endpoint

RESERVED_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
)
"""What we say ourselves, and what speaks about the connection (RFC 9110, section 7.6.1)."""
MOST_HEADERS, LONGEST_NAME, LONGEST_VALUE = 20, 256, 4096

ALWAYS_SENT = {
    "content-type": "application/json",
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "keep-alive",
}
"""Headers that every request has alike."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token, RFC 9110, section 5.6.2."""
_VALUE = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
"""RFC 9110, section 5.5, but without its obsolete bytes beyond ASCII."""


def check_headers(headers: Any, *, reserved: frozenset[str] = RESERVED_HEADERS) -> dict[str, str]:
    """The headers as given, if each of them can be sent and is not ours; raises InvalidEndpoint naming it."""
    if not isinstance(headers, Mapping):
        raise _refused("must be an object of names and values")
    if len(headers) > MOST_HEADERS:
        raise _refused(f"must have {MOST_HEADERS} members at most")
    seen: set[str] = set()
    for name, value in headers.items():
        problem = _problem(name, value, reserved=reserved, seen=seen)
        if problem:
            raise _refused(f"{str(name)[:64]!r}: {problem}")
        seen.add(name.lower())
    return dict(headers)


def reserved_at(endpoint: Endpoint) -> frozenset[str]:
    """In lower case, the names that this endpoint cannot use: ours, and those that it chose for the signature."""
    return RESERVED_HEADERS.union(name.lower() for name in signature_headers.names(endpoint))


def own_headers(endpoint: Endpoint) -> dict[str, str]:
    """Those of the endpoint; a reserved one that was stored before the rule is passed over."""
    reserved = reserved_at(endpoint)
    return {name: value for name, value in endpoint.headers.items() if name.lower() not in reserved}


def recorded(headers: Mapping[str, str], endpoint: Endpoint) -> dict[str, str]:
    """What is kept of the headers of an attempt: no credential, and no signature under whatever name."""
    _, _, signature = signature_headers.names(endpoint)
    token = {"authorization": MASK} if isinstance(endpoint.auth, OAuth2Auth) else {}
    return {name: MASK if name == signature else value for name, value in masked(headers).items()} | token


def _problem(name: Any, value: Any, *, reserved: frozenset[str], seen: set[str]) -> str | None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return f"a name has letters, digits and -_.!#$%&'*+^`|~, at most {LONGEST_NAME}"
    if name.lower() in reserved:
        return "is set by Hookline itself"
    if name.lower() in seen:
        return "stands here twice; the case of a header's name does not matter"
    if value == MASK and looks_like_credential(name):
        return f"{MASK} is what is shown in place of the value; give the value, or leave `headers` out"
    return _problem_of_value(value)


def _problem_of_value(value: Any) -> str | None:
    if not isinstance(value, str):
        return "the value must be text"
    if len(value) > LONGEST_VALUE:
        return f"the value must have {LONGEST_VALUE} bytes at most"
    if not _VALUE.fullmatch(value):
        return "the value must be ASCII without control characters, and without space at its ends"
    return None


def _refused(problem: str) -> InvalidEndpoint:
    return InvalidEndpoint(f"the headers cannot be kept: {problem}", {"headers": [problem]})
