"""Zoom: `x-zm-signature: v0=…`, hex HMAC-SHA256 over `v0:timestamp:body`.

Source: developers.zoom.us, "Using webhooks" (verify webhook events, validate your webhook endpoint). There is no
id: a digest of the body stands for it. The type is `event`, the time `event_ts` in milliseconds. The post of
type `endpoint.url_validation` is answered with its token and the token's code.
"""

from datetime import datetime
from typing import Any

import msgspec

from webhooks.schemes import proof
from webhooks.schemes.scheme import Answer, Identity, Incoming, Scheme, Terms, member, text, unix_moment


def verify(request: Incoming, terms: Terms, now: datetime) -> None:
    """One of the secret tokens signed this within five minutes; else raises BadSignature."""
    timestamp = proof.header(request, "x-zm-request-timestamp")
    proof.check_age(timestamp, now=now)
    given = proof.stripped(proof.header(request, "x-zm-signature"), b"v0=")
    proof.require_code([given], terms.keys, b":".join((b"v0", timestamp, request.body)), code=proof.hex_code)


def identify(_request: Incoming, content: Any, _terms: Terms) -> Identity:
    """Type and time of the body."""
    return Identity(
        type=text(member(content, "event")),
        occurred_at=unix_moment(member(content, "event_ts"), unit_seconds=0.001),
    )


def answer(content: Any, terms: Terms) -> Answer | None:
    """To the validation of the address: its plain token, and its code by the first secret."""
    token = text(member(content, "payload", "plainToken"))
    if member(content, "event") != "endpoint.url_validation" or token is None:
        return None
    code = proof.hex_code(terms.keys[0], token.encode(errors="surrogatepass")).decode()
    return Answer(body=msgspec.json.encode({"plainToken": token, "encryptedToken": code}))


SCHEME = Scheme(verify=verify, identify=identify, answer=answer)
