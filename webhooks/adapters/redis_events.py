"""Events in Redis: acceptance and reading."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart, reminders, texts
from webhooks.adapters.scripts import translated
from webhooks.answers import Acceptance, Posting, Recipient
from webhooks.errors import Unavailable
from webhooks.model import Event
from webhooks.payload import time_text

GROUPS = ("unfinished", "delivered", "failed")
IDEMPOTENCY_SECONDS = 24 * 3600
MOST_TOGETHER = 2000
"""Events and recipients of one round trip: the server reads the whole before it answers."""
INLINE_DELIVERIES = 100
"""So many deliveries are made in the accepting call itself; the others by a background job."""


class RedisEvents(RedisPart):
    """`ports.EventStore` but for the lists."""

    def accept(self, postings: Sequence[Posting]) -> list[Acceptance | Unavailable]:
        """See `ports.EventStore.accept`."""
        answers: list[Acceptance | Unavailable] = []
        for part in _parts(postings):
            try:
                answers += self._accept(part)
            except Unavailable as error:
                if not answers:
                    raise
                return answers + [error] * (len(postings) - len(answers))
        return answers

    def _accept(self, postings: Sequence[Posting]) -> list[Acceptance]:
        calls = [(_arguments(each), each.matched.event.body) for each in postings]
        return [_acceptance(answer) for answer in self.scripts.run_all("accept", calls, replicas=self.replicas_ack)]

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


def _parts(postings: Sequence[Posting]) -> Iterator[Sequence[Posting]]:
    """Pieces that are answered long before anybody gives up on them."""
    start, weight = 0, 0
    for end, posting in enumerate(postings):
        weight += 1 + len(posting.matched.recipients)
        if end > start and weight > MOST_TOGETHER:
            yield postings[start:end]
            start, weight = end, 1 + len(posting.matched.recipients)
    yield postings[start:]


def _arguments(posting: Posting) -> dict[str, Any]:
    """What the script is told; an absent field is nil to it."""
    matched, event, key_given = posting.matched, posting.matched.event, posting.idempotency_key is not None
    fields: dict[str, Any] = {
        "tenant": event.tenant,
        "id": event.id,
        "type": event.type,
        "occurred_at": time_text(event.occurred_at),
        "digest": event.digest,
        "call": posting.call,
        "version": matched.endpoints_version,
        "trigger": posting.trigger,
        "inline": INLINE_DELIVERIES,
        "recipients": [_recipient(each) for each in matched.recipients],
        "channels": json.dumps(event.channels) if event.channels else None,
        "endpoint_ids": json.dumps(event.endpoint_ids) if event.endpoint_ids is not None else None,
        "ordering_key": event.ordering_key,
        "source_id": event.source_id,
        "retention_ms": None if event.retention_seconds is None else round(event.retention_seconds * 1000),
        "traceparent": event.traceparent,
        "warnings": json.dumps(event.warnings) if event.warnings else None,
        "given": posting.id_given or None,
        "key": posting.idempotency_key,
        "key_ttl_ms": IDEMPOTENCY_SECONDS * 1000 if key_given else None,
        "types_version": matched.event_types_version,
        "refused": matched.finding.refused or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _acceptance(answer: Any) -> Acceptance:
    verdict, event_id, rows, *created_at = answer
    return Acceptance(
        verdict=verdict.decode(),
        event_id=event_id.decode(),
        reminders=reminders(rows),
        created_at=records.time_of(created_at[0].decode()) if created_at else None,
    )
