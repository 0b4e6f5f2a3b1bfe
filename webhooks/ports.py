"""The seams: what the flows ask of the store, the sender, the queue and the clock."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, Literal, Protocol, TypeVar

from webhooks.model import (
    Attempt,
    Delivery,
    Endpoint,
    Event,
    Lane,
    Outcome,
    Reason,
    Reminder,
    Request,
    Status,
)

T = TypeVar("T")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One endpoint that an event is owed to, or would be if it were enabled."""

    endpoint_id: str
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What became of an event that was handed to the store."""

    verdict: Literal["kept", "duplicate", "conflict", "idempotency_mismatch", "stale"]
    event_id: str
    reminders: tuple[Reminder, ...] = ()
    """To be published at once; the others wait their turn."""
    created_at: datetime | None = None
    """When it was kept, as far as this call knows; None where it was there before."""
    recipients: tuple[Recipient, ...] = ()
    """Whom a kept event is owed to; the intake says so, not the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim's answer. Only where `won` is True do the other fields say anything, but for `refusal`."""

    won: bool
    refusal: str = ""
    """unknown, not_expected, waiting or cancelled."""
    delivery: Delivery | None = None
    endpoint: Endpoint | None = None
    body: bytes = b""
    occurred_at: datetime | None = None
    hungry: bool = False
    """The window is half empty while something is ready: the stager should look."""
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What the lifecycle decided after an attempt; the store compares, then writes it."""

    status: Status
    attempt: Attempt
    delay_seconds: float = 0.0
    """From now until the next attempt; meant only where `status` is retrying."""
    reason: Reason | None = None
    stop_endpoint: str | None = None
    """Disable the endpoint with this reason in the same step (a 410)."""
    slow_down: bool = False
    """A timeout or a connection failure: slow start begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A settlement's answer: `status` is what was written, which a stop or a cancel may have changed."""

    won: bool
    status: Status = Status.SENDING
    reason: Reason | None = None
    hungry: bool = False
    reminders: tuple[Reminder, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LostLease:
    """A claimed delivery whose lease ran out."""

    delivery: Delivery
    token: str
    claimed_at: datetime
    endpoint: Endpoint | None
    """None when it is deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What one look at the due set brought."""

    reminders: tuple[Reminder, ...] = ()
    jobs: tuple[str, ...] = ()
    moved: int = 0
    next_due_seconds: float | None = None
    """Until the next thing falls due; None when nothing waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A change that an operational event is to be made of."""

    kind: str
    """The event type without `hookline.`, such as `endpoint.disabled`."""
    tenant: str
    endpoint_id: str
    at: datetime
    details: dict[str, Any]
    raw: bytes = b""
    """As the store keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """The cheapest look at whether there is anything to do."""

    next_due_seconds: float | None
    """Until the next thing falls due, ≤ 0 when late; None when nothing waits."""
    busy: bool
    """Something is ready, published or claimed."""


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
class EventQuery:
    """What to list: one tenant's events, newest first."""

    tenant: str
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list; `next` is the cursor of the rest, None at the end."""

    items: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What health is judged by; ages in seconds, None where there is no mark at all."""

    stager_age: float | None = None
    canary_ages: dict[Lane, float | None] = field(default_factory=dict)
    oldest_overdue_seconds: float = 0.0


class EventStore(Protocol):
    """Events and their acceptance."""

    def accept(
        self,
        event: Event,
        recipients: Sequence[Recipient],
        *,
        call: str,
        endpoints_version: int,
        idempotency_key: str | None = None,
        id_given: bool = False,
        trigger: str = "initial",
    ) -> Acceptance:
        """Keep the event, its deliveries and their places, all or nothing.

        `call` is random and names this call: the same one again, after a lost answer, changes nothing and
        answers alike. With `id_given` the caller chose the id, which then must agree with the key's event.
        `stale` means that the endpoints changed since `endpoints_version`: match again.
        """
        ...

    def event(self, tenant: str, event_id: str) -> Event | None:
        """The event with its body, or None."""
        ...

    def event_deliveries(self, tenant: str, event_id: str, *, limit: int = 100) -> list[Delivery]:
        """The event's first `limit` deliveries in the order they were made, skipped ones too."""
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

    def endpoints_version(self, tenant: str) -> int:
        """Advances with each change to the tenant's endpoints; 0 before the first."""
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


class StagingStore(Protocol):
    """What the stager asks (docs/adr/0002)."""

    def glance(self) -> Glance:
        """Whether anything is due, and when, or is under way; a few cheap commands."""
        ...

    def stage(self) -> Staged:
        """Move a bounded number of what is due to where it may go."""
        ...

    def fill(self, lane: Lane, *, window: int) -> tuple[Reminder, ...]:
        """Move from ready to published until the window is full, in bounded batches, tenants in turn."""
        ...

    def republish(self, lane: Lane, *, queue_empty: bool) -> tuple[Reminder, ...]:
        """Those published ones whose message the queue proves lost, or that are overdue, marked anew."""
        ...

    def lost_leases(self) -> list[LostLease]:
        """A bounded number of claimed deliveries whose lease ran out."""
        ...

    def first_notice(self) -> Notice | None:
        """The oldest change that no operational event was made of yet."""
        ...

    def drop_notice(self, notice: Notice) -> None:
        """That notice is dealt with."""
        ...

    def run_job(self, job_id: str) -> tuple[Reminder, ...]:
        """One bounded step of a background job."""
        ...


class VitalsStore(Protocol):
    """Marks that health is judged by, and counts."""

    def mark_stager(self) -> None:
        """The stager looked just now."""
        ...

    def mark_canary(self, lane: Lane) -> None:
        """A worker ran this lane's canary just now."""
        ...

    def canary_due(self, lane: Lane, *, every_seconds: float) -> bool:
        """Whether this caller, alone among all, should publish the lane's canary now."""
        ...

    def vitals(self) -> Vitals:
        """All marks, as ages by the store's clock."""
        ...

    def count(self, counts: dict[str, int]) -> None:
        """Add to the flow counters that are kept in memory by the receiving lane."""
        ...

    def counts(self) -> dict[str, int]:
        """The raw flow counters and `since_ms`, when they began (webhooks/flow.py makes nodes and edges of them)."""
        ...


class Store(EventStore, EndpointStore, DeliveryStore, StagingStore, VitalsStore, Protocol):
    """Everything that is remembered."""
