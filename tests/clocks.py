"""Clocks that move when a test says so."""

from dataclasses import dataclass


@dataclass
class ManualMonotonic:
    """A monotonic clock to be pushed by hand."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds
