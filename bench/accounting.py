"""What processes cost, by the operating system's own books (proc(5))."""

import os
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from webhooks import endpoint_statistics

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SESSION, USER, SYSTEM, CHILD_USER, CHILD_SYSTEM, RESIDENT = 3, 11, 12, 13, 14, 21
"""Fields of /proc/<pid>/stat counted from the state, which follows the command's closing bracket."""


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time of these processes and of those in a session of theirs, ended children included."""
    ticks = 0
    for fields in _processes(set(pids)):
        ticks += sum(int(fields[place]) for place in (USER, SYSTEM, CHILD_USER, CHILD_SYSTEM))
    return ticks / TICKS


def resident_bytes(pids: Iterable[int]) -> int:
    """Memory that these processes and those in a session of theirs have in use, shared pages counted for each."""
    return sum(int(fields[RESIDENT]) * PAGE for fields in _processes(set(pids)))


def _processes(wanted: set[int]) -> Iterable[list[str]]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        fields = stat.rpartition(")")[2].split()
        if int(entry.name) in wanted or int(fields[SESSION]) in wanted:
            yield fields


def slow_share(seconds: float = 10.0, window_seconds: float = 0.02) -> float:
    """In what share of short windows a loop that only counts ran at less than half its usual speed.

    Neighbours on the same machine show in it, also where the system's books know nothing of them.
    """
    counts = []
    began = time.monotonic()
    while (opened := time.monotonic()) < began + seconds:
        count = 0
        while time.monotonic() < opened + window_seconds:
            count += 1
        counts.append(count)
    usual = statistics.median(counts)
    return sum(count * 2 < usual for count in counts) / len(counts)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed; raises IndexError for none."""
    return endpoint_statistics.percentile(sorted(values), share)


@dataclass(frozen=True, slots=True)
class Rounds:
    """One figure, measured in several rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)

    def shown(self, digits: int = 2) -> str:
        """The median, and in brackets the least and the most."""
        return f"{self.median:.{digits}f} ({min(self.values):.{digits}f}–{max(self.values):.{digits}f})"
