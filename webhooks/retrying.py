"""Lane 3, the retry queue: what is due becomes ready, what is ready is published, what is lost comes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

from webhooks import lifecycle
from webhooks.answers import LostLease
from webhooks.attempting import Attempting, report
from webhooks.model import Lane, Reminder
from webhooks.upkeep_ports import StagingStore, VitalsStore

LOOK_EVERY_SECONDS = 1.0
"""The longest sleep between two looks."""
SHORTEST_SLEEP_SECONDS = 0.005
CANARY_EVERY_SECONDS = 10.0

NOTICES = "notices"
"""The job whose step is taken here, since it matches events with endpoints."""

log = structlog.get_logger()


class RetryStore(StagingStore, VitalsStore, Protocol):
    """What this lane asks of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look found."""

    sleep_seconds: float
    """Until the next look."""
    busy: bool
    """Something is ready, published or claimed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stager:
    """Looks after the places; safe with any number of others at the same time."""

    store: RetryStore
    attempting: Attempting
    windows: Mapping[Lane, int]
    queue_empty: Callable[[Lane], bool]
    """Whether the broker holds no message for the lane; True only when it surely does not."""
    send_canary: Callable[[Lane], None]
    send_notices: Callable[[], object]
    """Makes operational events of the changes that wait (webhooks/notifying.py)."""

    def look(self) -> Looked:
        """Do what there is to do. Raises Unavailable."""
        glance = self.store.glance()
        next_due = glance.next_due_seconds
        if next_due is not None and next_due <= 0:
            next_due = self._stage()
        if glance.busy or next_due != glance.next_due_seconds:
            self.fill()
        sleep = LOOK_EVERY_SECONDS if next_due is None else max(next_due, SHORTEST_SLEEP_SECONDS)
        return Looked(sleep_seconds=min(sleep, LOOK_EVERY_SECONDS), busy=glance.busy)

    def care(self) -> None:
        """What is wanted once a second while anything is under way: leases, lost messages. Raises Unavailable."""
        self._settle_lost()
        for lane in Lane:
            self._publish(self.store.republish(lane, queue_empty=self.queue_empty(lane)))

    def show_signs(self) -> None:
        """What health is judged by, wanted now and then: the stager's mark and the canaries. Raises Unavailable."""
        self.store.mark_stager()
        for lane in Lane:
            if self.store.canary_due(lane, every_seconds=CANARY_EVERY_SECONDS):
                self.send_canary(lane)

    def fill(self) -> None:
        """Publish what is ready until each lane's window is full. Raises Unavailable."""
        for lane in Lane:
            while reminders := self.store.fill(lane, window=self.windows[lane]):
                self._publish(reminders)

    def _stage(self) -> float | None:
        staged = self.store.stage()
        self._publish(staged.reminders)
        for job in staged.jobs:
            if job == NOTICES:
                self.send_notices()
            else:
                self._publish(self.store.run_job(job))
        return 0.0 if staged.jobs else staged.next_due_seconds

    def _settle_lost(self) -> None:
        for lost in self.store.lost_leases():
            self._settle_as_lost(lost)

    def _settle_as_lost(self, lost: LostLease) -> None:
        """The lost try counts, or a payload that kills workers would come again for ever."""
        clock = self.attempting.clock
        duration_ms = (clock.now() - lost.claimed_at).total_seconds() * 1000
        attempt = lifecycle.lost(lost.delivery, started_at=lost.claimed_at, duration_ms=duration_ms)
        settlement = self.attempting.decide(lost.delivery, lost.endpoint, attempt)
        settled = self.attempting.store.settle(lost.delivery.id, attempt.number, lost.token, settlement)
        if settled.won:
            log.warning("delivery.lost", delivery_id=lost.delivery.id, attempt=attempt.number)
            report(
                lost.delivery,
                attempt,
                status=settled.status,
                delay_seconds=settlement.delay_seconds,
                traceparent=lost.traceparent,
            )
            self.attempting.spans.attempted(lost.delivery, attempt, traceparent=lost.traceparent)
            self._publish(settled.reminders)

    def _publish(self, reminders: tuple[Reminder, ...]) -> None:
        if reminders:
            self.attempting.queue.publish(reminders)
