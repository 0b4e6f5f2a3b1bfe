"""What the schemes have in common: codes over bytes, the age of a timestamp, comparison in constant time."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence

from webhooks import signing
from webhooks.errors import BadSignature
from webhooks.schemes.scheme import Incoming

check_age = signing.check_age


def header(request: Incoming, name: str) -> bytes:
    """The bytes of a header as they were sent; raises BadSignature where it is missing or empty."""
    return signing.wire_bytes(request.headers, name.lower())


def hex_code(key: bytes, content: bytes, algorithm: str = "sha256") -> bytes:
    """The HMAC in lower-case hex."""
    return hmac.digest(key, content, algorithm).hex().encode()


def base64_code(key: bytes, content: bytes, algorithm: str = "sha256") -> bytes:
    """The HMAC in base64 with its padding (RFC 4648 §4)."""
    return b64encode(hmac.digest(key, content, algorithm))


def require_match(given: Sequence[bytes], expected: Iterable[bytes]) -> None:
    """Nothing, if one that is given equals one that is expected; else raises BadSignature.

    Every pair is compared in constant time, so that the time taken says nothing about which one matched.
    """
    if len(given) > signing.MOST_SIGNATURES:
        raise BadSignature(f"more than {signing.MOST_SIGNATURES} signatures")
    known = list(expected)
    matched = [each for each in given for right in known if hmac.compare_digest(each, right)]
    if not matched:
        raise BadSignature("no signature matches")


def require_code(
    given: Sequence[bytes], keys: Iterable[bytes], content: bytes, *, code: Callable[[bytes, bytes], bytes]
) -> None:
    """Nothing, if one of the keys made one of the codes over the content; else raises BadSignature."""
    require_match(given, [code(key, content) for key in keys])


def stripped(value: bytes, prefix: bytes) -> bytes:
    """What follows the prefix; raises BadSignature where it is missing."""
    if not value.startswith(prefix):
        raise BadSignature(f"the signature does not begin with {prefix.decode()}")
    return value.removeprefix(prefix)


def pairs(value: bytes, *, separator: bytes) -> dict[bytes, list[bytes]]:
    """The values of `name=value` entries under their names, in their order; what has no `=` is passed over."""
    found: dict[bytes, list[bytes]] = {}
    for entry in value.split(separator)[: 2 * signing.MOST_SIGNATURES]:
        name, equals, text = entry.strip().partition(b"=")
        if equals:
            found.setdefault(name, []).append(text)
    return found


def only_timestamp(found: Mapping[bytes, Sequence[bytes]], name: bytes) -> bytes:
    """The one timestamp among the pairs; raises BadSignature where there is none, or more than one."""
    if len(found.get(name, ())) != 1:
        raise BadSignature("the signature has no timestamp, or several")
    return found[name][0]


def body_digest(body: bytes) -> str:
    """Stands for the id of an event whose provider gives none; the same bytes have the same."""
    return "sha256-" + hashlib.sha256(body).hexdigest()
