"""Handlers: the functions of the receiving side, registered under the event types that they are for.

    from webhooks import handlers

    @handlers.on("invoice.*")
    def book(event: handlers.ReceivedEvent) -> None: ...

A handler must bear running twice with the same event, and events may arrive in any order.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from webhooks.matching import check_pattern, matches


class Reject(Exception):
    """Raised by a handler that can never take this event: it is not tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedEvent:
    """What a handler is called with."""

    id: str
    """The key against duplicates; the same for every attempt."""
    type: str
    source: str
    data: Any
    """The payload's `data`, or the whole payload where it has none."""
    payload: Any
    body: bytes
    """As it was received."""
    received_at: datetime


Function = Callable[[ReceivedEvent], object]
F = TypeVar("F", bound=Function)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """One function, what it asks for, and from which source; None means from any."""

    name: str
    patterns: tuple[str, ...]
    source: str | None
    function: Function

    def hears(self, source: str) -> bool:
        """Whether it is for events of that source."""
        return self.source is None or self.source == source

    def wants(self, event_type: str, *, source: str) -> bool:
        """Whether it is for that type from that source."""
        return self.hears(source) and any(matches(pattern, event_type) for pattern in self.patterns)


class Handlers:
    """A registry; most programs need only the default one that `on` belongs to."""

    def __init__(self) -> None:
        self._by_name: dict[str, Handler] = {}

    def __iter__(self) -> Iterator[Handler]:
        return iter(tuple(self._by_name.values()))

    def on(self, *patterns: str, source: str | None = None) -> Callable[[F], F]:
        """The decorated function hears events of these types under its own name.

        Raises ValueError for no pattern or a bad one, for a function without a usable name, and for a name
        that is taken: it is part of every delivery's id.
        """
        if not patterns:
            raise ValueError('name the event types, such as @handlers.on("invoice.*")')
        for pattern in patterns:
            check_pattern(pattern)

        def keep(function: F) -> F:
            self._add(Handler(name=function.__name__, patterns=patterns, source=source, function=function))
            return function

        return keep

    def route(self, event_type: str, *, source: str) -> list[Handler]:
        """Those that want the type from the source, in the order of their registration."""
        return [handler for handler in self if handler.wants(event_type, source=source)]

    def named(self, name: str) -> Handler | None:
        """The handler of that name, or None."""
        return self._by_name.get(name)

    def _add(self, handler: Handler) -> None:
        if not (handler.name.isidentifier() and handler.name.isascii()):
            raise ValueError(f"a handler is a named function with an ASCII name, not {handler.name}")
        if handler.name in self._by_name:
            raise ValueError(f"there is a handler {handler.name} already; rename one of them")
        self._by_name[handler.name] = handler


default = Handlers()
on = default.on
