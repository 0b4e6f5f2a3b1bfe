"""Waiting retries cost workers nothing: the same load beside none and beside a hundred thousand that wait an hour."""

import os
import signal
import time
from pathlib import Path

from bench.accounting import Rounds, cpu_seconds, percentile, resident_bytes
from bench.drain import ready_stack, redis_pid, worker_pids
from bench.growth import failed_delivery
from bench.posting import post_at, register
from bench.report import machine, table
from bench.seeding import forget_the_file, multiply
from bench.sink import Sink
from bench.stack import Stack, wait_until

WAITING = 100_000
WAIT_SECONDS = 3600
ROUNDS = 5
PER_SECOND = 50
SECONDS = 8
SETTLING_SECONDS = 10.0
Figures = dict[str, list[float]]


def run(folder: Path) -> str:
    """The section: latency, CPU, memory and restart, in interleaved rounds."""
    with (
        Sink() as sink,
        ready_stack(folder / "none", events=True) as none,
        ready_stack(folder / "many", events=True) as many,
    ):
        stacks = {"none": none, "many": many}
        figures: dict[str, Figures] = {name: {} for name in stacks}
        for stack in stacks.values():
            forget_the_file(stack)
            register(stack, sink, "bench.posted")
            _round(stack, sink)  # what threads and pools take once is not growth
        before = {name: _memory(stack) for name, stack in stacks.items()}
        _seed(many)
        seeded = {name: _memory(stack) - before[name] for name, stack in stacks.items()}
        for _ in range(ROUNDS):
            for name, stack in stacks.items():
                _note(figures[name], _round(stack, sink))
        growth = {name: _memory(stack) - before[name] for name, stack in stacks.items()}
        for _ in range(ROUNDS):
            for name, stack in stacks.items():
                _note(figures[name], {"restart": _restart(stack, sink)})
        left = many.valkey.client.zcard("due")
        return _section(figures, {"before the rounds": seeded, "after them": growth}, left, machine(many.valkey))


def _seed(stack: Stack) -> None:
    seconds, micros = stack.valkey.client.time()
    multiply(stack, failed_delivery(stack), WAITING, due_us=(seconds + WAIT_SECONDS) * 1_000_000 + micros)
    time.sleep(SETTLING_SECONDS)


def _memory(stack: Stack) -> float:
    """Of the workers together, in MB."""
    return resident_bytes(worker_pids(stack)) / 1e6


def _round(stack: Stack, sink: Sink) -> dict[str, float]:
    count = PER_SECOND * SECONDS
    pids = [stack.processes["api"].pid, redis_pid(stack), *worker_pids(stack)]
    sink.reset()
    before = cpu_seconds(pids)
    post_at(stack, per_second=PER_SECOND, count=count)
    wait_until("all arrived", lambda: sink.report()["count"] >= count, seconds=120)
    latencies = sink.report()["latencies"]
    return {
        "p50": percentile(latencies, 0.5) * 1000,
        "p99": percentile(latencies, 0.99) * 1000,
        "cpu": (cpu_seconds(pids) - before) / count * 1000,
    }


def _restart(stack: Stack, sink: Sink) -> float:
    """Seconds from starting all workers until what was accepted meanwhile has arrived."""
    workers = [name for name in stack.processes if name.startswith("worker")]
    for name in workers:
        stack.kill(name, signal.SIGTERM)
    sink.reset()
    stack.post("/v1/events", {"type": "bench.posted", "data": {}})
    began = time.monotonic()
    for name in workers:
        stack.start(name)
    wait_until("it arrived", lambda: sink.report()["count"], seconds=120)
    return time.monotonic() - began


def _note(figures: Figures, found: dict[str, float]) -> None:
    for name, value in found.items():
        figures.setdefault(name, []).append(value)


def _section(figures: dict[str, Figures], growths: dict[str, dict[str, float]], left: int, where: str) -> str:
    def row(what: str, name: str, digits: int) -> tuple[str, str, str, str]:
        none, many = (Rounds(tuple(figures[each][name])) for each in ("none", "many"))
        return what, none.shown(digits), many.shown(digits), f"{many.median / none.median:.2f} ×"

    rows = [
        row("POST to arrival, p50, ms", "p50", 1),
        row("POST to arrival, p99, ms", "p99", 1),
        row("CPU of API, workers and Redis for each delivery, ms", "cpu", 2),
        row("restart of all workers to the first arrival, s", "restart", 1),
        *(
            (f"memory that the workers took together, {when}, MB", f"{took['none']:.1f}", f"{took['many']:.1f}", "")
            for when, took in growths.items()
        ),
    ]
    return f"""## Retries that wait

`make bench -- waiting`. {where}
{ROUNDS} interleaved rounds of {SECONDS} s with {PER_SECOND} events a second, on one stack beside none
and on another beside {WAITING:,} retries that wait for an hour ({left:,} still stood in `due` at the end).
Medians, least and most. The machine's load was {os.getloadavg()[2]:.0f} on {os.cpu_count()} cores:
where that is much more than one for each, other work ran beside, and only the ratios say anything.

{table(("", "none wait", f"{WAITING:,} wait", "ratio"), rows)}"""
