"""Shopify: `X-Shopify-Hmac-Sha256`, base64 HMAC-SHA256 over the body.

Source: shopify.dev, "Verify webhook deliveries" and "Ignore duplicate webhooks". `X-Shopify-Event-Id` tells
duplicates; it counts for one topic, since one action of a merchant may concern several. The topic
`orders/create` is the type `orders.create`, `X-Shopify-Triggered-At` the time.
"""

from datetime import datetime
from typing import Any

from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Scheme, Terms, moment


def verify(request: Incoming, terms: Terms, _now: datetime) -> None:
    """One of the app's secrets signed the body; else raises BadSignature."""
    given = proof.header(request, "x-shopify-hmac-sha256")
    proof.require_code([given], terms.keys, request.body, code=proof.base64_code)


def identify(request: Incoming, _content: Any, _terms: Terms) -> Identity:
    """All of it stands in headers."""
    topic = request.headers.get("x-shopify-topic", "").strip()
    event_id = request.headers.get("x-shopify-event-id")
    return Identity(
        id=f"{event_id}-{topic.replace('/', '-')}" if event_id and topic else event_id,
        type=topic.replace("/", "."),
        occurred_at=moment(_to_microseconds(request.headers.get("x-shopify-triggered-at", ""))),
    )


def _to_microseconds(value: str) -> str:
    """Shopify writes nine digits of a second; Python reads six."""
    head, dot, rest = value.partition(".")
    return f"{head}.{rest[:6]}Z" if dot and rest.endswith("Z") else value


SCHEME = Scheme(verify=verify, identify=identify)
