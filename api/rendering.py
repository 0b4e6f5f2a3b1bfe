"""The library's values in the shapes of API.md; every field of a shape is present."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from webhooks import payload, schedule
from webhooks.credentials import masked
from webhooks.model import (
    INBOX_TENANT_PREFIX,
    Attempt,
    Delivery,
    Endpoint,
    Event,
    Response,
    Status,
    Trigger,
)
from webhooks.queries import Page
from webhooks.replaying import Replayed

LISTED = 100
"""How many deliveries and skipped ones an event lists."""

Json = dict[str, Any]
Show = Callable[[Delivery], Json]
T = TypeVar("T")


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC with milliseconds; None for None."""
    return None if value is None else payload.time_text(value)


def page(found: Page[T], render: Callable[[T], Json]) -> Json:
    """A list's shape."""
    return {"data": [render(item) for item in found.items], "next": found.next}


def event(value: Event, deliveries: Sequence[Delivery], *, duplicate: bool = False) -> Json:
    """An event with the first of its deliveries."""
    skipped = [each for each in deliveries if each.status is Status.SKIPPED]
    owed = [each for each in deliveries if each.status is not Status.SKIPPED]
    return {
        "id": value.id,
        "type": value.type,
        "tenant": value.tenant,
        "occurred_at": moment(value.occurred_at),
        "created_at": moment(value.created_at),
        "duplicate": duplicate,
        "warnings": value.warnings,
        "deliveries": [
            {"id": each.id, "endpoint_id": each.endpoint_id, "status": each.status} for each in owed[:LISTED]
        ],
        "deliveries_count": value.deliveries_count,
        "skipped": [
            {"id": each.id, "endpoint_id": each.endpoint_id, "reason": each.reason} for each in skipped[:LISTED]
        ],
        "skipped_count": value.skipped_count,
    }


def whole_event(value: Event, deliveries: Sequence[Delivery], *, nodes: list[str], received: list[Json]) -> Json:
    """An event with its data, digit for digit, the exact text that is sent, and its way through the flow.

    `received` are the inbox's items of the same event, where this installation is its receiver too.
    """
    return {
        **event(value, deliveries),
        "data": msgspec.Raw(payload.split(value.body)) if value.body else None,
        "body": value.body.decode() if value.body else None,
        "payload_erased_at": moment(value.payload_erased_at),
        "nodes": nodes,
        "received": received,
    }


def delivery(value: Delivery, endpoint: Endpoint | None, *, retry_schedule: Sequence[float]) -> Json:
    """A delivery; `endpoint` is None where it was deleted, `retry_schedule` the installation's."""
    own = endpoint.retry_schedule if endpoint else None
    left = schedule.retries_left(retry_schedule if own is None else own, value.retries_used)
    spent = value.status is Status.EXHAUSTED or value.trigger is Trigger.TEST
    return {
        "id": value.id,
        "event_id": value.event_id,
        "event_type": value.event_type,
        "endpoint_id": value.endpoint_id,
        "tenant": value.tenant,
        "url": endpoint.url if endpoint else None,
        "ordering_key": value.ordering_key,
        "sequence": value.sequence,
        "status": value.status,
        "reason": value.reason,
        "attempts_count": value.attempts,
        "retries_left": 0 if spent else left,
        "replays": value.replays,
        "next_attempt_at": moment(value.next_attempt_at),
        "waiting_for": value.waiting_for,
        "last_status_code": value.last_status_code,
        "last_error": value.last_error,
        "created_at": moment(value.created_at),
        "updated_at": moment(value.updated_at),
        "finished_at": moment(value.finished_at),
    }


def attempt(value: Attempt) -> Json:
    """An attempt with what was sent and what came back."""
    outcome = value.outcome
    return {
        "number": value.number,
        "trigger": value.trigger,
        "started_at": moment(value.started_at),
        "duration_ms": round(outcome.duration_ms, 1),
        "outcome": outcome.verdict,
        "status_code": outcome.status_code,
        "error": outcome.error,
        "error_detail": outcome.detail,
        "retry_after_seconds": outcome.retry_after_seconds,
        "request": {"url": value.url, "headers": masked(value.request_headers)},
        "response": response(outcome.response) if outcome.response else None,
    }


def response(value: Response) -> Json:
    """What was kept of an answer; a header that came several times is joined (RFC 9110 §5.3)."""
    headers: dict[str, str] = {}
    for name, text in value.headers:
        headers[name] = f"{headers[name]}, {text}" if name in headers else text
    body, encoding = _text(value.body, truncated=value.truncated)
    return {
        "headers": headers,
        "body": body,
        "body_encoding": encoding,
        "truncated": value.truncated,
        "bytes": value.bytes_read,
    }


def inbox_item(value: Event, deliveries: Sequence[Delivery], show: Show) -> Json:
    """A received event, with its handlers' deliveries as `show` shows them."""
    return {
        "source": value.tenant.removeprefix(INBOX_TENANT_PREFIX),
        "id": value.id,
        "source_id": value.source_id or value.id,
        "type": value.type,
        "received_at": moment(value.created_at),
        "status": "ignored" if value.ignored_at else worst(each.status for each in deliveries),
        "ignored_at": moment(value.ignored_at),
        "handlers": [show(each) for each in deliveries],
    }


def replayed(value: Replayed) -> Json:
    """Which deliveries of an event go again."""
    return {
        "replayed": value.replayed,
        "refused": [{"id": each.id, "reason": each.reason} for each in value.refused],
    }


def worst(statuses: Iterable[Status]) -> str:
    """The status of a received event: that of its unhappiest handler, `done` when all are delivered."""
    found = set(statuses)
    order = (
        Status.EXHAUSTED,
        Status.CANCELLED,
        Status.SKIPPED,
        Status.RETRYING,
        Status.SENDING,
        Status.PENDING,
    )
    return next((status.value for status in order if status in found), "done")


def _text(body: bytes, *, truncated: bool) -> tuple[str, str]:
    """A cut may go through a character; that alone does not make a text binary."""
    for cut in range(4 if truncated else 1):
        try:
            return body[: len(body) - cut].decode(), "utf-8"
        except UnicodeDecodeError:
            continue
    return b64encode(body).decode(), "base64"
