"""Lane 2, n8 to n14: signature over the raw bytes, then the payload is read, kept, acknowledged."""

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from webhooks import payload, tracing
from webhooks.answers import Acceptance
from webhooks.counting import FlowCounts
from webhooks.errors import BadSignature, InvalidRequest, NotFound, Unavailable
from webhooks.matching import LONGEST_TYPE
from webhooks.model import Event
from webhooks.ports import Clock
from webhooks.sources import SCHEMES, Headers, Source

ID_HEADER = "webhook-id"
UNKNOWN_TYPE = "unknown"
EARLIEST_YEAR, LATEST_YEAR = 1970, 9998
"""Times outside of these cannot be moved between time zones, so they are not believed."""
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """The acknowledgement: the id under which the webhook is kept, and whether it was here before."""

    id: str
    duplicate: bool


def _fresh_id() -> str:
    return "rcv_" + secrets.token_hex(16)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Receives webhooks from its sources; safe with many threads."""

    sources: Mapping[str, Source]
    intake: EventIntake
    events: KeptEvents
    clock: Clock
    counts: FlowCounts
    most_bytes: int
    """Of a body after it is unpacked."""
    fresh_id: Callable[[], str] = _fresh_id

    def receive(self, source_name: str, headers: Headers, raw_body: bytes) -> Received:
        """The webhook is kept when this returns, and its handlers will run.

        Raises NotFound for an unknown source, BadSignature, InvalidRequest or PayloadTooLarge for what it
        cannot read, Unavailable when it could not be kept: the sender should try again.
        """
        source = self.sources.get(source_name)
        if source is None:
            raise NotFound("there is no such source")
        lowered = {name.lower(): value for name, value in headers.items()}
        self._verify(source, lowered, raw_body)
        body, content = self._read(lowered, raw_body)
        return self._keep(self._event(source, lowered, body, content))

    def _verify(self, source: Source, headers: Headers, raw_body: bytes) -> None:
        """n8, n9, n12."""
        self.counts.add("receiver.checked")
        try:
            SCHEMES[source.scheme].verify(source, headers, raw_body, self.clock.now())
        except BadSignature as error:
            self.counts.add("receiver.refused")
            log.info("webhook.refused", source=source.name, why=str(error))
            raise

    def _read(self, headers: Headers, raw_body: bytes) -> tuple[bytes, Any]:
        """n10, n14: the body unpacked, and what it says."""
        self.counts.add("receiver.parsed")
        encoding = headers.get("content-encoding", "").strip().lower()
        try:
            body = payload.unpack(raw_body, encoding=encoding, most_bytes=self.most_bytes)
            return body, payload.parse_received(body)
        except InvalidRequest:
            self.counts.add("receiver.malformed")
            raise

    def _event(self, source: Source, headers: Headers, body: bytes, content: Any) -> Event:
        given_id = headers.get(ID_HEADER) or self.fresh_id()
        event_type = _event_type(content)
        return Event(
            id=_fitting_id(given_id),
            source_id=None if _ID.fullmatch(given_id) else given_id,
            tenant=source.tenant,
            type=event_type,
            occurred_at=_occurred_at(content) or self.clock.now(),
            body=body,
            traceparent=headers.get(tracing.HEADER),
            digest=payload.content_digest(
                type=event_type,
                data=body,
                channels=(),
                endpoint_ids=None,
                ordering_key=None,
                occurred_at=None,
            ),
        )

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

    def _is_unrouted(self, event: Event) -> bool:
        """Only statistics depend on it: a store that fails now must not turn a kept event into an error."""
        try:
            kept = self.events.event(event.tenant, event.id)
        except Unavailable:
            return False
        return kept is not None and kept.deliveries_count == 0


def _fitting_id(given: str) -> str:
    if _ID.fullmatch(given):
        return given
    return ("sha256-" + hashlib.sha256(given.encode(errors="surrogatepass")).hexdigest())[:64]


def _event_type(content: Any) -> str:
    found = content.get("type") if isinstance(content, dict) else None
    if isinstance(found, str) and len(found) <= LONGEST_TYPE and _EVENT_TYPE.fullmatch(found):
        return found
    return UNKNOWN_TYPE


def _occurred_at(content: Any) -> datetime | None:
    found = content.get("timestamp") if isinstance(content, dict) else None
    try:
        moment = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or not EARLIEST_YEAR < moment.year < LATEST_YEAR:
        return None
    return moment.astimezone(UTC)
