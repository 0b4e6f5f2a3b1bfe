"""Memory: what Redis needs for a kept delivery and for a waiting retry, and what processes need."""

from collections.abc import Callable
from pathlib import Path

from bench.accounting import resident_bytes
from bench.drain import ready_stack, worker_pids
from bench.posting import post_at, register
from bench.report import machine, table
from bench.sink import Sink
from bench.stack import Stack, free_port, wait_until

EVENTS = 3000
FAN_OUT = 10
BODY_BYTES = 960
"""With the envelope about a kilobyte."""


def run(folder: Path) -> str:
    """The section: bytes for each, from the server's own count of used memory."""
    with Sink() as sink, ready_stack(folder, events=True) as stack:
        register(stack, sink, "bench.posted")
        for number in range(FAN_OUT):
            fields = {"url": f"{sink.url}/{number}", "max_in_flight": 1000, "event_types": ["bench.fan"]}
            stack.post("/v1/endpoints", fields)
        nowhere = f"http://127.0.0.1:{free_port()}"
        stack.post("/v1/endpoints", {"url": nowhere, "max_in_flight": 1000, "event_types": ["bench.down"]})
        delivered = _grown(stack, lambda: _deliver(stack, sink, EVENTS, 1, "bench.posted")) / EVENTS
        fanned = _grown(stack, lambda: _deliver(stack, sink, EVENTS // 10, FAN_OUT, "bench.fan")) / (
            EVENTS // 10 * FAN_OUT
        )
        waiting = _grown(stack, lambda: _fail(stack, EVENTS)) / EVENTS
        api = resident_bytes([stack.processes["api"].pid]) / 1e6
        workers = [resident_bytes([pid]) / 1e6 for pid in worker_pids(stack)]
        rows = [
            ("a delivered delivery: event with 1 kB of its own, one attempt, all indexes", f"{delivered:,.0f} B"),
            (f"each of {FAN_OUT} deliveries of one event", f"{fanned:,.0f} B"),
            ("a delivery that waits, its event with it", f"{waiting:,.0f} B ({waiting - delivered:+,.0f})"),
            ("the API process", f"{api:.0f} MB"),
            ("a delivery worker with 100 threads", f"{max(workers):.0f} MB"),
        ]
        return _section(rows, machine(stack.valkey))


def _grown(stack: Stack, act: Callable[[], None]) -> float:
    """By how many bytes the server's data grew; the append-only file's buffers are not data."""
    before = _used(stack)
    act()
    return _used(stack) - before


def _used(stack: Stack) -> int:
    info = stack.valkey.client.info("memory")
    return int(info["used_memory_dataset"]) + int(info["used_memory_overhead"]) - int(info.get("mem_aof_buffer", 0))


def _deliver(stack: Stack, sink: Sink, count: int, width: int, event_type: str) -> None:
    sink.reset()
    post_at(stack, per_second=None, count=count, size=BODY_BYTES, type=event_type)
    wait_until("all arrived", lambda: sink.report()["count"] >= count * width, seconds=180)
    wait_until("all are settled", lambda: not stack.valkey.client.exists("claimed"), seconds=60)


def _fail(stack: Stack, count: int) -> None:
    """Every first attempt fails, or waits for the endpoint's breaker; both wait for a retry's time or a probe's."""
    post_at(stack, per_second=None, count=count, size=BODY_BYTES, type="bench.down")
    wait_until(
        "none is on its way", lambda: not stack.valkey.client.exists("claimed", "published:deliveries"), seconds=180
    )


def _section(rows: list[tuple[str, str]], where: str) -> str:
    return f"""## Memory

`make bench -- memory`. {where}
The server's used memory before and after {EVENTS} events, and the resident memory of processes after all of them.

{table(("what", "memory"), rows)}"""
