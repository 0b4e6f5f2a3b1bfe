"""The clock port: the local clock corrected by the store's."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

CORRECT_EVERY_SECONDS = 30.0
ASK_AGAIN_SECONDS = 1.0
LONGEST_ANSWER_SECONDS = 1.0
WARN_ABOVE_SECONDS = 1.0

log = structlog.get_logger()


def local_now() -> datetime:
    """The present by this machine's clock, which may be wrong."""
    return datetime.now(UTC)  # noqa: TID251 - this is the clock


class StoreClock:
    """`now()` follows the store's clock, asked every 30 s; while it does not answer the last correction stands."""

    def __init__(self, store_now: Callable[[], datetime], *, local_now: Callable[[], datetime] = local_now) -> None:
        self._store_now, self._local_now = store_now, local_now
        self._offset = timedelta()
        self._ask_at: float | None = None
        self._lock = threading.Lock()

    @property
    def offset_seconds(self) -> float:
        """How far the store's clock is ahead of the local one."""
        return self._offset.total_seconds()

    def monotonic(self) -> float:
        """Seconds since some moment, for durations only."""
        return time.monotonic()

    def now(self) -> datetime:
        """The present by the store's clock, aware and UTC."""
        if self._due():
            self._correct()
        return self._local_now() + self._offset

    def _due(self) -> bool:
        return self._ask_at is None or time.monotonic() >= self._ask_at

    def _correct(self) -> None:
        """One thread asks. The others wait for the first answer; later they go on with the last one."""
        if not self._lock.acquire(blocking=self._ask_at is None):
            return
        try:
            if self._due():
                self._ask_at = time.monotonic() + (CORRECT_EVERY_SECONDS if self._ask() else ASK_AGAIN_SECONDS)
        finally:
            self._lock.release()

    def _ask(self) -> bool:
        """Whether the correction is good: not where the answer took so long that it says little, as after a freeze."""
        try:
            before = self._local_now()
            there = self._store_now()
            took = self._local_now() - before
        except Exception as error:  # noqa: BLE001 - whatever the store's trouble, time goes on
            log.warning("clock.uncorrected", error=type(error).__name__)
            return False
        if took.total_seconds() > LONGEST_ANSWER_SECONDS:
            return False
        self._offset = there - (before + took / 2)
        if abs(self.offset_seconds) > WARN_ABOVE_SECONDS:
            log.warning("clock.differs", offset_seconds=round(self.offset_seconds, 3))
        return True
