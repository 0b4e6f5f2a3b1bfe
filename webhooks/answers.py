"""What the ports answer and are given: values that cross the seams of `ports.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from webhooks.event_types import NOTHING, Finding
from webhooks.model import (
    Attempt,
    Delivery,
    Endpoint,
    Event,
    Lane,
    Reason,
    Reminder,
    Status,
    Verdict,
)

UNDELIVERED = frozenset({Status.EXHAUSTED, Status.CANCELLED, Status.SKIPPED})
"""How a delivery ends that did not reach its endpoint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One endpoint that an event is owed to, or would be if it were enabled."""

    endpoint_id: str
    enabled: bool = True
    ordering_key: str | None = None
    """For this one alone; None: the event's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """An event with whom it is owed to and what its type says of it, as long as the versions hold."""

    event: Event
    recipients: tuple[Recipient, ...]
    endpoints_version: int
    event_types_version: int | None = None
    """None where no type is asked: for received events and test events."""
    finding: Finding = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """An event on its way into the store.

    `call` is random and names this call: the same one again, after a lost answer, changes nothing and answers
    alike. With `id_given` the caller chose the id, which then must agree with the key's event.
    """

    matched: Matched
    call: str
    idempotency_key: str | None = None
    id_given: bool = False
    trigger: str = "initial"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What became of an event that was handed to the store."""

    verdict: Literal["kept", "duplicate", "conflict", "idempotency_mismatch", "stale", "refused", "deleting"]
    event_id: str
    reminders: tuple[Reminder, ...] = ()
    """To be published at once; the others wait their turn."""
    created_at: datetime | None = None
    """When it was kept, as far as this call knows; None where it was there before."""
    recipients: tuple[Recipient, ...] = ()
    """Whom a kept event is owed to; the intake says so, not the store."""
    finding: Finding = NOTHING
    """What the schema of its type says; the intake says so, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim's answer. Only where `won` is True do the other fields say anything, but for `refusal`."""

    won: bool
    refusal: str = ""
    """unknown, not_expected, waiting or cancelled."""
    delivery: Delivery | None = None
    endpoint: Endpoint | None = None
    body: bytes = b""
    traceparent: str | None = None
    """The event's (webhooks/tracing.py)."""
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
    measures: Mapping[str, int] = field(default_factory=dict)
    """Counters to add to, in the same step (webhooks/measuring.py)."""


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
    traceparent: str | None = None


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
class RecoveryScope:
    """What to recover: deliveries of one endpoint or of all a tenant's, by when they were made and how they ended."""

    tenant: str
    since: datetime
    until: datetime
    endpoint_id: str | None = None
    statuses: frozenset[Status] = UNDELIVERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A recovery and how far it is; `total` is final once `found` is."""

    id: str
    scope: RecoveryScope
    state: Literal["running", "done", "failed"]
    found: bool
    total: int
    done: int
    skipped: int
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """One of an endpoint's latest attempts, in short."""

    verdict: Verdict
    came: str
    """The answer's status, or the error's code; empty where the attempt was lost."""
    duration_ms: float
    started_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """What was counted within one minute, by the names of `VitalsStore.counts`."""

    began_at: datetime
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What health is judged by; ages in seconds, None where there is no mark at all."""

    stager_age: float | None = None
    canary_ages: dict[Lane, float | None] = field(default_factory=dict)
    oldest_overdue_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many deliveries stand in each place, and how many breakers are not closed."""

    ready: Mapping[tuple[Lane, str], int] = field(default_factory=dict)
    """By lane and kind, `fresh` or `retry`."""
    published: Mapping[Lane, int] = field(default_factory=dict)
    claimed: int = 0
    due: int = 0
    """Retries, and the few wake-ups and jobs beside them."""
    waiting: int = 0
    breakers: Mapping[str, int] = field(default_factory=dict)
    """By state, `open` and `half_open`."""
