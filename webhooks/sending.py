"""Lane 1, n3 and n4: the payload as it is and its signature anew are prepared and sent by HTTP POST."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from webhooks import __version__, schedule, signing, tracing
from webhooks.answers import Claim
from webhooks.attempting import Performed
from webhooks.errors import InvalidEndpoint
from webhooks.model import Delivery, Endpoint, ErrorCode, Outcome, Request, Verdict
from webhooks.ports import Clock, Sender
from webhooks.rotation import valid_secrets

SIGNATURE_HEADERS = ("id", "timestamp", "signature")
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
        *(f"webhook-{name}" for name in SIGNATURE_HEADERS),
    }
)
"""What we say ourselves, and what speaks about the connection (RFC 9110, section 7.6.1)."""
MOST_HEADERS, LONGEST_NAME, LONGEST_VALUE = 20, 256, 4096

MASK = "***"
ALWAYS_SENT = {
    "content-type": "application/json",
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "keep-alive",
}

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""A token, RFC 9110, section 5.6.2."""
_VALUE = re.compile(r"([!-~]([\t -~]*[!-~])?)?")
"""RFC 9110, section 5.5, but without its obsolete bytes beyond ASCII."""
_CREDENTIAL = re.compile(
    r"authorization|authentication|cookie|token|secret|key|password|passwd|signature|credential|session|jwt"
    r"|(^|[-_])(auth|pass|pwd)([-_]|$)"
)


def prepare(
    body: bytes,
    delivery: Delivery,
    endpoint: Endpoint,
    *,
    now: datetime,
    version: str = __version__,
    traceparent: str | None = None,
) -> Request:
    """The request of one attempt, signed at `now` with each secret that is valid then (API.md, What is sent).

    Raises ValueError when no secret is valid: nothing unsigned leaves.
    """
    keys = [signing.decode_secret(secret.text) for secret in valid_secrets(endpoint, now=now)]
    if not keys:
        raise ValueError("the endpoint has no valid signing secret")
    timestamp = int(now.timestamp())
    prefix = endpoint.header_prefix
    ours = {
        **ALWAYS_SENT,
        "user-agent": f"Hookline/{version}",
        f"{prefix}id": delivery.event_id,
        f"{prefix}timestamp": str(timestamp),
        f"{prefix}signature": signing.sign(body, keys=keys, message_id=delivery.event_id, timestamp=timestamp),
    }
    if traceparent:
        ours[tracing.HEADER] = traceparent
    return Request(url=endpoint.url, headers={**_own_headers(endpoint), **ours}, body=body)


def post(claim: Claim, sender: Sender, clock: Clock, *, send_traceparent: bool = False) -> Performed:
    """One HTTP POST for a claim that was won: what came of it, and what was sent; an outcome always."""
    traceparent = claim.traceparent if send_traceparent else None
    delivery, endpoint = claim.delivery, claim.endpoint
    assert delivery is not None
    assert endpoint is not None
    try:
        request = prepare(claim.body, delivery, endpoint, now=clock.now(), traceparent=traceparent)
    except ValueError as error:
        outcome = Outcome(verdict=Verdict.FAILED, error=ErrorCode.INTERNAL, detail=str(error))
        return Performed(outcome=outcome, url=endpoint.url)
    outcome = sender.send(request, timeout_seconds=endpoint.timeout_seconds)
    return Performed(outcome=_with_wait(outcome, clock), url=request.url, request_headers=request.headers)


def check_headers(headers: Any, *, header_prefix: str = "webhook-") -> dict[str, str]:
    """The headers as given, if each of them can be sent and is not ours; raises InvalidEndpoint naming it."""
    if not isinstance(headers, Mapping):
        raise _refused("must be an object of names and values")
    if len(headers) > MOST_HEADERS:
        raise _refused(f"must have {MOST_HEADERS} members at most")
    seen: set[str] = set()
    for name, value in headers.items():
        problem = _problem(name, value, reserved=_reserved(header_prefix), seen=seen)
        if problem:
            raise _refused(f"{str(name)[:64]!r}: {problem}")
        seen.add(name.lower())
    return dict(headers)


def looks_like_credential(name: str) -> bool:
    """Whether a header of that name may carry one: then its value is never shown."""
    return _CREDENTIAL.search(name.lower()) is not None


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with `***` for every value whose name looks like a credential, signatures included."""
    return {name: MASK if looks_like_credential(name) else value for name, value in headers.items()}


def _with_wait(outcome: Outcome, clock: Clock) -> Outcome:
    """A failure with what its Retry-After asks for."""
    if outcome.verdict is Verdict.DELIVERED or outcome.response is None:
        return outcome
    values = [value for name, value in outcome.response.headers if name.lower() == "retry-after"]
    asked = schedule.retry_after_seconds(values[0], clock.now()) if values else None
    return replace(outcome, retry_after_seconds=asked)


def _own_headers(endpoint: Endpoint) -> dict[str, str]:
    """Those of the endpoint; a reserved one that was stored before the rule is passed over."""
    reserved = _reserved(endpoint.header_prefix)
    return {name: value for name, value in endpoint.headers.items() if name.lower() not in reserved}


def _reserved(header_prefix: str) -> frozenset[str]:
    return RESERVED_HEADERS.union(f"{header_prefix}{name}".lower() for name in SIGNATURE_HEADERS)


def _problem(name: Any, value: Any, *, reserved: frozenset[str], seen: set[str]) -> str | None:
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return f"a name has letters, digits and -_.!#$%&'*+^`|~, at most {LONGEST_NAME}"
    if name.lower() in reserved:
        return "is set by Hookline itself"
    if name.lower() in seen:
        return "stands here twice; the case of a header's name does not matter"
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
