"""Meta (Facebook, Instagram, WhatsApp): `X-Hub-Signature-256`, hex HMAC-SHA256 over the body.

Source: developers.facebook.com, "Graph API: Webhooks, Getting Started" (verification requests, validating
payloads). There is no id: a digest of the body stands for it. The type is `object`, with the one field that has
changed behind it: `page.feed`. A GET with `hub.verify_token`, which the option of that name holds, is answered
with `hub.challenge`.
"""

import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from webhooks import variables
from webhooks.errors import BadSignature, InvalidRequest
from webhooks.schemes import proof
from webhooks.schemes.scheme import Answer, Identity, Incoming, Option, Scheme, Terms, member, text

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{1,256}")


def verify(request: Incoming, terms: Terms, _now: datetime) -> None:
    """One of the app secrets signed the body; else raises BadSignature."""
    given = proof.stripped(proof.header(request, "x-hub-signature-256"), b"sha256=")
    proof.require_code([given], terms.keys, request.body, code=proof.hex_code)


def identify(_request: Incoming, content: Any, _terms: Terms) -> Identity:
    """The kind of object, and what has changed if it is one thing."""
    kind, fields = text(member(content, "object")), _fields(content)
    return Identity(type=f"{kind}.{fields.pop()}" if kind and len(fields) == 1 else kind)


def _fields(content: Any) -> set[str]:
    entries = member(content, "entry")
    changes = [member(entry, "changes") for entry in entries] if isinstance(entries, list) else []
    listed = [change for each in changes if isinstance(each, list) for change in each]
    return {field for change in listed if (field := text(member(change, "field")))}


def challenge(query: Mapping[str, str], terms: Terms) -> Answer:
    """The challenge of whoever knows the verify token; raises BadSignature, InvalidRequest."""
    expected = terms.options.get("verify_token", "").encode()
    given = query.get("hub.verify_token", "").encode(errors="replace")
    if query.get("hub.mode") != "subscribe" or not expected or not hmac.compare_digest(given, expected):
        raise BadSignature("hub.mode must be subscribe and hub.verify_token the one agreed on")
    asked = query.get("hub.challenge", "")
    if not _CHALLENGE.fullmatch(asked):
        raise InvalidRequest("hub.challenge must be up to 256 letters and digits")
    return Answer(body=asked.encode(), content_type="text/plain; charset=utf-8")


OPTIONS = {"verify_token": Option(read=variables.visible_text, secret=True)}
SCHEME = Scheme(verify=verify, identify=identify, challenge=challenge, options=OPTIONS)
