"""Drain: deliveries that are kept already go out through the default workers, beside what users would pick instead."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import rivals
from bench.accounting import Rounds, cpu_seconds
from bench.posting import post_at, register
from bench.report import machine, table
from bench.rivals import Rival
from bench.sink import Sink
from bench.stack import Stack, wait_until

ROUNDS = 5
DELIVERIES = 4000
PROCESSES = 2
SLOTS = 100
BODY_BYTES = 1000
EVENT_TYPE = "bench.drain"


@dataclass(frozen=True, slots=True)
class Drained:
    """One round: deliveries a second from the first arrival to the last, and CPU milliseconds for each."""

    per_second: float
    worker_ms: float
    redis_ms: float


def run(folder: Path) -> str:
    """The section: medians of interleaved rounds, with least and most."""
    with (
        Sink() as sink,
        ready_stack(folder / "on", events=True) as on,
        ready_stack(folder / "off", events=False) as off,
    ):
        server = redis_pid(on)
        barest = rivals.barest(folder, on, processes=PROCESSES, slots=SLOTS)
        set_ups: dict[str, Callable[[], Drained]] = {
            "Hookline, task events on": lambda: drain(on, sink, DELIVERIES),
            "Hookline, task events off": lambda: drain(off, sink, DELIVERIES),
            "barest Celery task, events off": lambda: _drain_rival(barest, server, sink, rivals.fill_barest),
        }
        with barest, rivals.django(folder, on, processes=PROCESSES) as django:
            if django:
                set_ups["django-webhook"] = lambda: _drain_rival(django, server, sink, rivals.fill_django)
            results: dict[str, list[Drained]] = {name: [] for name in set_ups}
            for _ in range(ROUNDS):
                for name, measure in set_ups.items():
                    results[name].append(measure())
        return _section(results, machine(on.valkey))


def _section(results: dict[str, list[Drained]], where: str) -> str:
    stock = Rounds(tuple(each.per_second for each in results["barest Celery task, events off"]))
    stock_ms = Rounds(tuple(each.worker_ms for each in results["barest Celery task, events off"]))
    rows = []
    for name, rounds in results.items():
        rate = Rounds(tuple(each.per_second for each in rounds))
        worker = Rounds(tuple(each.worker_ms for each in rounds))
        redis = Rounds(tuple(each.redis_ms for each in rounds))
        rows.append(
            (
                name,
                rate.shown(0),
                f"{rate.median / stock.median:.2f} ×",
                worker.shown(),
                f"{worker.median / stock_ms.median:.2f} ×",
                redis.shown(),
            )
        )
    head = ("set-up", "deliveries a second", "ratio", "worker CPU ms each", "ratio", "Redis CPU ms each")
    return f"""## Drain

`make bench -- drain`. {where}
{ROUNDS} interleaved rounds of {DELIVERIES} kept deliveries of {BODY_BYTES} bytes to a receiver that answers at once;
{PROCESSES} worker processes with {SLOTS} threads each,
for django-webhook {PROCESSES} prefork processes and no stored events, its quickest.
Medians, least and most.

{table(head, rows)}"""


@contextmanager
def ready_stack(folder: Path, *, events: bool) -> Iterator[Stack]:
    """The default workers, API and server, ready; task events on or off."""
    environ = {
        "HOOKLINE_TASK_EVENTS": "on" if events else "off",
        "HOOKLINE_WORKER_PROCESSES": str(PROCESSES),
        "HOOKLINE_DATA_DIR": str(folder),
    }
    with Stack(folder, workers=PROCESSES, handler_workers=1, slots=SLOTS, environ=environ) as stack:
        wait_until("it is ready", stack.ready, seconds=60)
        yield stack


def worker_pids(stack: Stack) -> list[int]:
    """The sessions of its delivery workers."""
    return [process.pid for name, process in stack.processes.items() if name.startswith("worker")]


def redis_pid(stack: Stack) -> int:
    """The server's process."""
    assert stack.valkey.process is not None
    return stack.valkey.process.pid


def drain(stack: Stack, sink: Sink, count: int) -> Drained:
    """Fill while the workers stand still, let them go, and measure until all arrived."""
    if not stack.get("/v1/endpoints")["data"]:
        register(stack, sink, EVENT_TYPE)
    _signal(worker_pids(stack), signal.SIGSTOP)
    post_at(stack, per_second=None, count=count, size=BODY_BYTES, type=EVENT_TYPE)
    return _measured(worker_pids(stack), redis_pid(stack), sink, count)


def _drain_rival(rival: Rival, server: int, sink: Sink, fill: Callable[[Rival, str, int, int], None]) -> Drained:
    """The same for workers of another app on that server."""
    _signal(rival.pids, signal.SIGSTOP)
    fill(rival, sink.url, DELIVERIES, BODY_BYTES)
    return _measured(rival.pids, server, sink, DELIVERIES)


def _measured(workers: list[int], redis: int, sink: Sink, count: int) -> Drained:
    sink.reset()
    before, redis_before = cpu_seconds(workers), cpu_seconds([redis])
    _signal(workers, signal.SIGCONT)
    wait_until(f"all {count} arrived", lambda: sink.report()["count"] >= count, seconds=180)
    report = sink.report()
    return Drained(
        per_second=(count - 1) / (report["last"] - report["first"]),
        worker_ms=(cpu_seconds(workers) - before) / count * 1000,
        redis_ms=(cpu_seconds([redis]) - redis_before) / count * 1000,
    )


def _signal(sessions: list[int], how: signal.Signals) -> None:
    for session in sessions:
        os.killpg(session, how)
