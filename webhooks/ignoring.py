"""A person decides that a received event needs no handling: what waits is given up, and it is no dead letter."""

import contextlib

from webhooks.errors import Conflict
from webhooks.model import Event
from webhooks.ports import Queue, Store

MOST_HANDLERS = 1000


def ignore(store: Store, queue: Queue, event: Event) -> None:
    """The event is marked, and its handlers run no more; one that runs now ends first. Raises Unavailable."""
    store.mark_ignored(event.tenant, event.id, ignored=True)
    for delivery in store.event_deliveries(event.tenant, event.id, limit=MOST_HANDLERS):
        if delivery.status.final:
            continue
        with contextlib.suppress(Conflict):  # it has ended meanwhile
            queue.publish(store.cancel(delivery.id)[1])
