"""Lane 2, n8 to n14: signature over the raw bytes, then the payload is read, kept, acknowledged."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from webhooks import payload, tracing
from webhooks.answers import Acceptance
from webhooks.counting import FlowCounts
from webhooks.errors import BadSignature, InvalidRequest, NotFound, RateLimited, Unavailable
from webhooks.model import Event
from webhooks.ports import Clock
from webhooks.schemes import SCHEMES
from webhooks.schemes.scheme import Answer, Incoming
from webhooks.sources import Source
from webhooks.verifying import Verified, read, verify

__all__ = ["EventIntake", "Received", "Receiver", "verify"]

log = structlog.get_logger()


class EventIntake(Protocol):
    """What keeps an event (webhooks/publishing.py)."""

    def accept(self, event: Event) -> Acceptance:
        """Keep it with a delivery for each handler that wants it, or find it there; raises Unavailable."""
        ...


class KeptEvents(Protocol):
    """What has been kept (`ports.EventStore`)."""

    def event(self, tenant: str, event_id: str) -> Event | None:
        """The event, or None."""
        ...


class KnownSources(Protocol):
    """Whose webhooks are received; a dict will do."""

    def get(self, name: str, /) -> Source | None:
        """The source of that name, or None; raises Unavailable where that cannot be said."""
        ...


class Turns(Protocol):
    """How often a source may send (`ports.SourceStore`)."""

    def take_turn(self, source: Source) -> float:
        """0 where one more may come now, which counts; else the seconds until then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The acknowledgement: the id under which the webhook is kept, and whether it was here before."""

    id: str
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Receives webhooks from its sources; safe with many threads."""

    sources: KnownSources
    intake: EventIntake
    events: KeptEvents
    turns: Turns
    clock: Clock
    counts: FlowCounts
    most_bytes: int
    """Of a body after it is unpacked."""

    def receive(self, source_name: str, request: Incoming) -> Received | Answer:
        """The webhook is kept when this returns, and its handlers will run; or an answer to a trial of the address.

        Raises NotFound for an unknown source, BadSignature, InvalidRequest or PayloadTooLarge for what it
        cannot read, RateLimited when the source sends too much, Unavailable when it could not be kept: the
        sender should try again.
        """
        source = self._source(source_name)
        self._verify(source, request)
        self._take_turn(source)
        verified = self._read(source, request)
        return verified.answer or self._keep(self._event(source, request, verified))

    def challenged(self, source_name: str, query: Mapping[str, str]) -> Answer | None:
        """What the provider wants to hear who tries out the address by a GET; None where its kind does not.

        Raises NotFound for an unknown source, BadSignature and InvalidRequest for a query that is not the
        provider's.
        """
        source = self._source(source_name)
        challenge = SCHEMES[source.scheme].challenge
        return challenge(query, source.terms) if challenge else None

    def _source(self, name: str) -> Source:
        source = self.sources.get(name)
        if source is None:
            raise NotFound("there is no such source")
        return source

    def _verify(self, source: Source, request: Incoming) -> None:
        """n8, n9, n12."""
        self.counts.add("receiver.checked")
        try:
            source.verify(request, self.clock.now())
        except BadSignature as error:
            self.counts.add("receiver.refused")
            log.info("webhook.refused", source=source.name, why=str(error))
            raise

    def _take_turn(self, source: Source) -> None:
        """After the verification: whoever forges could use up what the source may send."""
        wait = self.turns.take_turn(source) if source.rate_limit else 0.0
        if wait:
            self.counts.add("receiver.limited")
            log.info("webhook.limited", source=source.name, retry_after_seconds=round(wait, 3))
            raise RateLimited("too many webhooks of this source", retry_after_seconds=math.ceil(wait))

    def _read(self, source: Source, request: Incoming) -> Verified:
        """n10, n14."""
        self.counts.add("receiver.parsed")
        try:
            return read(source, request, most_bytes=self.most_bytes)
        except InvalidRequest:
            self.counts.add("receiver.malformed")
            raise

    def _keep(self, event: Event) -> Received:
        """n13, n11: kept first, acknowledged after, so that a crash between the two loses nothing.

        The same id with other bytes is a repeat too: its event is known, however it is worded now.
        """
        acceptance = self.intake.accept(event)
        self.counts.add("receiver.kept")
        if acceptance.verdict != "kept":
            return Received(id=acceptance.event_id, duplicate=True)
        if not acceptance.reminders and self._is_unrouted(event):
            self.counts.add("receiver.unrouted")
            log.info("event.ignored", event_id=event.id, event_type=event.type, tenant=event.tenant)
        return Received(id=acceptance.event_id, duplicate=False)

    def _event(self, source: Source, request: Incoming, verified: Verified) -> Event:
        return Event(
            id=verified.id,
            source_id=verified.source_id,
            tenant=source.tenant,
            retention_seconds=source.retention_seconds,
            type=verified.type,
            occurred_at=verified.occurred_at or self.clock.now(),
            body=verified.body,
            traceparent=request.headers.get(tracing.HEADER),
            digest=payload.content_digest(
                type=verified.type,
                data=verified.body,
                channels=(),
                endpoint_ids=None,
                ordering_key=None,
                occurred_at=None,
            ),
        )

    def _is_unrouted(self, event: Event) -> bool:
        """Only statistics depend on it: a store that fails now must not turn a kept event into an error."""
        try:
            kept = self.events.event(event.tenant, event.id)
        except Unavailable:
            return False
        return kept is not None and kept.deliveries_count == 0
