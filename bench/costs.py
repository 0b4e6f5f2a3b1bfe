"""Costs: what an event and a delivery take of each part, from which `hookline plan` reckons."""

from dataclasses import dataclass
from pathlib import Path

from bench.accounting import Rounds, cpu_seconds, resident_bytes
from bench.drain import ready_stack, redis_pid, worker_pids
from bench.posting import post_at, register
from bench.report import machine, table
from bench.sink import Sink
from bench.stack import Stack, wait_until

ROUNDS = 3
NARROW_EVENTS, WIDE_EVENTS, WIDTH = 1500, 200, 10
BODY_BYTES = 960
"""With the envelope about a kilobyte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """By so many events of one width, from posting to the last settlement."""

    events: int
    width: int
    api_ms: float
    workers_ms: float
    redis_ms: float
    memory_bytes: float
    file_bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What an event takes, and each of its deliveries on top."""

    event: Rounds
    delivery: Rounds


def run(folder: Path) -> str:
    """The section: medians of rounds, with least and most."""
    with Sink() as sink, ready_stack(folder, events=True) as stack:
        stack.valkey.client.config_set("auto-aof-rewrite-percentage", 0)  # the file only grows while it is watched
        register(stack, sink, "bench.posted")
        for number in range(WIDTH):
            stack.post(
                "/v1/endpoints",
                {"url": f"{sink.url}/{number}", "max_in_flight": 1000, "event_types": ["bench.wide"]},
            )
        rounds = [
            (
                _spend(stack, sink, NARROW_EVENTS, 1, "bench.posted"),
                _spend(stack, sink, WIDE_EVENTS, WIDTH, "bench.wide"),
            )
            for _ in range(ROUNDS)
        ]
        memory = resident_bytes([stack.processes["api"].pid]) / 1e6, resident_bytes(worker_pids(stack)[:1]) / 1e6
        return _section(rounds, memory, machine(stack.valkey))


def _spend(stack: Stack, sink: Sink, events: int, width: int, event_type: str) -> Spent:
    sink.reset()
    before = _books(stack)
    post_at(stack, per_second=None, count=events, size=BODY_BYTES, type=event_type)
    wait_until("all arrived", lambda: sink.report()["count"] >= events * width, seconds=180)
    wait_until("all are settled", lambda: not stack.valkey.client.exists("claimed"), seconds=60)
    after = _books(stack)
    api, workers, redis, memory, file = (later - earlier for earlier, later in zip(before, after, strict=True))
    return Spent(
        events=events,
        width=width,
        api_ms=api * 1000,
        workers_ms=workers * 1000,
        redis_ms=redis * 1000,
        memory_bytes=memory,
        file_bytes=file,
    )


def _books(stack: Stack) -> tuple[float, float, float, float, float]:
    """CPU seconds of API, workers and server so far; bytes in its memory and in its file."""
    info = stack.valkey.client.info()
    used = int(info["used_memory_dataset"]) + int(info["used_memory_overhead"]) - int(info.get("mem_aof_buffer", 0))
    return (
        cpu_seconds([stack.processes["api"].pid]),
        cpu_seconds(worker_pids(stack)),
        cpu_seconds([redis_pid(stack)]),
        used,
        int(info["aof_current_size"]),
    )


def _price(rounds: list[tuple[Spent, Spent]], field: str) -> Price:
    """Two widths make two equations: event + delivery, event + WIDTH deliveries."""
    events, deliveries = [], []
    for narrow, wide in rounds:
        one, many = getattr(narrow, field) / narrow.events, getattr(wide, field) / wide.events
        each = (many - one) / (wide.width - narrow.width)
        deliveries.append(each)
        events.append(one - each)
    return Price(event=Rounds(tuple(events)), delivery=Rounds(tuple(deliveries)))


def _section(rounds: list[tuple[Spent, Spent]], memory: tuple[float, float], where: str) -> str:
    parts = (
        ("CPU of the API, ms", "api_ms", 3),
        ("CPU of delivery workers, ms", "workers_ms", 3),
        ("CPU of the server, ms", "redis_ms", 3),
        ("memory of the server, bytes", "memory_bytes", 0),
        ("append-only file, bytes", "file_bytes", 0),
    )
    rows = []
    for what, field, digits in parts:
        price = _price(rounds, field)
        rows.append((what, price.event.shown(digits), price.delivery.shown(digits)))
    return f"""## Costs

`make bench -- costs`. {where}
{ROUNDS} rounds of {NARROW_EVENTS} events to one endpoint and {WIDE_EVENTS} events to {WIDTH},
{BODY_BYTES} bytes of data, a receiver that answers 200 at once, task events on.
Medians, least and most. `hookline plan` reckons with these.

{table(("what", "an event", "each delivery"), rows)}

Resident after that: the API process {memory[0]:.0f} MB, a delivery worker with 100 threads {memory[1]:.0f} MB."""
