"""The receiving lane's part of the flow, counted in memory, so that a refused request costs no Redis."""

import threading
from collections import defaultdict
from collections.abc import Mapping
from typing import Protocol

import structlog

from webhooks.errors import Unavailable

FLUSH_SECONDS = 1.0

log = structlog.get_logger()


class FlowCounts:
    """How often what happened since it was last drained; safe with many threads."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._lock = threading.Lock()

    def add(self, name: str, by: int = 1) -> None:
        """It happened `by` more times."""
        with self._lock:
            self._counts[name] += by

    def add_all(self, counts: Mapping[str, int]) -> None:
        """What was drained and could not be stored is counted here again."""
        with self._lock:
            for name, by in counts.items():
                self._counts[name] += by

    def drain(self) -> dict[str, int]:
        """All counts since the last time; they begin at zero again."""
        with self._lock:
            drained, self._counts = self._counts, defaultdict(int)
        return dict(drained)


class Countable(Protocol):
    """Where counts are added up for all processes (`upkeep_ports.VitalsStore`)."""

    def count(self, counts: dict[str, int]) -> None:
        """Add these."""
        ...


class CountFlusher:
    """A thread that adds what was counted in memory to the store, once each second."""

    def __init__(self, counts: FlowCounts, store: Countable, *, every_seconds: float = FLUSH_SECONDS) -> None:
        self._counts = counts
        self._store = store
        self._every_seconds = every_seconds
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hookline-counts", daemon=True)

    def start(self) -> None:
        """It runs; once for each flusher, and after a server has forked."""
        self._thread.start()

    def stop(self) -> None:
        """It has ended, and what was counted until now is stored if the store answers."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_seconds):
            self._flush()
        self._flush()

    def _flush(self) -> None:
        drained = self._counts.drain()
        if not drained:
            return
        try:
            self._store.count(drained)
        except Unavailable:
            self._counts.add_all(drained)
            log.debug("counts.waiting")
