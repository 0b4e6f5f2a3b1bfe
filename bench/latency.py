"""End to end: an event is posted, accepted and arrives, at 100 and 300 a second and as fast as it goes."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import rivals
from bench.accounting import Rounds, cpu_seconds, percentile, slow_share
from bench.drain import PROCESSES, SLOTS, ready_stack, redis_pid, worker_pids
from bench.posting import WARM, Api, post_at, register
from bench.report import machine, table
from bench.rivals import BarestApi
from bench.sink import Sink
from bench.stack import ROOT, wait_until

ROUNDS = 5
SECONDS = 6
FASTEST = 3000
"""Events of the run without a rate."""
BARE = 3000
BODY_BYTES = 1000
Parts = dict[str, list[int]]
"""The sessions of the processes whose CPU is counted, by what they are."""


@dataclass(frozen=True, slots=True)
class Run:
    """A rate, None being as fast as it goes; and whether it is posted to the barest Flask route and Celery task."""

    per_second: float | None
    barest: bool = False


RUNS = (Run(100), Run(100, barest=True), Run(300), Run(None), Run(None, barest=True))


def run(folder: Path) -> str:
    """The section: latencies at each rate, and CPU beside a bare Session loop."""
    with (
        Sink() as sink,
        ready_stack(folder, events=True) as stack,
        rivals.barest(folder, stack, processes=PROCESSES, slots=SLOTS) as workers,
        BarestApi(workers, sink.url) as api,
    ):
        register(stack, sink, "bench.posted")
        post_at(api, per_second=None, count=WARM, size=0)
        ours = {"api": [stack.processes["api"].pid], "workers": worker_pids(stack), "redis": [redis_pid(stack)]}
        theirs = {"api": api.pids, "workers": workers.pids, "redis": [redis_pid(stack)]}
        figures: dict[tuple[Run, str], list[float]] = {}
        bare: list[float] = []
        slow = slow_share()
        for _ in range(ROUNDS):
            for each in RUNS:
                set_up: tuple[Api, Parts] = (api, theirs) if each.barest else (stack, ours)
                for name, value in _one(*set_up, sink, each.per_second).items():
                    figures.setdefault((each, name), []).append(value)
            bare.append(_bare_ms(sink))
        return _section(figures, bare, slow, machine(stack.valkey))


def _one(api: Api, parts: Parts, sink: Sink, rate: float | None) -> dict[str, float]:
    count = int(rate * SECONDS) if rate else FASTEST
    before = {name: cpu_seconds(pids) for name, pids in parts.items()}
    sink.reset()
    posted = post_at(api, per_second=rate, count=count, size=BODY_BYTES)
    wait_until(f"all {count} arrived", lambda: sink.report()["count"] >= count, seconds=120)
    report = sink.report()
    found = {f"{name} ms": (cpu_seconds(pids) - before[name]) / count * 1000 for name, pids in parts.items()}
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


def _named(run: Run) -> str:
    rate = f"{run.per_second:.0f}/s" if run.per_second else "as fast as it goes"
    return f"{rate}, barest" if run.barest else rate


def _section(figures: dict[tuple[Run, str], list[float]], bare: list[float], slow: float, where: str) -> str:
    def shown(run: Run, name: str, digits: int = 1) -> str:
        return Rounds(tuple(figures[run, name])).shown(digits)

    names = [f"{what} p{share}" for what in ("accept", "arrival") for share in (50, 95, 99)]
    rows = [
        (
            _named(run),
            shown(run, "a second", 0),
            *(shown(run, name) for name in names),
        )
        for run in RUNS
    ]
    loop = Rounds(tuple(bare))
    costs = [
        (
            _named(run),
            *(shown(run, name, 2) for name in ("api ms", "workers ms", "redis ms", "all ms")),
            f"{Rounds(tuple(figures[run, 'all ms'])).median / loop.median:.1f} ×",
        )
        for run in RUNS
    ]
    refused = sum(sum(values) for (_, name), values in figures.items() if name == "refused")
    return f"""## From POST to arrival

`make bench -- latency`. {where}
{ROUNDS} interleaved rounds of {SECONDS} s at each rate, and of {FASTEST} events
as fast as 16 callers get answers; {BODY_BYTES} bytes of data;
{PROCESSES} worker processes with task events on, one API process.
Barest: a Flask route that queues the barest Celery task, with as many processes and threads,
which keeps nothing, checks nothing and tries once.
Milliseconds from when the call was due
to its answer (accept) and to the receiver (arrival); medians of rounds, least and most.
Refused calls: {refused:.0f}.
Before the first round a loop that only counts ran at less than half its usual speed in {slow:.1%} of windows of 20 ms;
what is due in such a window is late, whoever serves it.

{table(("rate", "arrived a second", *names), rows)}

CPU milliseconds for each event that was posted and delivered; one POST in a bare Session loop took {loop.shown()} ms.

{table(("rate", "API", "workers", "Redis", "in all", "times the bare loop"), costs)}"""
