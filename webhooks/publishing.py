"""Lane 1, n1 and n2: an event occurs; it is kept with its deliveries, and first reminders are published."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from webhooks import payload, tracing
from webhooks.answers import Acceptance, Recipient
from webhooks.errors import Conflict, IdempotencyMismatch, Unavailable
from webhooks.ids import RANDOM_BYTES, new_id
from webhooks.matching import CompiledEndpoints
from webhooks.model import Delivery, Event, Reason, Status, Trigger
from webhooks.ports import EndpointStore, EventStore, Queue

TENANTS_KEPT = 1000
"""How many tenants' compiled endpoints a process keeps."""
MATCHINGS = 5
"""How often an event is matched again because the endpoints changed meanwhile."""

log = structlog.get_logger()


class IntakeStore(EventStore, EndpointStore, Protocol):
    """What acceptance asks of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a caller wants published; `data` is the exact slice of the request."""

    tenant: str
    type: str
    data: bytes
    id: str | None = None
    occurred_at: datetime | None = None
    channels: tuple[str, ...] = ()
    endpoint_ids: tuple[str, ...] | None = None
    ordering_key: str | None = None
    traceparent: str | None = None
    """Of the span that publishes (W3C Trace Context)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Which event a call made, or found made already."""

    event_id: str
    duplicate: bool = False
    event: Event | None = None
    """As it was kept; None where only the store knows, as for a duplicate."""
    deliveries: tuple[Delivery, ...] = ()
    """Those of `event`, as they began."""


def compose(draft: Draft, *, now: datetime, random_bytes: bytes) -> Event:
    """The event of a draft, with its bytes fixed for ever; id and time are made where none is given."""
    occurred_at = draft.occurred_at or now
    return Event(
        id=draft.id or new_id("evt", now=now, random_bytes=random_bytes),
        tenant=draft.tenant,
        type=draft.type,
        occurred_at=occurred_at,
        body=payload.encode(draft.type, occurred_at, draft.data),
        digest=payload.content_digest(
            type=draft.type,
            data=draft.data,
            channels=draft.channels,
            endpoint_ids=draft.endpoint_ids,
            ordering_key=draft.ordering_key,
            occurred_at=draft.occurred_at,
        ),
        channels=draft.channels,
        endpoint_ids=draft.endpoint_ids,
        ordering_key=draft.ordering_key,
        traceparent=draft.traceparent,
    )


class _Directory:
    """The compiled endpoints of the tenants that were asked for last, each with its version."""

    def __init__(self, store: EndpointStore) -> None:
        self._store = store
        self._kept: OrderedDict[str, tuple[int, CompiledEndpoints]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tenant: str) -> tuple[int, CompiledEndpoints]:
        with self._lock:
            known = self._kept.get(tenant)
            if known:
                self._kept.move_to_end(tenant)
                return known
        return self.reload(tenant)

    def reload(self, tenant: str) -> tuple[int, CompiledEndpoints]:
        version, endpoints = self._store.endpoints(tenant)
        if version < 0:
            raise Conflict(f"the tenant {tenant} is being deleted; try again once it is gone")
        entry = (version, CompiledEndpoints(endpoints))
        with self._lock:
            self._kept[tenant] = entry
            self._kept.move_to_end(tenant)
            if len(self._kept) > TENANTS_KEPT:
                self._kept.popitem(last=False)
        return entry


def _random_call() -> str:
    """Names a call to the store, so that repeating it after a lost answer changes nothing."""
    return secrets.token_hex(8)


