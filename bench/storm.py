"""A retry storm: very many retries fall due at once beside fresh traffic."""

import threading
import time
from pathlib import Path
from typing import Any

from bench.accounting import percentile
from bench.drain import ready_stack
from bench.growth import failed_delivery
from bench.posting import post_at, register
from bench.report import machine, table
from bench.seeding import forget_the_file, multiply
from bench.sink import Sink
from bench.stack import Stack, wait_until

RETRIES = 50_000
PER_SECOND = 50
CALM_SECONDS = 10
MOST_SECONDS = 400


def run(folder: Path) -> str:
    """The section: fresh deliveries before and in the storm, and how long the storm lasted."""
    with Sink() as fresh, Sink() as sink, ready_stack(folder, events=True) as stack:
        forget_the_file(stack)
        register(stack, fresh, "bench.posted")
        register(stack, sink, "bench.drain")
        failed = failed_delivery(stack)
        stack.http.patch(f"{stack.url}/v1/endpoints/{failed['endpoint_id']}", json={"url": sink.url}, timeout=10)
        calm = _fresh(stack, fresh, PER_SECOND * CALM_SECONDS)
        sink.reset()
        seconds, micros = stack.valkey.client.time()
        multiply(stack, failed, RETRIES, due_us=seconds * 1_000_000 + micros)
        began = time.monotonic()
        storm: dict[str, Any] = {}
        posting = threading.Thread(target=lambda: storm.update(_fresh(stack, fresh, PER_SECOND * CALM_SECONDS)))
        posting.start()
        empty = _watch(stack, sink)
        took = time.monotonic() - began
        posting.join()
        return _section(calm, storm, took, empty, machine(stack.valkey))


def _fresh(stack: Stack, sink: Sink, count: int) -> dict[str, float]:
    sink.reset()
    post_at(stack, per_second=PER_SECOND, count=count)
    wait_until("the fresh ones arrived", lambda: sink.report()["count"] >= count, seconds=120)
    latencies = sink.report()["latencies"]
    return {f"p{share}": percentile(latencies, share / 100) * 1000 for share in (50, 95, 99)}


def _watch(stack: Stack, sink: Sink) -> int:
    """Wait for the storm's end; how often the conveyor was seen empty while something was ready or due."""
    client = stack.valkey.client
    empty = 0
    give_up = time.monotonic() + MOST_SECONDS
    while sink.report()["count"] < RETRIES:
        if time.monotonic() > give_up:
            raise TimeoutError(f"{sink.report()['count']} of {RETRIES} arrived within {MOST_SECONDS} s")
        with client.pipeline(transaction=True) as pipe:
            pipe.zcard("published:deliveries").zcard("claimed").exists("ready:deliveries:retry")
            published, claimed, ready = pipe.execute()
        empty += bool(ready and not published and not claimed)
        time.sleep(0.05)
    return empty


def _section(calm: dict[str, float], storm: dict[str, float], took: float, empty: int, where: str) -> str:
    rows = [
        (name, *(f"{found[f'p{share}']:.1f}" for share in (50, 95, 99)))
        for name, found in (("before", calm), ("in the storm", storm))
    ]
    return f"""## Retry storm

`make bench -- storm`. {where}
{RETRIES:,} retries fell due at the same moment beside {PER_SECOND} fresh events a second, all healthy.
The storm was over after {took:.0f} s, {RETRIES / took:.0f} a second;
looked at 20 times a second the conveyor was seen empty {empty} times.
Fresh events from POST to arrival, ms:

{table(("", "p50", "p95", "p99"), rows)}"""
