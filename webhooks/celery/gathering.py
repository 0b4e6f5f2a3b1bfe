"""Task events for Flower, gathered: published a few times a second instead of one by one (docs/benchmarks.md)."""

from typing import Any

from celery import bootsteps

EVERY_SECONDS = 0.2
MOST = 1000
"""So many gathered events leave at once."""


class GatheredEvents(bootsteps.StartStopStep):
    """A worker's task events wait up to `EVERY_SECONDS` and leave as one message.

    Celery would wake its loop for each and publish it, with a new Redis client each time: a third of what a
    delivery cost the worker.
    """

    requires = ("celery.worker.consumer.events:Events",)

    def start(self, parent: Any) -> None:
        """The dispatcher of this connection publishes by the clock from now on."""
        self._timer: Any = None
        dispatcher = parent.event_dispatcher
        if parent.hub is None or not dispatcher.enabled:
            return
        dispatcher.on_send_buffered = None
        dispatcher.buffer_limit = MOST
        self._timer = parent.timer.call_repeatedly(EVERY_SECONDS, dispatcher.flush)

    def stop(self, parent: Any) -> None:
        """What was gathered is published; the dispatcher keeps for the next connection what can't be."""
        if self._timer:
            self._timer.cancel()
            parent.event_dispatcher.flush()

    shutdown = stop
