"""GitHub: `X-Hub-Signature-256`, hex HMAC-SHA256 over the body.

Source: docs.github.com, "Validating webhook deliveries" and "Webhook events and payloads" (delivery headers).
The id is `X-GitHub-Delivery`, the same when a delivery is sent again; the type is `X-GitHub-Event`, with the
body's `action` behind it where it has one: `pull_request.opened`. The signature covers neither header.
"""

from datetime import datetime
from typing import Any

from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Scheme, Terms, member, text


def verify(request: Incoming, terms: Terms, _now: datetime) -> None:
    """One of the secrets signed the body; else raises BadSignature."""
    given = proof.stripped(proof.header(request, "x-hub-signature-256"), b"sha256=")
    proof.require_code([given], terms.keys, request.body, code=proof.hex_code)


def identify(request: Incoming, content: Any, _terms: Terms) -> Identity:
    """Id and type of the headers."""
    event, action = request.headers.get("x-github-event"), text(member(content, "action"))
    return Identity(
        id=request.headers.get("x-github-delivery"), type=f"{event}.{action}" if event and action else event
    )


SCHEME = Scheme(verify=verify, identify=identify, takes_forms=True)