class Intake:
    """Accepts events, those of the API and received ones alike; safe with many threads."""

    def __init__(
        self,
        store: IntakeStore,
        queue: Queue,
        *,
        new_call: Callable[[], str] = _random_call,
        spans: tracing.Spans | None = None,
    ) -> None:
        self._store = store
        self._queue = queue
        self._new_call = new_call
        self._spans = spans or tracing.NoSpans()
        self._directory = _Directory(store)

    def accept(
        self,
        event: Event,
        *,
        idempotency_key: str | None = None,
        id_given: bool = False,
        trigger: str = Trigger.INITIAL,
        only: Sequence[str] | None = None,
    ) -> Acceptance:
        """What became of the event: kept with a delivery for each recipient, or found to be there already.

        `only` names the endpoints instead of matching, disabled ones too. The event's `traceparent`, if it has one,
        is the caller's: the event is kept with one of its own, below it. Raises Unavailable when the store
        does not answer or the endpoints change faster than they can be matched, Conflict while the tenant is being
        deleted; nothing is kept then.
        """
        call = self._new_call()
        parent, event = event.traceparent, replace(event, traceparent=tracing.begun(event.traceparent))
        end_span = self._spans.publishing(event, parent=parent)
        version, compiled = self._directory.of(event.tenant)
        for _ in range(MATCHINGS):
            recipients = _named(only) if only is not None else compiled.recipients(event)
            acceptance = self._store.accept(
                event,
                recipients,
                call=call,
                endpoints_version=version,
                idempotency_key=idempotency_key,
                id_given=id_given,
                trigger=trigger,
            )
            if acceptance.verdict != "stale":
                end_span()
                return self._announced(event, replace(acceptance, recipients=tuple(recipients)))
            version, compiled = self._directory.reload(event.tenant)
        raise Unavailable("the tenant's endpoints are being changed all the time; try again")

    def offer(self, event: Event) -> bool:
        """Keep the event if any endpoint asks for it; whether one does. Raises Unavailable."""
        version_now = self._store.endpoints_version(event.tenant)
        if version_now < 0:
            return False  # whom it would tell is being deleted
        version, compiled = self._directory.of(event.tenant)
        if version != version_now:
            _, compiled = self._directory.reload(event.tenant)
        if not compiled.recipients(event):
            return False
        self.accept(event)
        return True

    def _announced(self, event: Event, acceptance: Acceptance) -> Acceptance:
        """A broker that does not answer delays: the store remembers, and the stager publishes."""
        if acceptance.reminders:
            self._queue.publish(acceptance.reminders)
        if acceptance.verdict == "kept":
            log.info(
                "event.published",
                event_id=event.id,
                event_type=event.type,
                tenant=event.tenant,
                trace_id=tracing.trace_id_of(event.traceparent),
            )
        return acceptance


def _named(endpoint_ids: Sequence[str]) -> list[Recipient]:
    return [Recipient(endpoint_id=endpoint_id) for endpoint_id in endpoint_ids]


def publish(
    intake: Intake,
    draft: Draft,
    *,
    now: datetime,
    random_bytes: Callable[[int], bytes],
    idempotency_key: str | None = None,
) -> Published:
    """The draft's event is kept, once however often this is asked (API.md, Event).

    Raises Conflict for other content under the same id, IdempotencyMismatch for other content under the same
    key, Unavailable when the store does not answer.
    """
    event = compose(draft, now=now, random_bytes=random_bytes(RANDOM_BYTES))
    acceptance = intake.accept(event, idempotency_key=idempotency_key, id_given=draft.id is not None)
    if acceptance.verdict == "conflict":
        raise Conflict(
            f"there is an event {acceptance.event_id} with other content; take a new id, or repeat the same content"
        )
    if acceptance.verdict == "idempotency_mismatch":
        raise IdempotencyMismatch("this Idempotency-Key was used for other content; take a new key")
    return _published(event, acceptance)


def publish_test(
    intake: Intake,
    draft: Draft,
    endpoint_id: str,
    *,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> Published:
    """A test event is kept for this endpoint alone, whatever it asks for and even while it is disabled.

    Raises Unavailable when the store does not answer.
    """
    event = compose(draft, now=now, random_bytes=random_bytes(RANDOM_BYTES))
    return _published(event, intake.accept(event, trigger=Trigger.TEST, only=(endpoint_id,)))


def _published(event: Event, acceptance: Acceptance) -> Published:
    """What was kept just now need not be read again to be shown."""
    if acceptance.created_at is None:
        return Published(event_id=acceptance.event_id, duplicate=acceptance.verdict == "duplicate")
    owed = sum(recipient.enabled for recipient in acceptance.recipients)
    kept = replace(
        event,
        created_at=acceptance.created_at,
        deliveries_count=owed,
        skipped_count=len(acceptance.recipients) - owed,
    )
    deliveries = tuple(_begun(event, recipient) for recipient in acceptance.recipients)
    return Published(event_id=event.id, event=kept, deliveries=deliveries)


def _begun(event: Event, recipient: Recipient) -> Delivery:
    return Delivery(
        id=f"{event.id}:{recipient.endpoint_id}",
        event_id=event.id,
        event_type=event.type,
        endpoint_id=recipient.endpoint_id,
        tenant=event.tenant,
        status=Status.PENDING if recipient.enabled else Status.SKIPPED,
        reason=None if recipient.enabled else Reason.ENDPOINT_DISABLED,
    )
