"""The receiving lane's part of the flow, counted in memory: a refused request costs no Redis."""

import threading
from collections import Counter
from collections.abc import Mapping


class FlowCounts:
    """How often what happened since it was last drained; safe with many threads."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, name: str, by: int = 1) -> None:
        """It happened `by` more times."""
        with self._lock:
            self._counts[name] += by

    def add_all(self, counts: Mapping[str, int]) -> None:
        """What was drained and could not be stored is counted here again."""
        with self._lock:
            self._counts.update(counts)

    def drain(self) -> dict[str, int]:
        """All counts since the last time; they begin at zero again."""
        with self._lock:
            drained, self._counts = self._counts, Counter()
        return dict(drained)
