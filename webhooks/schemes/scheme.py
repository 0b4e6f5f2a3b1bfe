"""What a scheme is: how a provider proves that a webhook is its own, and where it keeps the event's id and type."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Headers = Mapping[str, str]
EARLIEST_YEAR, LATEST_YEAR = 1970, 9998
"""Times outside of these cannot be moved between time zones, so they are not believed."""
LATEST_SECONDS = 253_000_000_000
"""Unix seconds within the year 9987."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A request as it arrived; `headers` with their names in lower case and values in latin-1 (PEP 3333)."""

    headers: Headers
    body: bytes = b""
    url: str = ""
    """As this server was asked for it, without the query; a proxy may have changed it."""
    query: str = ""
    """The raw query string."""
    address: str | None = None
    """Who sent it, as far as the connection says."""

    @classmethod
    def of(
        cls, headers: Headers, body: bytes = b"", *, url: str = "", query: str = "", address: str | None = None
    ) -> "Incoming":
        """A request from headers whose names are written in any way."""
        lowered = {name.lower(): value for name, value in headers.items()}
        return cls(headers=lowered, body=body, url=url, query=query, address=address)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What was agreed with the provider: keys, several during a rotation, and what the scheme lets one choose."""

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the provider calls the event. Without an `id`, a digest of the body stands for it."""

    id: str | None = None
    type: str | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a provider wants to hear back when it tries out the address; nothing is kept then."""

    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something to choose about a scheme, always as text; `read` raises ValueError saying what to write."""

    read: Callable[[str], str]
    default: str = ""
    required: bool = False
    secret: bool = False
    """Never shown again."""


def text_secret(text: str) -> bytes:
    """The characters of the secret as they are; raises ValueError for none at all: anybody could sign with it."""
    if not text.strip():
        raise ValueError("a secret is not empty")
    return text.encode()


def no_answer(_content: Any, _terms: Terms) -> Answer | None:
    """The provider does not try out addresses by posting."""


def any_options(_options: Mapping[str, str]) -> None:
    """The scheme's options do not depend on each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """A way to prove who sent a webhook. All of it is pure: values in, values out."""

    verify: Callable[[Incoming, Terms, datetime], None]
    """Returns, or raises BadSignature, whatever the request holds."""
    identify: Callable[[Incoming, Any, Terms], Identity]
    """Of a verified request and what its body says; may raise InvalidRequest."""
    read_secret: Callable[[str], bytes] | None = text_secret
    """The key in a secret's text, or ValueError; None for a scheme that has no secrets."""
    takes_forms: bool = False
    """The provider posts forms too; all others post JSON, whatever their content type says."""
    answer: Callable[[Any, Terms], Answer | None] = no_answer
    """To a verified post that only tries out the address."""
    challenge: Callable[[Mapping[str, str], Terms], Answer] | None = None
    """To a GET with this query that tries out the address; raises BadSignature, InvalidRequest."""
    options: Mapping[str, Option] = field(default_factory=dict)
    check_together: Callable[[Mapping[str, str]], None] = any_options
    """Of options that are right by themselves; raises ValueError."""


def member(content: Any, *path: str) -> Any:
    """What stands there in nested objects, or None."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def text(value: Any) -> str | None:
    """The text, or the number as text; None for anything else and for an empty one."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def moment(value: Any) -> datetime | None:
    """The time that an RFC 3339 text tells; None for anything else."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None or found.tzinfo is None or not EARLIEST_YEAR < found.year < LATEST_YEAR:
        return None
    return found.astimezone(UTC)


def unix_moment(value: Any, *, unit_seconds: float = 1.0) -> datetime | None:
    """The time that so many units since 1970 mean; None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    seconds = value * unit_seconds
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < LATEST_SECONDS else None
