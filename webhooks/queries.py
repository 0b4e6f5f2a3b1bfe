"""What the lists are asked for, and a page of what they answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from webhooks.model import Status

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryQuery:
    """What to list: one tenant's or one endpoint's deliveries, newest first."""

    tenant: str
    endpoint_id: str | None = None
    event_id: str | None = None
    event_type: str | None = None
    statuses: frozenset[Status] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventTypeQuery:
    """What to list: the event types that a pattern asks for, by name."""

    pattern: str = "*"
    archived: bool = False
    """Archived ones, too."""
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """What to list: one tenant's events, newest first."""

    tenant: str
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointQuery:
    """What to list: one tenant's endpoints, newest first."""

    tenant: str
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list; `next` is the cursor of the rest, None at the end."""

    items: tuple[T, ...]
    next: str | None = None
