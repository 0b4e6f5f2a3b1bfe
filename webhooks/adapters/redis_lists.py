"""Lists in Redis: newest first, by cursor, from the indexes."""

import base64
import hashlib
import heapq
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import TypeVar

from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_deliveries import RedisDeliveries
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.answers import DeliveryQuery, EventQuery, Page
from webhooks.errors import InvalidRequest
from webhooks.model import Delivery, Event, Status

MOST_EXAMINED = 2000
"""Entries that one page looks at; with a rare filter it may be short, even empty, and have a `next`."""
CHUNK = 250
GROUPS = 3
"""unfinished, delivered, failed"""

T = TypeVar("T")
Entry = tuple[int, str]
"""A score (µs) and an id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    """Which part of an index to walk, from its newest end."""

    indexes: Sequence[str]
    newest: float
    oldest: float
    after: Entry | None


class RedisLists(RedisDeliveries, RedisPart):
    """The lists of `ports.DeliveryStore` and `ports.EventStore`."""

    def list_deliveries(self, query: DeliveryQuery) -> Page[Delivery]:
        """See `ports.DeliveryStore.list_deliveries`."""
        marker = _marker(query)
        after = _decode(query.cursor, marker)
        if query.event_id:
            return self._of_event(query, after, marker)
        window = _window(_indexes_of(query), query.since, query.until, after)
        return self._page(
            window,
            query.limit,
            marker,
            read=self.deliveries,
            ident=lambda d: d.id,
            wanted=lambda d: _wanted(query, d),
        )

    def event_deliveries(self, tenant: str, event_id: str, *, limit: int = 100) -> list[Delivery]:
        """See `ports.EventStore.event_deliveries`."""
        with translated():
            owed = self.client.lrange(key("owed", tenant, event_id), 0, limit - 1)
        return self.deliveries([f"{event_id}:{each.decode()}" for each in owed])

    def list_events(self, query: EventQuery) -> Page[Event]:
        """See `ports.EventStore.list_events`."""
        marker = _marker(query)
        window = _window([key("events", query.tenant)], query.since, query.until, _decode(query.cursor, marker))
        return self._page(
            window,
            query.limit,
            marker,
            read=lambda ids: self._events(query.tenant, ids),
            ident=lambda event: event.id,
            wanted=lambda event: query.event_type in (None, event.type),
        )

    def _events(self, tenant: str, event_ids: list[str]) -> list[Event]:
        found = self.hashes([key("event", tenant, each) for each in event_ids])
        return [records.event(fields, b"") for fields in found if fields]

    def _of_event(self, query: DeliveryQuery, after: Entry | None, marker: str) -> Page[Delivery]:
        """An event's deliveries in the order they were made; the cursor counts them."""
        start = after[0] if after else 0
        name = key("owed", query.tenant, query.event_id or "")
        with translated():
            owed = self.client.lrange(name, start, start + MOST_EXAMINED - 1)
        found = self.deliveries([f"{query.event_id}:{each.decode()}" for each in owed])
        items: list[Delivery] = []
        for at, delivery in enumerate(found, start + 1):
            if _wanted(query, delivery):
                items.append(delivery)
            if len(items) == query.limit and at - start < len(owed):
                return Page(tuple(items), _encode((at, delivery.id), marker))
        more = len(owed) == MOST_EXAMINED
        return Page(tuple(items), _encode((start + len(owed), ""), marker) if more else None)

    def _page(
        self,
        window: _Window,
        limit: int,
        marker: str,
        *,
        read: Callable[[list[str]], list[T]],
        ident: Callable[[T], str],
        wanted: Callable[[T], bool],
    ) -> Page[T]:
        items: list[T] = []
        last: Entry = (0, "")
        examined = 0
        for chunk in self._walk(window, min(CHUNK, max(limit + 1, 20))):
            found = {ident(each): each for each in read([member for _, member in chunk])}
            for entry in chunk:
                item = found.get(entry[1])
                if item is not None and wanted(item):
                    if len(items) == limit:
                        return Page(tuple(items), _encode(last, marker))
                    items.append(item)
                last = entry
            examined += len(chunk)
            if examined >= MOST_EXAMINED:
                return Page(tuple(items), _encode(last, marker))
        return Page(tuple(items))

    def _walk(self, window: _Window, size: int) -> Iterator[list[Entry]]:
        """Chunks of all the indexes together, newest first; equal scores go by id, the greater first, as in Redis."""
        each = [self._entries(index, window, size) for index in window.indexes]
        # One that changes its group between two reads stands in both.
        together = (entry for entry, _ in groupby(heapq.merge(*each, reverse=True)))
        while chunk := list(islice(together, size)):
            yield chunk

    def _entries(self, index: str, window: _Window, size: int) -> Iterator[Entry]:
        newest, offset = window.newest, 0
        while True:
            with translated():
                rows = self.client.zrevrangebyscore(
                    index, newest, window.oldest, start=offset, num=size, withscores=True
                )
            chunk = [(int(score), member.decode()) for member, score in rows]
            yield from (entry for entry in chunk if window.after is None or entry < window.after)
            if len(rows) < size:
                return
            newest, offset = _next_start(chunk, newest, offset)


def _next_start(chunk: list[Entry], newest: float, offset: int) -> tuple[float, int]:
    """From the last score on, past those of it that were seen."""
    last = chunk[-1][0]
    same = sum(1 for score, _ in chunk if score == last)
    return last, (offset + same if last == newest else same)


def _window(indexes: Sequence[str], since: datetime | None, until: datetime | None, after: Entry | None) -> _Window:
    newest = _micros(until) - 1 if until else math.inf
    if after:
        newest = min(newest, after[0])
    return _Window(indexes=indexes, newest=newest, oldest=_micros(since) if since else -math.inf, after=after)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _indexes_of(query: DeliveryQuery) -> list[str]:
    """Those of the groups that are asked for; where all are, the one index of all."""
    groups = sorted({status.group for status in query.statuses})
    if not 0 < len(groups) < GROUPS:
        groups = ["all"]
    scope = ("endpoint", query.endpoint_id) if query.endpoint_id else ("tenant", query.tenant)
    return [key("index", *scope, group) for group in groups]


def _wanted(query: DeliveryQuery, delivery: Delivery) -> bool:
    return (
        delivery.tenant == query.tenant
        and query.endpoint_id in (None, delivery.endpoint_id)
        and query.event_type in (None, delivery.event_type)
        and (not query.statuses or delivery.status in query.statuses)
        and (not query.event_id or _within(query, delivery))
    )


def _within(query: DeliveryQuery, delivery: Delivery) -> bool:
    created = delivery.created_at
    if created is None:
        return True
    return (query.since is None or created >= query.since) and (query.until is None or created < query.until)


def _marker(query: DeliveryQuery | EventQuery) -> str:
    """What binds a cursor to its filters."""
    filters = [repr(sorted(value) if isinstance(value, frozenset) else value) for value in _filters(query)]
    return hashlib.sha256("\0".join(filters).encode()).hexdigest()[:12]


def _filters(query: DeliveryQuery | EventQuery) -> list[str | datetime | frozenset[Status] | None]:
    names = [name for name in query.__dataclass_fields__ if name not in ("limit", "cursor")]
    return [type(query).__name__, *(getattr(query, name) for name in names)]


def _encode(entry: Entry, marker: str) -> str:
    text = f"{marker}|{entry[0]}|{entry[1]}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str | None, marker: str) -> Entry | None:
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
