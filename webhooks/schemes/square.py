"""Square: `x-square-hmacsha256-signature`, base64 HMAC-SHA256 over the notification URL and the body.

Source: developer.squareup.com, "Verify and validate an event notification". Id, type and time are the members
`event_id`, `type` and `created_at` of the body. The option `url` is the notification URL as Square knows it.
"""

from datetime import datetime
from typing import Any

from webhooks import variables
from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Option, Scheme, Terms, member, moment, text


def verify(request: Incoming, terms: Terms, _now: datetime) -> None:
    """One of the signature keys signed URL and body; else raises BadSignature."""
    given = proof.header(request, "x-square-hmacsha256-signature")
    content = terms.options["url"].encode() + request.body
    proof.require_code([given], terms.keys, content, code=proof.base64_code)


def identify(_request: Incoming, content: Any, _terms: Terms) -> Identity:
    """All of it stands in the body."""
    return Identity(
        id=text(member(content, "event_id")),
        type=text(member(content, "type")),
        occurred_at=moment(member(content, "created_at")),
    )


OPTIONS = {"url": Option(read=variables.url_of("https", "http"), required=True)}
SCHEME = Scheme(verify=verify, identify=identify, options=OPTIONS)
