"""What is made smaller where all scenarios are run at once, so that they are sooner over."""

from importlib import import_module
from typing import Any

SMALLER: dict[str, dict[str, Any]] = {
    "bench.drain": {"DELIVERIES": 1200},
    "bench.latency": {"SECONDS": 4, "FASTEST": 1200},
    "bench.shapes": {"ROUNDS": 3},
    "bench.growth": {"MANY": 100_000, "DELIVERIES": 800},
    "bench.pages": {"MANY": 100_000, "CALLS": 10},
    "bench.storm": {"RETRIES": 10_000},
    "bench.start": {"ROUNDS": 3},
    "bench.receiving": {"ROUNDS": 3},
    "bench.idle": {"SECONDS": 20},
    "bench.waiting": {"ROUNDS": 2, "SECONDS": 5},
    "bench.isolation": {"ROUNDS": 2, "SECONDS": 8},
    "bench.pacing": {"WATCHED_SECONDS": 20, "POSTED": 250, "EVENTS": 300, "KILLED_AT": (90, 200)},
    "bench.fairness": {"EVENTS": 20_000},
}
"""By module and constant; each section says what it was measured with."""


def shrink() -> None:
    """The constants have their smaller values from now on, in this process."""
    for module, values in SMALLER.items():
        for name, value in values.items():
            setattr(import_module(module), name, value)
