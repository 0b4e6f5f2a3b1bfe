"""The seams: what the flows ask of the store, the sender, the queue and the clock."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from webhooks.answers import Acceptance, Claim, Posting, Settled, Settlement
from webhooks.errors import Unavailable
from webhooks.event_types import EventType
from webhooks.model import Attempt, Delivery, Endpoint, Event, Outcome, Reminder, Request
from webhooks.operator_ports import AuditStore, KeyStore, PortalLinkStore, RecoveryStore, SourceStore, TenantStore
from webhooks.queries import DeliveryQuery, EndpointQuery, EventQuery, EventTypeQuery, Page
from webhooks.upkeep_ports import RecentStore, StagingStore, VitalsStore


class Clock(Protocol):
    """Time. `now` follows the store's clock; `monotonic` only measures durations."""

    def now(self) -> datetime:
        """The present, aware and UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; stands still for nobody."""
        ...


class Sender(Protocol):
    """HTTP, one request at a time."""

    def send(self, request: Request, *, timeout_seconds: float) -> Outcome:
        """What came of it, within `timeout_seconds` in all; never raises for what the network does."""
        ...


class Queue(Protocol):
    """Reminders to workers. Anything may be lost on the way; the store remembers."""

    def publish(self, reminders: Sequence[Reminder]) -> bool:
        """Whether all were handed to the broker; False when it does not answer, never an exception."""
        ...


class EventStore(Protocol):
    """Events and their acceptance."""

    def accept(self, postings: Sequence[Posting]) -> list[Acceptance | Unavailable]:
        """Keep each event, its deliveries and their places, all or nothing, one after the other.

        `stale` means that the endpoints or the catalogue changed since they were matched: match again. `refused`:
        the event was found not to fit its type, and is not there already. Where the store stops answering on the
        way, the error stands in place of the answers that did not come; raises Unavailable when none came.
        """
        ...

    def event(self, tenant: str, event_id: str) -> Event | None:
        """The event with its body, or None."""
        ...

    def event_deliveries(self, tenant: str, event_id: str, *, limit: int = 100) -> list[Delivery]:
        """The event's first `limit` deliveries in the order they were made, skipped ones too."""
        ...

    def events_deliveries(self, tenant: str, event_ids: Sequence[str], *, limit: int = 100) -> list[list[Delivery]]:
        """Those of each of several events, in the events' order."""
        ...

    def mark_ignored(self, tenant: str, event_id: str, *, ignored: bool) -> bool:
        """A received event is marked as ignored by a person, or not any more; False when there is none."""
        ...

    def inbox_counts(self, tenant: str) -> dict[str, int]:
        """How many events of a source are kept, and how many deliveries to its handlers in each group."""
        ...

    def list_events(self, query: EventQuery) -> Page[Event]:
        """A tenant's events, newest first; raises InvalidRequest for a bad cursor."""
        ...


class EndpointStore(Protocol):
    """Endpoints. Each write advances the tenant's `endpoints_version` in the same step."""

    def add_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """Keep a new endpoint; what comes back has its times."""
        ...

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint with its health, or None when there is none or it was deleted."""
        ...

    def change_endpoint(self, endpoint_id: str, change: Callable[[Endpoint], Endpoint]) -> Endpoint:
        """Apply `change` to the endpoint as it is now, again if somebody else was quicker.

        Disabling through it cancels what waits (DESIGN: stopping an endpoint). Raises NotFound.
        """
        ...

    def delete_endpoint(self, endpoint_id: str) -> bool:
        """Erase it but for a tombstone and stop its deliveries; False when there was none."""
        ...

    def endpoints(self, tenant: str) -> tuple[int, list[Endpoint]]:
        """The tenant's `endpoints_version` and all its endpoints, oldest first."""
        ...

    def list_endpoints(self, query: EndpointQuery) -> Page[Endpoint]:
        """A tenant's endpoints, newest first, without their health; raises InvalidRequest for a bad cursor."""
        ...

    def endpoints_version(self, tenant: str) -> int:
        """Advances with each change to the tenant's endpoints; 0 before the first."""
        ...


class EventTypeStore(Protocol):
    """The catalogue of event types, which all tenants share. Each write advances its version in the same step."""

    def put_event_type(self, event_type: EventType) -> bool:
        """Keep it in place of the one of that name, whose counts and first time stay; True where there was none.

        Raises Conflict when the catalogue is full.
        """
        ...

    def event_type(self, name: str) -> EventType | None:
        """The event type of that name, or None."""
        ...

    def event_types(self) -> tuple[int, list[EventType]]:
        """The catalogue's version, 0 before the first change, and all its types by name."""
        ...

    def event_types_version(self) -> int:
        """Advances with each change to the catalogue; 0 before the first."""
        ...

    def list_event_types(self, query: EventTypeQuery) -> Page[EventType]:
        """By name; raises InvalidRequest for a bad cursor."""
        ...

    def delete_event_type(self, name: str) -> bool:
        """Take it out of the catalogue; False when it was not there."""
        ...


class DeliveryStore(Protocol):
    """Deliveries: claim, settle, release, and reading."""

    def claim(self, delivery_id: str, attempt: int, token: str, *, lease_margin_seconds: float) -> Claim:
        """Win the delivery for one attempt, if this is the attempt that it expects and nobody has it.

        The lease is the endpoint's timeout and the margin. The same token again gets the same answer.
        """
        ...

    def settle(self, delivery_id: str, attempt: int, token: str, settlement: Settlement) -> Settled:
        """Write what came of the attempt, if the lease is still `token`'s; harmless when repeated."""
        ...

    def settle_late(self, delivery_id: str, settlement: Settlement) -> tuple[bool, tuple[Reminder, ...]]:
        """Put what came after all in place of a `lost` record; a 2xx moves retrying to delivered.

        False when there is no lost record of that attempt. What it freed comes back to be published.
        """
        ...

    def release(self, delivery_id: str, attempt: int, token: str) -> tuple[Reminder, ...]:
        """Undo a claim whose request was not sent; no attempt is used."""
        ...

    def delivery(self, delivery_id: str) -> Delivery | None:
        """The delivery as a reader should see it, or None."""
        ...

    def attempts(self, delivery_id: str) -> list[Attempt]:
        """All its attempts, the first one first."""
        ...

    def list_deliveries(self, query: DeliveryQuery) -> Page[Delivery]:
        """Newest first; raises InvalidRequest for a bad cursor."""
        ...

    def replay(self, delivery_id: str) -> tuple[Delivery, tuple[Reminder, ...]]:
        """A finished delivery pending again with a full budget.

        Raises NotFound, Conflict while it is unfinished and when its endpoint is stopped.
        """
        ...

    def cancel(self, delivery_id: str) -> tuple[Delivery, tuple[Reminder, ...]]:
        """Give up on it: at once, or while sending at the end of the attempt. Raises NotFound, Conflict.

        What it freed comes back to be published.
        """
        ...


class Store(
    EventStore,
    EndpointStore,
    EventTypeStore,
    DeliveryStore,
    StagingStore,
    VitalsStore,
    RecentStore,
    RecoveryStore,
    SourceStore,
    KeyStore,
    AuditStore,
    PortalLinkStore,
    TenantStore,
    Protocol,
):
    """Everything that is remembered."""
