"""Lane 1, n1 and n2: an event occurs; it is kept with its deliveries, and first reminders are published."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from webhooks import payload, tracing
from webhooks.answers import Acceptance, Recipient
from webhooks.directory import Directory, DirectoryStore, Matched
from webhooks.errors import Conflict, IdempotencyMismatch, InvalidEvent, Unavailable
from webhooks.event_types import Violation
from webhooks.ids import RANDOM_BYTES, new_id
from webhooks.model import Delivery, Event, Reason, Status, Trigger
from webhooks.ports import EventStore, Queue

MATCHINGS = 5
"""How often an event is matched again because the endpoints changed meanwhile."""

log = structlog.get_logger()


class IntakeStore(EventStore, DirectoryStore, Protocol):
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
        self._directory = Directory(store)

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
        does not answer or the endpoints change faster than they can be matched; nothing is kept then.
        """
        call = self._new_call()
        parent, event = event.traceparent, replace(event, traceparent=tracing.begun(event.traceparent))
        end_span = self._spans.publishing(event, parent=parent)
        for _ in range(MATCHINGS):
            matched = self._directory.match(event, only=only)
            acceptance = self._store.accept(
                matched.event,
                matched.recipients,
                call=call,
                endpoints_version=matched.endpoints_version,
                idempotency_key=idempotency_key,
                id_given=id_given,
                trigger=trigger,
                event_types_version=matched.event_types_version,
                refused=matched.finding.refused,
            )
            if acceptance.verdict != "stale":
                end_span()
                return self._announced(matched, acceptance)
            self._directory.refresh(event.tenant)
        raise Unavailable("the tenant's endpoints are being changed all the time; try again")

    def offer(self, event: Event) -> bool:
        """Keep the event if any endpoint asks for it; whether one does. Raises Unavailable."""
        self._directory.refresh_endpoints(event.tenant)
        if not self._directory.match(event).recipients:
            return False
        self.accept(event)
        return True

    def _announced(self, matched: Matched, acceptance: Acceptance) -> Acceptance:
        """A broker that does not answer delays: the store remembers, and the stager publishes."""
        if acceptance.reminders:
            self._queue.publish(acceptance.reminders)
        _report(matched, acceptance)
        return replace(acceptance, recipients=matched.recipients, finding=matched.finding)


def _report(matched: Matched, acceptance: Acceptance) -> None:
    event = matched.event
    if acceptance.verdict != "kept":
        return
    log.info(
        "event.published",
        event_id=event.id,
        event_type=event.type,
        tenant=event.tenant,
        trace_id=tracing.trace_id_of(event.traceparent),
    )
    if event.warnings:
        log.warning(
            "event.misfitting",
            event_id=event.id,
            event_type=event.type,
            tenant=event.tenant,
            fields=[violation.pointer for violation in matched.finding.violations],
        )


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
    key, InvalidEvent for data that does not fit an enforced schema, Unavailable when the store does not answer.
    """
    event = compose(draft, now=now, random_bytes=random_bytes(RANDOM_BYTES))
    acceptance = intake.accept(event, idempotency_key=idempotency_key, id_given=draft.id is not None)
    if acceptance.verdict == "conflict":
        raise Conflict(
            f"there is an event {acceptance.event_id} with other content; take a new id, or repeat the same content"
        )
    if acceptance.verdict == "idempotency_mismatch":
        raise IdempotencyMismatch("this Idempotency-Key was used for other content; take a new key")
    if acceptance.verdict == "refused":
        raise _misfit(event.type, acceptance.finding.violations)
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
        warnings=acceptance.finding.warnings,
    )
    deliveries = tuple(_begun(event, recipient) for recipient in acceptance.recipients)
    return Published(event_id=event.id, event=kept, deliveries=deliveries)


def _misfit(event_type: str, violations: Sequence[Violation]) -> InvalidEvent:
    errors: dict[str, list[str]] = {}
    for pointer, message in violations:
        errors.setdefault(pointer, []).append(message)
    return InvalidEvent(f"the data does not fit the schema of {event_type}; see `errors`, by JSON pointer", errors)


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
