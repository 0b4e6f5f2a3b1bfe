"""Finished deliveries go once more, one or all of an event's."""

from collections.abc import Iterator
from dataclasses import dataclass

from webhooks.errors import Conflict, NotFound
from webhooks.model import Delivery
from webhooks.ports import DeliveryStore, Queue
from webhooks.queries import DeliveryQuery

PAGE = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A delivery that was not replayed, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Which of an event's deliveries go again."""

    replayed: tuple[str, ...]
    refused: tuple[Refusal, ...]


def replay(store: DeliveryStore, queue: Queue, delivery_id: str) -> Delivery:
    """The delivery, pending again.

    Raises NotFound, and Conflict while it is unfinished or its endpoint is stopped.
    """
    delivery, reminders = store.replay(delivery_id)
    if reminders:
        queue.publish(reminders)
    return delivery


def replay_event(store: DeliveryStore, queue: Queue, *, tenant: str, event_id: str) -> Replayed:
    """All deliveries of the event that may go again do; the others are named. Raises Unavailable."""
    replayed: list[str] = []
    refused: list[Refusal] = []
    for delivery in list(_deliveries(store, tenant, event_id)):
        try:
            replayed.append(replay(store, queue, delivery.id).id)
        except (Conflict, NotFound) as error:
            refused.append(Refusal(id=delivery.id, reason=str(error)))
    return Replayed(replayed=tuple(replayed), refused=tuple(refused))


def _deliveries(store: DeliveryStore, tenant: str, event_id: str) -> Iterator[Delivery]:
    cursor = None
    while True:
        page = store.list_deliveries(DeliveryQuery(tenant=tenant, event_id=event_id, limit=PAGE, cursor=cursor))
        yield from page.items
        cursor = page.next
        if cursor is None:
            return
