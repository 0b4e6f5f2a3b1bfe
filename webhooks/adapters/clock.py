"""The clock port: the local clock corrected by the store's."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

CORRECT_EVERY_SECONDS = 30.0
WARN_ABOVE_SECONDS = 1.0

log = structlog.get_logger()


class StoreClock:
    """`now()` follows the store's clock, asked every 30 s; while it does not answer the last correction stands."""

    def __init__(self, store_now: Callable[[], datetime]) -> None:
        self._store_now = store_now
        self._offset = timedelta()
        self._asked_at: float | None = None
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
        return datetime.now(UTC) + self._offset  # noqa: TID251 - this is the clock

    def _due(self) -> bool:
        return self._asked_at is None or time.monotonic() - self._asked_at > CORRECT_EVERY_SECONDS

    def _correct(self) -> None:
        if not self._lock.acquire(blocking=False):
            return
        try:
            self._asked_at = time.monotonic()
            before = datetime.now(UTC)  # noqa: TID251
            there = self._store_now()
            after = datetime.now(UTC)  # noqa: TID251
            self._offset = there - (before + (after - before) / 2)
        except Exception as error:  # noqa: BLE001 - whatever the store's trouble, time goes on
            log.warning("clock.uncorrected", error=type(error).__name__)
        finally:
            self._lock.release()
        if abs(self.offset_seconds) > WARN_ABOVE_SECONDS:
            log.warning("clock.differs", offset_seconds=round(self.offset_seconds, 3))
