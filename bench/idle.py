"""How many Redis commands a second the whole stack costs while nothing happens: `make bench -- idle`."""

import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.stack import Stack, wait_until

MOST_A_SECOND = 20.0
SETTLING_SECONDS = 15.0
SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Idleness:
    """What was asked of Redis, commands within scripts counted too."""

    seconds: float
    calls: Counter[str]

    @property
    def a_second(self) -> float:
        """All commands together."""
        return self.calls.total() / self.seconds

    def table(self) -> str:
        """The commands that were called most, as Markdown."""
        rows = [f"| {name} | {count / self.seconds:.2f} |" for name, count in self.calls.most_common(12)]
        total = f"| **all** | **{self.a_second:.2f}** |"
        return "\n".join(["| command | a second |", "|---|---|", *rows, total])


def run(folder: Path) -> str:
    """Start everything, wait until it is quiet, count for a minute; raises where the stack costs too much."""
    idleness = measure(folder, seconds=SECONDS)
    if idleness.a_second >= MOST_A_SECOND:
        raise AssertionError(f"{idleness.a_second:.1f} commands a second\n{idleness.table()}")
    return (
        f"Two delivery workers, a handler worker, beat, Flower and the API, nothing happening, counted for "
        f"{idleness.seconds:.0f} s by `INFO commandstats`; commands within scripts are counted too.\n\n"
        + idleness.table()
    )


def measure(folder: Path, *, seconds: float) -> Idleness:
    """What the whole stack asks of Redis within so long."""
    with Stack(folder, workers=2, handler_workers=1, around=True) as stack:
        wait_until("the stack is ready", stack.ready, seconds=120)
        wait_until("Flower answers", lambda: _flower(stack), seconds=120)
        time.sleep(SETTLING_SECONDS)
        before, began = _calls(stack), time.monotonic()
        time.sleep(seconds)
        after, ended = _calls(stack), time.monotonic()
    after.subtract(before)
    return Idleness(seconds=ended - began, calls=+after)


def _flower(stack: Stack) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{stack.flower_port}/healthcheck", timeout=5).ok
    except requests.RequestException:
        return False


def _calls(stack: Stack) -> Counter[str]:
    """So far, without our own."""
    with stack.valkey.client as client:
        stats = client.info("commandstats")
    return Counter({name.removeprefix("cmdstat_"): each["calls"] for name, each in stats.items()} | {"info": 0})
