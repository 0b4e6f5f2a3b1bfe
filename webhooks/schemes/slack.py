"""Slack: `X-Slack-Signature: v0=…`, hex HMAC-SHA256 over `v0:timestamp:body`.

Source: docs.slack.dev, "Verifying requests from Slack" and "The Events API". The id is `event_id`, the type
that of the inner `event`; slash commands and interactions, which are forms, have their own `type` or are
`slash_command`. The post of type `url_verification` is answered with its challenge.
"""

from datetime import datetime
from typing import Any

import msgspec

from webhooks.schemes import proof
from webhooks.schemes.scheme import Answer, Identity, Incoming, Scheme, Terms, member, text, unix_moment


def verify(request: Incoming, terms: Terms, now: datetime) -> None:
    """One of the signing secrets signed this within five minutes; else raises BadSignature."""
    timestamp = proof.header(request, "x-slack-request-timestamp")
    proof.check_age(timestamp, now=now)
    given = proof.stripped(proof.header(request, "x-slack-signature"), b"v0=")
    proof.require_code([given], terms.keys, b":".join((b"v0", timestamp, request.body)), code=proof.hex_code)


def identify(_request: Incoming, content: Any, _terms: Terms) -> Identity:
    """Of an event its own id and type; of a command or an interaction its trigger."""
    command = "slash_command" if member(content, "command") else None
    return Identity(
        id=text(member(content, "event_id")) or text(member(content, "trigger_id")),
        type=text(member(content, "event", "type")) or text(member(content, "type")) or command,
        occurred_at=unix_moment(member(content, "event_time")),
    )


def answer(content: Any, _terms: Terms) -> Answer | None:
    """The challenge of a `url_verification`."""
    challenge = text(member(content, "challenge"))
    if member(content, "type") != "url_verification" or challenge is None:
        return None
    return Answer(body=msgspec.json.encode({"challenge": challenge}))


SCHEME = Scheme(verify=verify, identify=identify, takes_forms=True, answer=answer)
