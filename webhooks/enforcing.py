"""Which schema an event's data is judged by when it is published, from a catalogue that each process keeps."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from webhooks.event_types import NOTHING, DataSchema, Enforcement, EventType, Finding
from webhooks.filtering import Judge
from webhooks.model import Event


class CatalogueStore(Protocol):
    """What a process asks of the store."""

    def event_types(self) -> tuple[int, list[EventType]]:
        """The catalogue's version and all its types by name."""
        ...

    def event_types_version(self) -> int:
        """The catalogue's version."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The types that are enforced, as they stood at `version`."""

    version: int
    enforced: Mapping[str, EventType] = field(default_factory=dict)
    schemas: Mapping[str, DataSchema] = field(default_factory=dict)

    def judge(self, event: Event, judge: Judge) -> Finding:
        """What the event's type asks of its data; the data is parsed only where it asks something."""
        schema = self.schemas.get(event.type)
        if schema is None or schema.fits(judge.data):
            return NOTHING
        refused = self.enforced[event.type].enforcement is Enforcement.REFUSE
        return Finding(violations=schema.violations(judge.data), refused=refused)


def rules_of(version: int, event_types: Iterable[EventType]) -> Rules:
    """The rules that a catalogue makes."""
    enforced = {each.name: each for each in event_types if each.schema and each.enforcement is not Enforcement.OFF}
    schemas = {name: DataSchema(each.schema) for name, each in enforced.items() if each.schema}
    return Rules(version=version, enforced=enforced, schemas=schemas)


class Catalogue:
    """The rules that were read last; safe with many threads."""

    def __init__(self, store: CatalogueStore) -> None:
        self._store = store
        self._rules: Rules | None = None
        self._lock = threading.Lock()

    def rules(self) -> Rules:
        """The rules as this process knows them; the store says when they are stale. Raises Unavailable."""
        return self._rules or self.refresh()

    def refresh(self) -> Rules:
        """The rules as they are now. Raises Unavailable."""
        with self._lock:
            if self._rules is None or self._rules.version != self._store.event_types_version():
                self._rules = rules_of(*self._store.event_types())
            return self._rules
