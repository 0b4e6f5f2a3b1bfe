"""Any HMAC: hash, encoding, header and the text that is signed are chosen by the source's options.

The keyed-hash code is RFC 2104's. `template` says what is signed, from {body}, {timestamp}, {id} and {url}; the
last is the option `url`. Id and type come from a header or a member of the body, as the options say; without an
id a digest of the body stands for it.
"""

import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from binascii import hexlify
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from webhooks import variables
from webhooks.errors import BadSignature
from webhooks.schemes import proof
from webhooks.schemes.scheme import Identity, Incoming, Option, Scheme, Terms, member, text

HASHES = ("sha256", "sha512", "sha384", "sha1")
ENCODINGS: Mapping[str, Callable[[bytes], bytes]] = {
    "hex": hexlify,
    "base64": b64encode,
    "base64url": urlsafe_b64encode,
}
PARTS = ("body", "timestamp", "id", "url")
_PART = re.compile(r"\{([a-z]*)\}")
_BETWEEN = re.compile(rb"[\s,]+")


def verify(request: Incoming, terms: Terms, now: datetime) -> None:
    """One of the secrets made one of the codes in the header, in time where it has a timestamp. Raises BadSignature."""
    chosen = _chosen(terms)
    values = {b"body": request.body, b"url": chosen["url"].encode()}
    if chosen["timestamp_header"]:
        values[b"timestamp"] = proof.header(request, chosen["timestamp_header"])
        proof.check_age(values[b"timestamp"], now=now)
    if chosen["id_header"]:
        values[b"id"] = proof.header(request, chosen["id_header"])
    content = b"".join(
        values[part] if number % 2 else part
        for number, part in enumerate(re.split(rb"\{([a-z]*)\}", chosen["template"].encode()))
    )
    encode, prefix = ENCODINGS[chosen["encoding"]], chosen["prefix"].encode()
    given = [each.removeprefix(prefix) for each in _entries(request, chosen["header"]) if each.startswith(prefix)]
    if not given:
        raise BadSignature(f"the signature does not begin with {chosen['prefix']}")
    digests = [hmac.digest(key, content, chosen["hash"]) for key in terms.keys]
    proof.require_match(given, [encode(digest) for digest in digests])


def _entries(request: Incoming, name: str) -> list[bytes]:
    return [entry for entry in _BETWEEN.split(proof.header(request, name)) if entry]


def identify(request: Incoming, content: Any, terms: Terms) -> Identity:
    """Id and type from where the options say."""
    chosen = _chosen(terms)
    return Identity(id=_found(request, content, chosen, "id"), type=_found(request, content, chosen, "type"))


def _found(request: Incoming, content: Any, chosen: Mapping[str, str], what: str) -> str | None:
    header = chosen[f"{what}_header"].lower()
    if header:
        return request.headers.get(header)
    return text(member(content, *chosen[f"{what}_field"].split(".")))


def _chosen(terms: Terms) -> dict[str, str]:
    return {name: terms.options.get(name) or option.default for name, option in OPTIONS.items()}


def read_template(value: str) -> str:
    """A template that signs the body; raises ValueError for one that does not."""
    unknown = [name for name in _PART.findall(value) if name not in PARTS]
    if unknown or "{body}" not in value:
        raise ValueError(
            "a template holds {body}, and may hold {timestamp}, {id} and {url}, such as {timestamp}.{body}"
        )
    return value


def check_together(options: Mapping[str, str]) -> None:
    """Nothing, where all that the template signs can be found; else raises ValueError."""
    needed = {"timestamp": "timestamp_header", "id": "id_header", "url": "url"}
    for part, option in needed.items():
        if f"{{{part}}}" in options.get("template", "") and not options.get(option):
            raise ValueError(f"the template has {{{part}}}, so {option} must be given")


OPTIONS = {
    "header": Option(read=variables.header_name, required=True),
    "hash": Option(read=variables.choice(*HASHES), default="sha256"),
    "encoding": Option(read=variables.choice(*ENCODINGS), default="hex"),
    "prefix": Option(read=variables.visible_text),
    "template": Option(read=read_template, default="{body}"),
    "timestamp_header": Option(read=variables.header_name),
    "url": Option(read=variables.url_of("https", "http")),
    "id_header": Option(read=variables.header_name),
    "type_header": Option(read=variables.header_name),
    "id_field": Option(read=variables.visible_text, default="id"),
    "type_field": Option(read=variables.visible_text, default="type"),
}
SCHEME = Scheme(verify=verify, identify=identify, options=OPTIONS, check_together=check_together)
