"""End to end: an event is posted, accepted and arrives, at 100 and 300 a second and as fast as it goes."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.accounting import Rounds, cpu_seconds, percentile, slow_share
from bench.drain import PROCESSES, ready_stack, redis_pid, worker_pids
from bench.posting import post_at, register
from bench.report import machine, table
from bench.sink import Sink
from bench.stack import ROOT, Stack, wait_until

ROUNDS = 5
SECONDS = 6
FASTEST = 3000
"""Events of the run without a rate."""
BARE = 3000
BODY_BYTES = 1000
RATES: tuple[float | None, ...] = (100, 300, None)


def run(folder: Path) -> str:
    """The section: latencies at each rate, and CPU beside a bare Session loop."""
    with Sink() as sink, ready_stack(folder, events=True) as stack:
        register(stack, sink, "bench.posted")
        figures: dict[tuple[float | None, str], list[float]] = {}
        bare: list[float] = []
        slow = slow_share()
        for _ in range(ROUNDS):
            for rate in RATES:
                for name, value in _one(stack, sink, rate).items():
                    figures.setdefault((rate, name), []).append(value)
            bare.append(_bare_ms(sink))
        return _section(figures, bare, slow, machine(stack.valkey))


def _one(stack: Stack, sink: Sink, rate: float | None) -> dict[str, float]:
    count = int(rate * SECONDS) if rate else FASTEST
    parts: dict[str, Callable[[], float]] = {
        "api": lambda: cpu_seconds([stack.processes["api"].pid]),
        "workers": lambda: cpu_seconds(worker_pids(stack)),
        "redis": lambda: cpu_seconds([redis_pid(stack)]),
    }
    before = {name: read() for name, read in parts.items()}
    sink.reset()
    posted = post_at(stack, per_second=rate, count=count, size=BODY_BYTES)
    wait_until(f"all {count} arrived", lambda: sink.report()["count"] >= count, seconds=120)
    report = sink.report()
    found = {f"{name} ms": (read() - before[name]) / count * 1000 for name, read in parts.items()}
    found["all ms"] = sum(found.values())
    for share in (50, 95, 99):
        found[f"accept p{share}"] = percentile(posted.accept_seconds, share / 100) * 1000
        found[f"arrival p{share}"] = percentile(report["latencies"], share / 100) * 1000
    found["a second"] = (count - 1) / (report["last"] - report["first"])
    found["refused"] = posted.refused
    return found


def _bare_ms(sink: Sink) -> float:
    """CPU milliseconds of one POST in a bare Session loop."""
    command = [sys.executable, "-m", "bench.yardsticks.bare", sink.url, str(BARE), str(BODY_BYTES)]
    spoken = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return float(spoken) / BARE * 1000


def _named(rate: float | None) -> str:
    return f"{rate:.0f}/s" if rate else "as fast as it goes"


def _section(figures: dict[tuple[float | None, str], list[float]], bare: list[float], slow: float, where: str) -> str:
    def shown(rate: float | None, name: str, digits: int = 1) -> str:
        return Rounds(tuple(figures[rate, name])).shown(digits)

    names = [f"{what} p{share}" for what in ("accept", "arrival") for share in (50, 95, 99)]
    rows = [
        (
            _named(rate),
            shown(rate, "a second", 0),
            *(shown(rate, name) for name in names),
        )
        for rate in RATES
    ]
    loop = Rounds(tuple(bare))
    costs = [
        (
            _named(rate),
            *(shown(rate, name, 2) for name in ("api ms", "workers ms", "redis ms", "all ms")),
            f"{Rounds(tuple(figures[rate, 'all ms'])).median / loop.median:.1f} ×",
        )
        for rate in RATES
    ]
    refused = sum(sum(values) for (_, name), values in figures.items() if name == "refused")
    return f"""## From POST to arrival

`make bench -- latency`. {where}
{ROUNDS} interleaved rounds of {SECONDS} s at each rate, and of {FASTEST} events
as fast as 16 callers get answers; {BODY_BYTES} bytes of data;
{PROCESSES} worker processes with task events on, one API process.
Milliseconds from when the call was due
to its answer (accept) and to the receiver (arrival); medians of rounds, least and most.
Refused calls: {refused:.0f}.
Before the first round a loop that only counts ran at less than half its usual speed in {slow:.1%} of windows of 20 ms;
what is due in such a window is late, whoever serves it.

{table(("rate", "arrived a second", *names), rows)}

CPU milliseconds for each event that was posted and delivered; one POST in a bare Session loop took {loop.shown()} ms.

{table(("rate", "API", "workers", "Redis", "in all", "times the bare loop"), costs)}"""
