"""Lane 1, n1 and n2: an event occurs; it is kept with its deliveries, and first reminders are published."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from webhooks import payload
from webhooks.answers import Acceptance, Recipient
from webhooks.errors import Conflict, IdempotencyMismatch, InvalidEvent, WebhookError
from webhooks.event_types import Violation
from webhooks.ids import RANDOM_BYTES, new_id
from webhooks.intake import Intake
from webhooks.model import Delivery, Event, Reason, Status, Trigger


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
    published = judged(event, acceptance)
    if isinstance(published, WebhookError):
        raise published
    return published


def judged(event: Event, acceptance: Acceptance) -> Published | WebhookError:
    """What the acceptance means for who published the event."""
    if acceptance.verdict == "conflict":
        return Conflict(
            f"there is an event {acceptance.event_id} with other content; take a new id, or repeat the same content"
        )
    if acceptance.verdict == "deleting":
        return Conflict(f"the tenant {event.tenant} is being deleted; try again once it is gone")
    if acceptance.verdict == "idempotency_mismatch":
        return IdempotencyMismatch("this Idempotency-Key was used for other content; take a new key")
    if acceptance.verdict == "refused":
        return _misfit(event.type, acceptance.finding.violations)
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
