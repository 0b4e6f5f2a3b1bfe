"""GitLab: the header `X-Gitlab-Token` holds the secret itself.

Source: docs.gitlab.com, "Webhooks" (delivery headers). The id is `Idempotency-Key`, the same for all tries of one
webhook; before GitLab 17.4 there is none, and a digest of the body stands for it. The type is the body's
`object_kind`, or else its `event_name`.
"""

from datetime import datetime
from typing import Any

from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Scheme, Terms, member, text


def verify(request: Incoming, terms: Terms, _now: datetime) -> None:
    """The header is one of the secrets; else raises BadSignature."""
    proof.require_match([proof.header(request, "x-gitlab-token")], terms.keys)


def identify(request: Incoming, content: Any, _terms: Terms) -> Identity:
    """The id of the header, the type of the body."""
    return Identity(
        id=request.headers.get("idempotency-key"),
        type=text(member(content, "object_kind")) or text(member(content, "event_name")),
    )


SCHEME = Scheme(verify=verify, identify=identify)
