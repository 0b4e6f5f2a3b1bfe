"""Drain: deliveries that are kept already go out through the default workers, beside what users would pick instead."""

import os
import signal
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.accounting import Rounds, cpu_seconds
from bench.posting import post_at, register
from bench.report import machine, table
from bench.sink import Sink
from bench.stack import ROOT, Stack, wait_until

ROUNDS = 5
DELIVERIES = 4000
PROCESSES = 2
SLOTS = 100
BODY_BYTES = 1000
EVENT_TYPE = "bench.drain"
BATCH = 500
DJANGO_PACKAGES = ("django-webhook==0.0.15", "celery[redis]==5.7.0", "redis[hiredis]==8.1.0")


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
        stock = _Stock(
            folder, on, module="bench.yardsticks.stock", python=Path(sys.executable), pool="threads", slots=SLOTS
        )
        rivals: dict[str, Callable[[], Drained]] = {
            "Hookline, task events on": lambda: drain(on, sink),
            "Hookline, task events off": lambda: drain(off, sink),
            "barest Celery task, events off": lambda: stock.drain(sink, _fill_stock),
        }
        with stock, _django(folder, on) as django:
            if django:
                rivals["django-webhook"] = lambda: django.drain(sink, _fill_django)
            results: dict[str, list[Drained]] = {name: [] for name in rivals}
            for _ in range(ROUNDS):
                for name, measure in rivals.items():
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


def drain(stack: Stack, sink: Sink, count: int = DELIVERIES) -> Drained:
    """Fill while the workers stand still, let them go, and measure until all arrived."""
    if not stack.get("/v1/endpoints")["data"]:
        register(stack, sink, EVENT_TYPE)
    _signal(worker_pids(stack), signal.SIGSTOP)
    post_at(stack, per_second=None, count=count, size=BODY_BYTES, type=EVENT_TYPE)
    return _measured(worker_pids(stack), redis_pid(stack), sink, count)


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


class _Stock:
    """Workers of another Celery app on the same server, in database 5."""

    def __init__(self, folder: Path, stack: Stack, *, module: str, python: Path, pool: str, slots: int) -> None:
        self._folder, self._stack, self._module, self._python = folder, stack, module, python
        self._pool, self._slots = pool, slots
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "STOCK_BROKER": f"redis://127.0.0.1:{stack.valkey.port}/5",
            "DJANGO_DATABASE": str(folder / "django.sqlite3"),
        }

    def __enter__(self) -> Self:
        processes = 1 if self._pool == "prefork" else PROCESSES
        for number in range(processes):
            command = [str(self._python), "-m", "celery", "-A", self._module, "worker", "-P", self._pool]
            command += ["-c", str(self._slots), "-n", f"{self._module.rpartition('.')[2]}{number}@%h"]
            command += ["-Q", self._module.rpartition(".")[2].removesuffix("_site")]
            with (self._folder / "stock.log").open("ab") as log:
                self._processes.append(
                    subprocess.Popen(
                        command, cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True
                    )
                )
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            os.killpg(process.pid, signal.SIGCONT)
            process.terminate()
        for process in self._processes:
            process.wait(30)

    def drain(self, sink: Sink, fill: Callable[["_Stock", str], None]) -> Drained:
        """Fill the queue while the workers stand still, let them go, and measure until all arrived."""
        pids = [process.pid for process in self._processes]
        _signal(pids, signal.SIGSTOP)
        fill(self, sink.url)
        return _measured(pids, redis_pid(self._stack), sink, DELIVERIES)

    def run(self, *command: str) -> None:
        """Run a module in the app's environment; raises for an error."""
        subprocess.run([str(self._python), "-m", *command], cwd=ROOT, env=self.environ, check=True)


def _fill_stock(stock: _Stock, url: str) -> None:
    code = f"from bench.yardsticks.stock import fill; fill({url!r}, {DELIVERIES}, {BODY_BYTES})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=stock.environ, check=True)


def _fill_django(stock: _Stock, url: str) -> None:
    stock.run("bench.yardsticks.django_site", url, str(DELIVERIES), "x" * BODY_BYTES)


@contextmanager
def _django(folder: Path, stack: Stack) -> Iterator["_Stock | None"]:
    """Its workers in an environment of their own, or None where it cannot be installed."""
    home = folder / "django"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *DJANGO_PACKAGES]
    if subprocess.run(install, check=False).returncode:
        print("django-webhook cannot be installed here; it is left out")
        yield None
        return
    stock = _Stock(folder, stack, module="bench.yardsticks.django_site", python=python, pool="prefork", slots=PROCESSES)
    subprocess.run(
        [str(python), "-m", "bench.yardsticks.django_site", "http://127.0.0.1:9", "0", ""],
        cwd=ROOT,
        env=stock.environ,
        check=True,
    )
    with stock:
        yield stock
