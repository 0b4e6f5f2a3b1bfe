"""What a run did to ordered and capped endpoints: who overtook whom, and how many were there at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bench.receiver import Arrival
from webhooks.model import Delivery


def overtaking(deliveries: Iterable[Delivery], first_at: Mapping[str, float]) -> list[str]:
    """Deliveries that were first received before an earlier one of their line was (DESIGN §7), by id.

    `first_at` is when each was first received; one that never was cannot have been overtaken by order.
    """
    lines: dict[tuple[str, str | None], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.id in first_at:
            lines[delivery.endpoint_id, delivery.ordering_key].append(delivery)
    return [found for line in lines.values() for found in _overtaking_in(line, first_at)]


def _overtaking_in(line: list[Delivery], first_at: Mapping[str, float]) -> Iterable[str]:
    received = sorted(line, key=lambda each: first_at[each.id])
    earliest_to_come = float("inf")
    for delivery in reversed(received):
        if delivery.sequence > earliest_to_come:
            yield delivery.id
        earliest_to_come = min(earliest_to_come, delivery.sequence)


def most_at_once(arrivals: Sequence[Arrival], *, at_most: float) -> int:
    """How many requests the receiver had at the same time, each from its arrival to its answer.

    One counts for `at_most` seconds: the sender that gave it up holds no slot any more.
    """
    ends = [each.at + min(each.delay_seconds, at_most) for each in arrivals]
    edges = [(each.at, 1) for each in arrivals] + [(end, -1) for end in ends]
    most = now = 0
    for _, change in sorted(edges):
        now += change
        most = max(most, now)
    return most
