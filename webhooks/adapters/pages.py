"""Pages of a sorted set of ids, newest first, by cursor."""

import base64
import hashlib
import heapq
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import Any, TypeVar

from webhooks.adapters.scripts import translated
from webhooks.errors import InvalidRequest
from webhooks.queries import Page

MOST_EXAMINED = 2000
"""Entries that one page looks at; with a rare filter it may be short, even empty, and have a `next`."""
CHUNK = 250

T = TypeVar("T")
Entry = tuple[int, str]
"""A score (µs) and an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of an index, or of several as if they were one, to walk from its newest end."""

    indexes: tuple[str, ...]
    newest: float
    oldest: float
    after: Entry | None


def window(*indexes: str, since: datetime | None, until: datetime | None, after: Entry | None) -> Window:
    """What lies between the two times, `until` excluded, and beyond the entry that was seen last."""
    newest = _micros(until) - 1 if until else math.inf
    if after:
        newest = min(newest, after[0])
    return Window(indexes=indexes, newest=newest, oldest=_micros(since) if since else -math.inf, after=after)


def _any(_: object) -> bool:
    return True


def page(
    client: Any,
    part: Window,
    limit: int,
    marker: str,
    *,
    read: Callable[[list[str]], list[T]],
    ident: Callable[[T], str],
    wanted: Callable[[T], bool] = _any,
) -> Page[T]:
    """The first `limit` wanted things of the window, passing over what is gone. Raises Unavailable."""
    items: list[T] = []
    last: Entry = (0, "")
    examined = 0
    for chunk in _walk(client, part, min(CHUNK, max(limit + 1, 20))):
        found = {ident(each): each for each in read([member for _, member in chunk])}
        for entry in chunk:
            item = found.get(entry[1])
            if item is not None and wanted(item):
                if len(items) == limit:
                    return Page(tuple(items), encode(last, marker))
                items.append(item)
            last = entry
        examined += len(chunk)
        if examined >= MOST_EXAMINED:
            return Page(tuple(items), encode(last, marker))
    return Page(tuple(items))


def _walk(client: Any, part: Window, size: int) -> Iterator[list[Entry]]:
    """Chunks of all the indexes together, newest first; equal scores go by id, the greater first, as in Redis."""
    each = [_entries(client, index, part, size) for index in part.indexes]
    # One that changes its group between two reads stands in both.
    together = (entry for entry, _ in groupby(heapq.merge(*each, reverse=True)))
    while chunk := list(islice(together, size)):
        yield chunk


def _entries(client: Any, index: str, part: Window, size: int) -> Iterator[Entry]:
    newest, offset = part.newest, 0
    while True:
        with translated():
            rows = client.zrevrangebyscore(index, newest, part.oldest, start=offset, num=size, withscores=True)
        chunk = [(int(score), member.decode()) for member, score in rows]
        yield from (entry for entry in chunk if part.after is None or entry < part.after)
        if len(rows) < size:
            return
        newest, offset = _next_start(chunk, newest, offset)


def _next_start(chunk: list[Entry], newest: float, offset: int) -> tuple[float, int]:
    """From the last score on, past those of it that were seen."""
    last = chunk[-1][0]
    same = sum(1 for score, _ in chunk if score == last)
    return last, (offset + same if last == newest else same)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def marker_of(query: Any) -> str:
    """What binds a cursor to its filters: a digest of all fields of a query but its page."""
    names = [name for name in query.__dataclass_fields__ if name not in ("limit", "cursor")]
    values = [type(query).__name__, *(getattr(query, name) for name in names)]
    filters = [repr(sorted(value) if isinstance(value, frozenset) else value) for value in values]
    return hashlib.sha256("\0".join(filters).encode()).hexdigest()[:12]


def encode(entry: Entry, marker: str) -> str:
    """The cursor that goes on after this entry."""
    text = f"{marker}|{entry[0]}|{entry[1]}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str | None, marker: str) -> Entry | None:
    """The entry that a cursor stands for, None without one; raises InvalidRequest."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        kept, score, member = text.split("|")
        entry = (int(score), member)
    except ValueError as error:
        raise InvalidRequest("the cursor is not one of ours", {"cursor": ["take it from `next`, unchanged"]}) from error
    if kept != marker:
        raise InvalidRequest("the cursor is from other filters", {"cursor": ["keep the filters, or begin without"]})
    return entry
