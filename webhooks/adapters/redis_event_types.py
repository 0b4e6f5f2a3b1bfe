"""The catalogue of event types in Redis: a hash for each, and their names in order."""

import json
from collections.abc import Iterator
from typing import Any

from webhooks.adapters import pages, records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.errors import Conflict
from webhooks.event_types import MOST_TYPES, Enforcement, EventType, json_text
from webhooks.matching import matches
from webhooks.queries import EventTypeQuery, Page

CHUNK = 100


class RedisEventTypes(RedisPart):
    """`ports.EventTypeStore`."""

    def put_event_type(self, event_type: EventType) -> bool:
        """See `ports.EventTypeStore.put_event_type`."""
        fields = {
            "description": event_type.description,
            "schema": json_text(event_type.schema),
            "example": json_text(event_type.example),
            "deprecated": str(int(event_type.deprecated)),
            "archived": str(int(event_type.archived)),
            "enforcement": event_type.enforcement.value,
        }
        arguments = {"name": event_type.name, "fields": fields, "most": MOST_TYPES}
        verdict: bytes = self.scripts.run("put_event_type", arguments)
        if verdict == b"full":
            raise Conflict(f"there are {MOST_TYPES} event types already; delete those that nobody publishes any more")
        return verdict == b"created"

    def event_type(self, name: str) -> EventType | None:
        """See `ports.EventTypeStore.event_type`."""
        return _event_type(self.hash("event_type", name))

    def event_types(self) -> tuple[int, list[EventType]]:
        """See `ports.EventTypeStore.event_types`."""
        version = self.event_types_version()
        return version, list(self._types(self._type_names()))

    def event_types_version(self) -> int:
        """See `ports.EventTypeStore.event_types_version`."""
        with translated():
            return int(self.client.get(key("event_types_version")) or 0)

    def list_event_types(self, query: EventTypeQuery) -> Page[EventType]:
        """See `ports.EventTypeStore.list_event_types`."""
        marker = pages.marker_of(query)
        after = pages.decode(query.cursor, marker)
        names = [name for name in self._type_names() if matches(query.pattern, name) and (not after or name > after[1])]
        items: list[EventType] = []
        for event_type in self._types(names):
            if event_type.archived and not query.archived:
                continue
            if len(items) == query.limit:
                return Page(tuple(items), pages.encode((0, items[-1].name), marker))
            items.append(event_type)
        return Page(tuple(items))

    def delete_event_type(self, name: str) -> bool:
        """See `ports.EventTypeStore.delete_event_type`."""
        return bool(self.scripts.run("delete_event_type", {"name": name}))

    def _type_names(self) -> list[str]:
        with translated():
            return [name.decode() for name in self.client.zrange(key("event_types"), 0, -1)]

    def _types(self, names: list[str]) -> Iterator[EventType]:
        """Those that are still there, read in chunks as they are asked for."""
        for start in range(0, len(names), CHUNK):
            for fields in self.hashes([key("event_type", name) for name in names[start : start + CHUNK]]):
                found = _event_type(fields)
                if found:
                    yield found


def _event_type(fields: dict[str, str]) -> EventType | None:
    """None for what was deleted."""
    if "enforcement" not in fields:
        return None
    schema: Any = json.loads(fields["schema"])
    return EventType(
        name=fields["name"],
        description=fields["description"],
        schema=schema,
        example=json.loads(fields["example"]),
        deprecated=fields["deprecated"] == "1",
        archived=fields["archived"] == "1",
        enforcement=Enforcement(fields["enforcement"]),
        warned_count=int(fields.get("warned_count", 0)),
        refused_count=int(fields.get("refused_count", 0)),
        created_at=records.time_of(fields["created_at"]),
        updated_at=records.time_of(fields["updated_at"]),
    )
