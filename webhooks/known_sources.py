"""Which sources there are: those of the environment, and those that the API keeps in the store."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from webhooks.errors import Unavailable
from webhooks.sources import Source

FRESH_SECONDS = 1.0
"""A change by another process is known so soon."""


class SourceStore(Protocol):
    """Where the sources of the API are kept (`ports.SourceStore`)."""

    def sources(self) -> tuple[int, list[Source]]:
        """Their version and all of them."""
        ...

    def sources_version(self) -> int:
        """Advances with each change."""
        ...


class KnownSources:
    """The sources by name, cached; those of the environment win. Safe with many threads."""

    def __init__(self, fixed: Iterable[Source], store: SourceStore, *, monotonic: Callable[[], float]) -> None:
        self.fixed = {source.name: source for source in fixed}
        self._store = store
        self._monotonic = monotonic
        self._kept: dict[str, Source] = {}
        self._version = -1
        self._looked_at = float("-inf")
        self._lock = threading.Lock()

    def get(self, name: str) -> Source | None:
        """The source of that name, or None, as it was at most a second ago.

        A name that is not known is looked for at once; raises Unavailable where the store does not answer then.
        """
        if name in self.fixed:
            return self.fixed[name]
        known = self._kept.get(name)
        if known is None:
            self._look()
        elif self._monotonic() - self._looked_at > FRESH_SECONDS:
            try:
                self._look()
            except Unavailable:
                self._looked_at = self._monotonic()  # nobody else waits for it within this second
                return known
        return self._kept.get(name)

    def names(self) -> Sequence[str]:
        """Of all sources, those of the environment first. Raises Unavailable."""
        self._look()
        return [*self.fixed, *(name for name in self._kept if name not in self.fixed)]

    def _look(self) -> None:
        if self._store.sources_version() != self._version:
            with self._lock:
                self._version, found = self._store.sources()
                self._kept = {source.name: source for source in found}
        self._looked_at = self._monotonic()
