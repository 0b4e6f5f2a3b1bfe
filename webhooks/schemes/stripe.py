"""Stripe: `Stripe-Signature: t=…,v1=…`, hex HMAC-SHA256 over `timestamp.body`.

Source: docs.stripe.com, "Verify webhook signatures manually". The whole secret, `whsec_` included, is the key.
Id, type and time are the members `id`, `type` and `created` of the body.
"""

from datetime import datetime
from typing import Any

from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Scheme, Terms, member, text, unix_moment


def verify(request: Incoming, terms: Terms, now: datetime) -> None:
    """One of the secrets signed this within five minutes; other versions than v1 do not count. Raises BadSignature."""
    found = proof.pairs(proof.header(request, "stripe-signature"), separator=b",")
    timestamp = proof.only_timestamp(found, b"t")
    proof.check_age(timestamp, now=now)
    proof.require_code(found.get(b"v1", []), terms.keys, timestamp + b"." + request.body, code=proof.hex_code)


def identify(_request: Incoming, content: Any, _terms: Terms) -> Identity:
    """All of it stands in the body."""
    return Identity(
        id=text(member(content, "id")),
        type=text(member(content, "type")),
        occurred_at=unix_moment(member(content, "created")),
    )


SCHEME = Scheme(verify=verify, identify=identify)
