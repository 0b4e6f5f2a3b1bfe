"""How an endpoint fares: its breaker, its failures, and what its lines wait for."""

from dataclasses import dataclass
from datetime import datetime

from webhooks.model import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an ordered endpoint, where others stand behind the head."""

    ordering_key: str | None
    head: str
    """The id of the delivery that all others wait for."""
    since: datetime | None
    """When it became the head."""
    status: Status
    """The head's own, and what it waits for in its turn."""
    waiting_for: str | None
    next_attempt_at: datetime | None
    waiting: int
    """How many stand behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointHealth:
    """How an endpoint fares, as the store sees it now."""

    state: str = "closed"
    """Of the breaker: closed, open or half_open."""
    reason: str | None = None
    """Why the breaker opened; None while it is closed."""
    next_probe_at: datetime | None = None
    failing_since: datetime | None = None
    """Of the first failure since the last success."""
    failures: int = 0
    """How many since then."""
    in_flight: int = 0
    effective_cap: int = 1
    waiting: int = 0
    head: str | None = None
    """Of an ordered endpoint without keys: the delivery that all others stand behind."""
    head_since: datetime | None = None
    lines: tuple[Line, ...] = ()
    """The longest few, those with an ordering key too."""
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    last_status_code: int | None = None
    """Of the last failure, if an answer came; else `last_error` says why none did."""
    last_error: str | None = None
