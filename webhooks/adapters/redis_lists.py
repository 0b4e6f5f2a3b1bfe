"""Lists in Redis: newest first, by cursor, from the indexes."""

from collections.abc import Sequence

from webhooks.adapters import pages, records
from webhooks.adapters.keys import key
from webhooks.adapters.pages import MOST_EXAMINED, Entry
from webhooks.adapters.redis_deliveries import RedisDeliveries
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.model import Delivery, Endpoint, Event
from webhooks.queries import DeliveryQuery, EndpointQuery, EventQuery, Page

GROUPS = 3
"""unfinished, delivered, failed"""


class RedisLists(RedisDeliveries, RedisPart):
    """The lists of `ports.DeliveryStore`, `ports.EventStore` and `ports.EndpointStore`."""

    def list_deliveries(self, query: DeliveryQuery) -> Page[Delivery]:
        """See `ports.DeliveryStore.list_deliveries`."""
        marker = pages.marker_of(query)
        after = pages.decode(query.cursor, marker)
        if query.event_id:
            return self._of_event(query, after, marker)
        return pages.page(
            self.client,
            pages.window(*_indexes_of(query), since=query.since, until=query.until, after=after),
            query.limit,
            marker,
            read=self.deliveries,
            ident=lambda d: d.id,
            wanted=lambda d: _wanted(query, d),
        )

    def event_deliveries(self, tenant: str, event_id: str, *, limit: int = 100) -> list[Delivery]:
        """See `ports.EventStore.event_deliveries`."""
        return self.events_deliveries(tenant, [event_id], limit=limit)[0]

    def events_deliveries(self, tenant: str, event_ids: Sequence[str], *, limit: int = 100) -> list[list[Delivery]]:
        """See `ports.EventStore.events_deliveries`."""
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for each in event_ids:
                pipe.lrange(key("owed", tenant, each), 0, limit - 1)
            owed = pipe.execute()
        ids = [
            f"{event_id}:{endpoint_id.decode()}"
            for event_id, row in zip(event_ids, owed, strict=True)
            for endpoint_id in row
        ]
        found: dict[str, list[Delivery]] = {each: [] for each in event_ids}
        for delivery in self.deliveries(ids):
            found[delivery.event_id].append(delivery)
        return list(found.values())

    def list_events(self, query: EventQuery) -> Page[Event]:
        """See `ports.EventStore.list_events`."""
        marker = pages.marker_of(query)
        after = pages.decode(query.cursor, marker)
        return pages.page(
            self.client,
            pages.window(key("events", query.tenant), since=query.since, until=query.until, after=after),
            query.limit,
            marker,
            read=lambda ids: self._events(query.tenant, ids),
            ident=lambda event: event.id,
            wanted=lambda event: query.event_type in (None, event.type),
        )

    def list_endpoints(self, query: EndpointQuery) -> Page[Endpoint]:
        """See `ports.EndpointStore.list_endpoints`."""
        marker = pages.marker_of(query)
        after = pages.decode(query.cursor, marker)
        return pages.page(
            self.client,
            pages.window(key("endpoints", query.tenant), since=None, until=None, after=after),
            query.limit,
            marker,
            read=self._endpoints,
            ident=lambda endpoint: endpoint.id,
        )

    def _events(self, tenant: str, event_ids: list[str]) -> list[Event]:
        found = self.hashes([key("event", tenant, each) for each in event_ids])
        return [records.event(fields, b"") for fields in found if fields]

    def _endpoints(self, endpoint_ids: list[str]) -> list[Endpoint]:
        found = [self.endpoint_of(fields) for fields in self.hashes([key("endpoint", each) for each in endpoint_ids])]
        return [each for each in found if each]

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
                return Page(tuple(items), pages.encode((at, delivery.id), marker))
        more = len(owed) == MOST_EXAMINED
        return Page(tuple(items), pages.encode((start + len(owed), ""), marker) if more else None)


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
