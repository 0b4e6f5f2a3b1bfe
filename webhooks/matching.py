"""Who is owed an event: patterns of event types, channels, chosen endpoints and filters."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from webhooks.answers import Recipient
from webhooks.filtering import Judge
from webhooks.model import Endpoint, Event
from webhooks.ordering import Content

LONGEST_TYPE = 256
OPERATIONAL = "hookline."
"""Event types of our own begin so; they must be asked for by name."""
_EVENT_TYPE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_PATTERN = re.compile(r"\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?")


def check_pattern(pattern: str) -> None:
    """Nothing for a dotted name, one with `.*` behind it, or `*`; else raises ValueError."""
    if len(pattern) > LONGEST_TYPE or not _PATTERN.fullmatch(pattern):
        raise ValueError(
            f"a pattern is *, a dotted name such as invoice.paid, or one such as invoice.* with the star as "
            f"its last part, in at most {LONGEST_TYPE} characters"
        )


def check_event_type(text: str) -> None:
    """Nothing for a dotted name, else raises ValueError."""
    if len(text) > LONGEST_TYPE or not _EVENT_TYPE.fullmatch(text):
        raise ValueError("must be a dotted name such as invoice.paid: letters, digits, `_`, `-` and dots between")


def check_own_event_type(text: str) -> None:
    """Nothing for a type that a product may publish, else raises ValueError: `hookline.` is ours."""
    check_event_type(text)
    if text.startswith(OPERATIONAL):
        raise ValueError(f"must not begin with {OPERATIONAL}")


def matches(pattern: str, event_type: str) -> bool:
    """Whether the pattern asks for the type; `*` stands for one or more trailing parts."""
    if pattern == "*":
        return not event_type.startswith(OPERATIONAL)
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type


def shares_channel(wanted: Collection[str], channels: Collection[str]) -> bool:
    """Whether an endpoint that wants those channels takes an event on these; one that wants none takes everything."""
    return not wanted or not frozenset(wanted).isdisjoint(channels)


def recipients(event: Event, endpoints: Iterable[Endpoint]) -> list[Recipient]:
    """The endpoints that the event is owed to, in their order; disabled ones are marked so."""
    return CompiledEndpoints(endpoints).recipients(event)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interest:
    order: int
    recipient: Recipient
    channels: frozenset[str]
    filter: str | None
    ordered_by: str | None

    def recipient_for(self, content: Content) -> Recipient:
        """With the ordering key that the event has for it."""
        if self.ordered_by is None:
            return self.recipient
        return replace(self.recipient, ordering_key=content.key_at(self.ordered_by))

    def admits(self, channels: Sequence[str]) -> bool:
        """See `shares_channel`."""
        return shares_channel(self.channels, channels)


class CompiledEndpoints:
    """A tenant's endpoints arranged by what they ask for, so that ten thousand are matched at once."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._exact: dict[str, list[_Interest]] = defaultdict(list)
        self._below: dict[str, list[_Interest]] = defaultdict(list)
        self._everything: list[_Interest] = []
        for order, endpoint in enumerate(endpoints):
            self._add(order, endpoint)

    def recipients(self, event: Event, judge: Judge | None = None) -> list[Recipient]:
        """See the function `recipients`; a judge of the event that there is already need not parse it again."""
        chosen = None if event.endpoint_ids is None else frozenset(event.endpoint_ids)
        judge, content = judge or Judge(event), Content(event)
        found = {
            interest.order: interest.recipient_for(content)
            for interest in self._interested(event.type)
            if interest.admits(event.channels)
            and (chosen is None or interest.recipient.endpoint_id in chosen)
            and judge.passes(interest.filter)
        }
        return [found[order] for order in sorted(found)]

    def _add(self, order: int, endpoint: Endpoint) -> None:
        recipient = Recipient(endpoint_id=endpoint.id, enabled=endpoint.enabled)
        channels = frozenset(endpoint.channels)
        interest = _Interest(
            order=order,
            recipient=recipient,
            channels=channels,
            filter=endpoint.filter,
            ordered_by=endpoint.ordered_by,
        )
        for pattern in endpoint.event_types:
            self._list_for(pattern).append(interest)

    def _list_for(self, pattern: str) -> list[_Interest]:
        if pattern == "*":
            return self._everything
        if pattern.endswith(".*"):
            return self._below[pattern.removesuffix(".*")]
        return self._exact[pattern]

    def _interested(self, event_type: str) -> Iterator[_Interest]:
        yield from self._exact.get(event_type, ())
        parts = event_type.split(".")
        for count in range(1, len(parts)):
            yield from self._below.get(".".join(parts[:count]), ())
        if not event_type.startswith(OPERATIONAL):
            yield from self._everything
