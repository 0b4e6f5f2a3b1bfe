"""Paddle: `Paddle-Signature: ts=…;h1=…`, hex HMAC-SHA256 over `timestamp:body`.

Source: developer.paddle.com, "Verify webhook signatures". Id, type and time are the members `event_id`,
`event_type` and `occurred_at` of the body.
"""

from datetime import datetime
from typing import Any

from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Scheme, Terms, member, moment, text


def verify(request: Incoming, terms: Terms, now: datetime) -> None:
    """One of the secrets signed this within five minutes; else raises BadSignature."""
    found = proof.pairs(proof.header(request, "paddle-signature"), separator=b";")
    timestamp = proof.only_timestamp(found, b"ts")
    proof.check_age(timestamp, now=now)
    proof.require_code(found.get(b"h1", []), terms.keys, timestamp + b":" + request.body, code=proof.hex_code)


def identify(_request: Incoming, content: Any, _terms: Terms) -> Identity:
    """All of it stands in the body."""
    return Identity(
        id=text(member(content, "event_id")),
        type=text(member(content, "event_type")),
        occurred_at=moment(member(content, "occurred_at")),
    )


SCHEME = Scheme(verify=verify, identify=identify)
