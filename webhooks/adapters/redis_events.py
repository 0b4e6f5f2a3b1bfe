"""Events in Redis: acceptance and reading."""

import json
from collections.abc import Sequence
from typing import Any

from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart, reminders, texts
from webhooks.adapters.scripts import translated
from webhooks.answers import Acceptance, Recipient
from webhooks.model import Event
from webhooks.payload import time_text

GROUPS = ("unfinished", "delivered", "failed")
IDEMPOTENCY_SECONDS = 24 * 3600
INLINE_DELIVERIES = 100
"""So many deliveries are made in the accepting call itself; the others by a background job."""


class RedisEvents(RedisPart):
    """`ports.EventStore` but for the lists."""

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
        """See `ports.EventStore.accept`."""
        arguments: dict[str, Any] = {
            "tenant": event.tenant,
            "id": event.id,
            "type": event.type,
            "occurred_at": time_text(event.occurred_at),
            "digest": event.digest,
            "call": call,
            "version": endpoints_version,
            "trigger": trigger,
            "inline": INLINE_DELIVERIES,
            "recipients": [_recipient(each) for each in recipients],
            **_optional(event, idempotency_key, id_given=id_given),
        }
        verdict, event_id, rows, *created_at = self._run_accept(arguments, event.body)
        return Acceptance(
            verdict=verdict.decode(),
            event_id=event_id.decode(),
            reminders=reminders(rows),
            created_at=records.time_of(created_at[0].decode()) if created_at else None,
        )

    def mark_ignored(self, tenant: str, event_id: str, *, ignored: bool) -> bool:
        """See `ports.EventStore.mark_ignored`."""
        return bool(self.scripts.run("ignore", {"tenant": tenant, "id": event_id, "ignored": int(ignored)}))

    def inbox_counts(self, tenant: str) -> dict[str, int]:
        """See `ports.EventStore.inbox_counts`."""
        with translated(), self.client.pipeline(transaction=False) as pipe:
            pipe.zcard(key("events", tenant))
            for group in GROUPS:
                pipe.zcard(key("index", "tenant", tenant, group))
            events, *groups = pipe.execute()
        return {"events": events, **dict(zip(GROUPS, groups, strict=True))}

    def _run_accept(self, arguments: dict[str, Any], body: bytes) -> Any:
        if self.replicas_ack:
            return self.scripts.run_replicated("accept", arguments, body, replicas=self.replicas_ack)
        return self.scripts.run("accept", arguments, body)

    def event(self, tenant: str, event_id: str) -> Event | None:
        """See `ports.EventStore.event`."""
        with translated(), self.client.pipeline(transaction=False) as pipe:
            pipe.hgetall(key("event", tenant, event_id))
            pipe.get(key("body", tenant, event_id))
            fields, body = pipe.execute()
        if not fields:
            return None
        return records.event(texts(fields), body or b"")


def _recipient(recipient: Recipient) -> tuple[Any, ...]:
    """Without its ordering key where it has none: nil within a list would end it in Lua."""
    row = (recipient.endpoint_id, int(recipient.enabled))
    return row if recipient.ordering_key is None else (*row, recipient.ordering_key)


def _optional(event: Event, idempotency_key: str | None, *, id_given: bool) -> dict[str, Any]:
    """Only what is there: a script takes an absent field for nil."""
    fields: dict[str, Any] = {
        "channels": json.dumps(event.channels) if event.channels else None,
        "endpoint_ids": json.dumps(event.endpoint_ids) if event.endpoint_ids is not None else None,
        "ordering_key": event.ordering_key,
        "source_id": event.source_id,
        "retention_ms": None if event.retention_seconds is None else round(event.retention_seconds * 1000),
        "traceparent": event.traceparent,
        "key": idempotency_key,
        "key_ttl_ms": IDEMPOTENCY_SECONDS * 1000 if idempotency_key else None,
        "given": True if id_given else None,
    }
    return {name: value for name, value in fields.items() if value is not None}
