"""JSON taken strictly and cut into slices: what every receiver can read (RFC 8259, RFC 7493).

Each check is one linear pass in C over the bytes, whatever they hold; only when something is wrong does
Python look for the field to name.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import accumulate
from math import isinf
from typing import Any

import msgspec

DEEPEST = 101
"""Brackets within brackets: 100 in an event's `data`, and the envelope around it."""
MOST_DIGITS = 1000
"""Of a whole number; other numbers must fit a double."""
SEARCHED = 128 * 1024
"""The field at fault is named if it lies within so many bytes: walking costs more than parsing."""
TOO_DEEP = f"must not be nested more than {DEEPEST - 1} deep"

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\Z)|[{}\[\]:]', re.DOTALL)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<lone>u[dD][89a-fA-F])|.)", re.DOTALL
)
# Only numbers with an exponent of three digits, or over 200 characters long, can be too large for a double.
# The first look-behind makes each number be tried once, from its beginning, so that the search stays linear.
_LARGE = re.compile(rb"(?<![-+.0-9eE])-?[0-9.]++(?:[eE]\+?[0-9]{3,}+|(?<=[0-9.]{200})(?:[eE][-+]?[0-9]++)?)")
_OFFSET = re.compile(r"\(byte (\d+)\)")
_NOT_JSON = re.compile(rb"NaN|-?Infinity")
_STEPS = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")
"""Opening brackets as 1, closing ones as -1, read as signed bytes."""
_NO_BRACKETS = bytes(code for code in range(256) if code not in b"[{]}")


class NotStrict(ValueError):
    """The text is not the JSON that we take; `field` is the top-level member at fault, where there is one."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.field = field


def members(raw: bytes) -> dict[str, bytes]:
    """The members of the object, each value byte for byte as it stands there; raises NotStrict.

    Refused are invalid UTF-8, what is not JSON, numbers too large, lone surrogates, too many levels, and two
    members of the same name. Within the values, names may repeat.
    """
    _check_text(raw)
    try:
        found = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        raise NotStrict("must be a JSON object") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise _malformed(raw, error) from None
    values = {name: bytes(value) for name, value in found.items()}
    bare = _bare(raw)
    _check_unique(bare, values.values())
    fault = _fault(bare, deepest=DEEPEST)
    if fault:
        at_fault = (name for name, value in values.items() if _fault(_bare(value), deepest=DEEPEST - 1))
        raise NotStrict(fault, next(at_fault, None))
    return values


def parse(raw: bytes) -> Any:
    """What the text says; a byte order mark before it is passed over. Raises NotStrict like `members`.

    Names may repeat here: the last one counts.
    """
    text = raw.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise NotStrict("the body is empty")
    _check_text(text)
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise _malformed(text, error) from None
    fault = _fault(_bare(text), deepest=DEEPEST)
    if fault:
        raise NotStrict(fault)
    return value


def _check_text(raw: bytes) -> None:
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        raise NotStrict("must be UTF-8", _field_at(raw, error.start)) from None
    if _SURROGATE.search(raw):
        for escape in _ESCAPE.finditer(raw):
            if escape["lone"]:
                raise NotStrict("half a surrogate pair is no character", _field_at(raw, escape.start()))


def _bare(text: bytes) -> bytes:
    """The text of valid JSON without its strings: structure, numbers and words."""
    return _STRING.sub(b"", text)


def _check_unique(bare: bytes, values: Iterable[bytes]) -> None:
    """Without strings a colon only follows a name: those of a member that another one hid are too many."""
    within = [_bare(value).count(b":") if b":" in value else 0 for value in values]
    if bare.count(b":") != len(within) + sum(within):
        raise NotStrict("the same name stands twice in the object")


def _fault(bare: bytes, *, deepest: int) -> str | None:
    if _depth(bare) > deepest:
        return TOO_DEEP
    if any(_too_large(match[0]) for match in _LARGE.finditer(bare)):
        return f"a number is too large: a double holds up to 1.8e308, a whole number {MOST_DIGITS} digits"
    return None


def _depth(bare: bytes) -> int:
    steps = bare.translate(_STEPS, _NO_BRACKETS)
    return max(accumulate(memoryview(steps).cast("b")), default=0)


def _too_large(number: bytes) -> bool:
    digits = number.removeprefix(b"-")
    if digits.isdigit():
        return len(digits) > MOST_DIGITS
    return isinf(float(number))


def _malformed(raw: bytes, error: Exception) -> NotStrict:
    if isinstance(error, RecursionError):
        return NotStrict(TOO_DEEP, _first_deep_field(raw))
    if isinstance(error, msgspec.ValidationError):
        return NotStrict("a number is too large for a double")
    place = _OFFSET.search(str(error))
    if not place:
        return NotStrict("the JSON ends too early", _field_at(raw, len(raw)))
    offset = int(place[1])
    # The parser stops within the word: after the sign of -Infinity, after the first letter of NaN.
    word = _NOT_JSON.search(raw, max(0, offset - 1), offset + 9)
    reason = f"{word[0].decode()} is not JSON" if word else f"is not JSON near byte {offset}"
    return NotStrict(reason, _field_at(raw, offset))


def _field_at(raw: bytes, offset: int) -> str | None:
    """The top-level member that the byte belongs to."""
    if offset > SEARCHED:
        return None
    field = None
    for _, name in _walk(raw[:offset]):
        field = name
    return field


def _first_deep_field(raw: bytes) -> str | None:
    return next((name for depth, name in _walk(raw[:SEARCHED]) if depth > DEEPEST), None)


def _walk(raw: bytes) -> Iterator[tuple[int, str | None]]:
    """After each token: how deep we are, and the top-level member that we are in."""
    depth, name, last = 0, None, b""
    for match in _TOKEN.finditer(raw):
        token = match[0]
        if token in b"[{":
            depth += 1
        elif token in b"]}":
            depth -= 1
        elif token == b":" and depth == 1:
            name = last.strip(b'"').decode(errors="replace")[:64]
        last = token
        yield depth, name
