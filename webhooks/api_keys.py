"""API keys: who may do what, and for which tenant. A key is shown once; only its digest is kept."""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from webhooks.ids import RANDOM_BYTES, new_id

PREFIX = "hl_"
SECRET_BYTES = 32
_SHAPE = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}", re.ASCII)


class Scope(StrEnum):
    """What a key may do."""

    PUBLISH = "publish"
    MANAGE = "manage"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key: everything but the key."""

    id: str
    name: str
    tenant: str | None
    """The one tenant that exists for it; None: all of them."""
    scopes: frozenset[Scope]
    created_at: datetime
    last_used_at: datetime | None = None
    """To the minute."""


def new_key(
    name: str,
    *,
    tenant: str | None,
    scopes: Iterable[Scope],
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> tuple[ApiKey, str]:
    """A key, not kept yet, and its text, which is to be shown once."""
    text = PREFIX + urlsafe_b64encode(random_bytes(SECRET_BYTES)).decode().rstrip("=")
    key = ApiKey(
        id=new_id("key", now=now, random_bytes=random_bytes(RANDOM_BYTES)),
        name=name,
        tenant=tenant,
        scopes=frozenset(scopes),
        created_at=now,
    )
    return key, text


def looks_like_key(text: str) -> bool:
    """Whether the text could be one of ours, so that nothing else is looked up."""
    return _SHAPE.fullmatch(text) is not None


def digest_of(text: str) -> str:
    """What is kept in place of a key.

    One round of SHA-256 is right for 32 random bytes: there are too many of them to try, so that the slow
    hashes which passwords need would only make each call slower.
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
