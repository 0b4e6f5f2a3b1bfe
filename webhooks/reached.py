"""Which nodes of the flow an event has reached, when sender and receiver are one installation."""

from collections.abc import Iterator, Sequence

from webhooks.model import Delivery, Status

SENT = ("n3", "n4", "n5")
RECEIVED = ("n8", "n9", "n10", "n13", "n11")
HANDLED = ("n18", "n19", "n20")


def nodes(sent: Sequence[Delivery], handled: Sequence[Delivery] | None) -> list[str]:
    """The nodes in the order of the flow; `handled` are the deliveries to our handlers, None if it never came here."""
    found = set(_nodes(sent, handled))
    return sorted(found, key=lambda node: int(node[1:]))


def _nodes(sent: Sequence[Delivery], handled: Sequence[Delivery] | None) -> Iterator[str]:
    yield from ("n1", "n2")
    for delivery in sent:
        if delivery.attempts:
            yield from SENT
        yield from _ended(delivery)
    if handled is None:
        return
    yield from RECEIVED
    for delivery in handled:
        if delivery.attempts:
            yield from HANDLED
        if delivery.status is Status.DELIVERED:
            yield from ("n21", "n7")
        yield from _retried(delivery)


def _ended(delivery: Delivery) -> Iterator[str]:
    if delivery.status is Status.DELIVERED:
        yield from ("n6", "n7")
    yield from _retried(delivery)


def _retried(delivery: Delivery) -> Iterator[str]:
    if delivery.retries_used:
        yield from ("n15", "n16")
    if delivery.retries_used and (delivery.status is not Status.RETRYING or delivery.retries_used > 1):
        yield "n17"
