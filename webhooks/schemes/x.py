"""X: `x-twitter-webhooks-signature: sha256=…`, base64 HMAC-SHA256 over the body.

Source: docs.x.com, "Account Activity API: securing webhooks". There is no id: a digest of the body stands for
it. The type is the member whose name ends in `_events` or `_event`. A GET with `crc_token` is answered with its
code.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from webhooks.errors import InvalidRequest
from webhooks.schemes import proof
from webhooks.schemes.scheme import Answer, Identity, Incoming, Scheme, Terms

_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]{1,256}")
"""Whoever asks gets the code of a token, and a body is signed the same way: no object may pass for a token."""


def verify(request: Incoming, terms: Terms, _now: datetime) -> None:
    """One of the consumer secrets signed the body; else raises BadSignature."""
    given = proof.stripped(proof.header(request, "x-twitter-webhooks-signature"), b"sha256=")
    proof.require_code([given], terms.keys, request.body, code=proof.base64_code)


def identify(_request: Incoming, content: Any, _terms: Terms) -> Identity:
    """The type by the member that holds the events; raises InvalidRequest for anything but an object."""
    if not isinstance(content, dict):
        raise InvalidRequest("the body must be a JSON object")
    names = (name for name in content if name.endswith(("_event", "_events")))
    return Identity(type=next(names, None))


def challenge(query: Mapping[str, str], terms: Terms) -> Answer:
    """The code of the token by the first secret; raises InvalidRequest."""
    token = query.get("crc_token", "")
    if not _TOKEN.fullmatch(token):
        raise InvalidRequest("crc_token must be up to 256 characters of base64")
    code = proof.base64_code(terms.keys[0], token.encode()).decode()
    return Answer(body=msgspec.json.encode({"response_token": f"sha256={code}"}))


SCHEME = Scheme(verify=verify, identify=identify, challenge=challenge)
