"""Twilio: `X-Twilio-Signature`, base64 HMAC-SHA1 over the public URL and the sorted fields of the form.

Source: twilio.com/docs/usage/security, "Validating signatures from Twilio". JSON bodies are covered by the query
parameter `bodySHA256`, which is part of the URL. The id is `I-Twilio-Idempotency-Token`; the type is
`message.<status>` or `call.<status>`. The option `url` is the address as Twilio knows it.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from webhooks import variables
from webhooks.errors import BadSignature, InvalidRequest
from webhooks.schemes import forms, proof
from webhooks.schemes.scheme import Identity, Incoming, Option, Scheme, Terms, member, text

STATUSES = {"MessageStatus": "message", "SmsStatus": "message", "CallStatus": "call"}


def verify(request: Incoming, terms: Terms, _now: datetime) -> None:
    """One of the auth tokens signed URL and body; else raises BadSignature."""
    url = terms.options["url"] + (f"?{request.query}" if request.query else "")
    content = url.encode("latin-1", "replace") + _covered(request)
    given = proof.header(request, "x-twilio-signature")
    proof.require_code([given], terms.keys, content, code=_code)


def _code(key: bytes, content: bytes) -> bytes:
    return proof.base64_code(key, content, "sha1")


def _covered(request: Incoming) -> bytes:
    """What follows the URL. A body that neither form nor digest covers could be anybody's."""
    digests = parse_qs(request.query).get("bodySHA256", [])
    if digests:
        found = hashlib.sha256(request.body).hexdigest()
        if not all(hmac.compare_digest(found.encode(), each.lower().encode()) for each in digests):
            raise BadSignature("the body is not the one that bodySHA256 names")
        return b""
    if not forms.is_form(request):
        raise BadSignature("the signature covers forms, or a body that bodySHA256 names")
    try:
        fields = set(forms.fields(request.body))
    except InvalidRequest as error:
        raise BadSignature(str(error)) from None
    return "".join(name + value for name, value in sorted(fields)).encode()


def identify(request: Incoming, content: Any, _terms: Terms) -> Identity:
    """The id of the header, the type by what has a status."""
    statuses = (f"{kind}.{status}" for name, kind in STATUSES.items() if (status := text(member(content, name))))
    return Identity(id=request.headers.get("i-twilio-idempotency-token"), type=next(statuses, None))


OPTIONS = {"url": Option(read=variables.url_of("https", "http"), required=True)}
SCHEME = Scheme(verify=verify, identify=identify, takes_forms=True, options=OPTIONS)
