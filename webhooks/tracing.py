"""Trace contexts: one trace from the publishing call through every attempt to the receiver's handler.

An event keeps the `traceparent` (W3C Trace Context, section 3.2) of its own span; attempts are children of it.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from webhooks.model import Attempt, Delivery, Event

HEADER = "traceparent"
SAMPLED = 0x01
_TRACEPARENT = re.compile(
    r"(?P<version>(?!ff)[0-9a-f]{2})-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})"
    r"-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceContext:
    """A span's place in its trace; ids are hexadecimal, as on the wire."""

    trace_id: str
    span_id: str
    sampled: bool = True

    @property
    def traceparent(self) -> str:
        """As the header says it."""
        return f"00-{self.trace_id}-{self.span_id}-{SAMPLED if self.sampled else 0:02x}"


def context_of(traceparent: str | None) -> TraceContext | None:
    """What the header says; None for none, or for one that must be ignored (section 3.2.2)."""
    found = _TRACEPARENT.fullmatch((traceparent or "").strip())
    if not found or (found["version"] == "00" and found["more"]):
        return None
    sampled = bool(int(found["flags"], 16) & SAMPLED)
    return TraceContext(trace_id=found["trace"], span_id=found["span"], sampled=sampled)


def begun(parent: str | None, *, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """The `traceparent` of a new span below `parent`, or of a new trace where there is none."""
    above = context_of(parent)
    if above is None:
        luck = random_bytes(24)
        return TraceContext(trace_id=luck[:16].hex(), span_id=luck[16:].hex()).traceparent
    return TraceContext(trace_id=above.trace_id, span_id=random_bytes(8).hex(), sampled=above.sampled).traceparent


def trace_id_of(traceparent: str | None) -> str | None:
    """The trace's id, for logs."""
    context = context_of(traceparent)
    return context.trace_id if context else None


class Spans(Protocol):
    """Where spans go when they are over; never raises, and keeps nobody waiting."""

    def publishing(self, event: Event, *, parent: str | None) -> Callable[[], None]:
        """The event's own span begins, below `parent` if there is one; call what comes back once it is kept."""
        ...

    def attempted(self, delivery: Delivery, attempt: Attempt, *, traceparent: str | None) -> None:
        """An attempt is over, POST or handler; `traceparent` is its event's."""
        ...


def _nothing() -> None:
    """Ends a span that goes nowhere."""


class NoSpans:
    """Spans go nowhere."""

    def publishing(self, event: Event, *, parent: str | None) -> Callable[[], None]:  # noqa: ARG002 - of the protocol
        """See `Spans.publishing`."""
        return _nothing

    def attempted(self, delivery: Delivery, attempt: Attempt, *, traceparent: str | None) -> None:
        """See `Spans.attempted`."""
