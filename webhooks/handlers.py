"""Handlers: the functions of the receiving side, registered under the event types that they are for.

    from webhooks import handlers

    @handlers.on("invoice.*")
    def book(event: handlers.ReceivedEvent) -> None: ...

A handler must bear running twice with the same event, and events may arrive in any order.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, TypeVar

from webhooks import variables
from webhooks.matching import check_pattern, matches
from webhooks.ordering import check_path
from webhooks.shaping import Read, as_it_is, reader_of

MOST_IN_FLIGHT = 1000
LONGEST_RUN_SECONDS = 3600


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


class _Chosen(TypedDict):
    source: str | None
    read: Read
    retry_schedule: tuple[float, ...] | None
    time_limit: float | None
    ordering_key: str | None
    max_in_flight: int


Function = Callable[[ReceivedEvent], object]
F = TypeVar("F", bound=Function)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handler:
    """One function, what it asks for, and from which source; None means from any."""

    name: str
    patterns: tuple[str, ...]
    source: str | None
    function: Function
    read: Read = as_it_is
    """Makes of an event's data what the function is given; raises Misshapen."""
    retry_schedule: tuple[float, ...] | None = None
    """Seconds before each retry; None: the installation's."""
    time_limit: float | None = None
    """Seconds of one run; None: the installation's."""
    ordering_key: str | None = None
    """The path in the body of what orders its events; None: they run in any order."""
    max_in_flight: int = MOST_IN_FLIGHT

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

    def on(
        self,
        *patterns: str,
        source: str | None = None,
        schema: Any = None,
        retry_schedule: Sequence[float] | None = None,
        time_limit: float | None = None,
        ordering_key: str | None = None,
        max_in_flight: int = MOST_IN_FLIGHT,
    ) -> Callable[[F], F]:
        """The decorated function hears events of these types under its own name.

        With a `schema`, a dataclass or a marshmallow schema, its `event.data` is what that makes of the data, and
        what does not fit is rejected. Times are in seconds. Raises ValueError for no pattern or a bad one, for
        numbers out of bounds, for a function without a usable name, and for a name that is taken: it is part of
        every delivery's id.
        """
        if not patterns:
            raise ValueError('name the event types, such as @handlers.on("invoice.*")')
        for pattern in patterns:
            check_pattern(pattern)
        if ordering_key is not None:
            check_path(ordering_key)
        chosen = _Chosen(
            source=source,
            read=as_it_is if schema is None else reader_of(schema),
            retry_schedule=None if retry_schedule is None else _schedule(retry_schedule),
            time_limit=None if time_limit is None else _within("time_limit", time_limit, 1, LONGEST_RUN_SECONDS),
            ordering_key=ordering_key,
            max_in_flight=int(_within("max_in_flight", max_in_flight, 1, MOST_IN_FLIGHT)),
        )

        def keep(function: F) -> F:
            self._add(Handler(name=function.__name__, patterns=patterns, function=function, **chosen))
            return function

        return keep

    def route(self, event_type: str, *, source: str) -> list[Handler]:
        """Those that want the type from the source, in the order of their registration."""
        return [handler for handler in self if handler.wants(event_type, source=source)]

    def named(self, name: str) -> Handler | None:
        """The handler of that name, or None."""
        return self._by_name.get(name)

    @contextmanager
    def replaced(self) -> Iterator[None]:
        """Within it the registry is filled anew, from nothing; should that fail, it is as it was before."""
        before, self._by_name = self._by_name, {}
        try:
            yield
        except BaseException:
            self._by_name = before
            raise

    def _add(self, handler: Handler) -> None:
        if not (handler.name.isidentifier() and handler.name.isascii()):
            raise ValueError(f"a handler is a named function with an ASCII name, not {handler.name}")
        if handler.name in self._by_name:
            raise ValueError(f"there is a handler {handler.name} already; rename one of them")
        self._by_name[handler.name] = handler


def _schedule(delays: Sequence[float]) -> tuple[float, ...]:
    kept = tuple(_within("retry_schedule", delay, 0, variables.LONGEST_DELAY) for delay in delays)
    if len(kept) > variables.MOST_RETRIES or sum(kept) > variables.LONGEST_SCHEDULE:
        raise ValueError("retry_schedule: 20 delays of at most 7 days, all of them together 30 days")
    return kept


def _within(name: str, value: float, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ValueError(f"{name}: {value!r} is not a number from {least} to {most}")
    return value


default = Handlers()
on = default.on
