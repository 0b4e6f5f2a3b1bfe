"""Isolation: what healthy endpoints feel of others that hang; rate limit, order and fairness measured."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from bench import fairness, pacing
from bench.accounting import Rounds, percentile
from bench.hanging import HANG_SECONDS, Hanging
from bench.posting import post_at, session
from bench.report import machine, table
from bench.sink import Sink
from bench.stack import Stack, wait_until

ROUNDS = 3
SECONDS = 15
PER_SECOND = 25
"""Deliveries to the healthy endpoint, and as many to those that hang."""
MANY = 50
PROCESSES, SLOTS = 2, 100
"""The defaults on two cores."""
WARM = 20
"""Successes that open the slow start to the whole cap."""
CLEAR_SECONDS = 90


def run(folder: Path) -> str:
    """The section: medians of interleaved rounds, with least and most; then the three promises, one run each."""
    with Sink() as sink, Hanging() as hanging, Stack(folder / "hang", workers=PROCESSES, slots=SLOTS) as stack:
        where = machine(stack.valkey)
        figures = _measure(stack, sink, hanging)
        shared = fairness.measure(stack, sink)
    with Stack(folder / "pace", workers=3, slots=SLOTS) as stack:
        limited = pacing.measure_rate(stack)
        ordered = pacing.measure_order(stack)
    return _section(figures, where, [*limited, *ordered, *shared])


def _measure(stack: Stack, sink: Sink, hanging: Hanging) -> dict[str, list[float]]:
    """Milliseconds from POST to arrival at the healthy endpoint, p99 of each round."""
    _warm(stack, sink)
    kinds: dict[str, Callable[[], float]] = {
        "none hangs": lambda: _healthy_p99(stack, sink),
        "one hangs that was healthy before": lambda: _beside(stack, sink, hanging, endpoints=1, warm=True),
        f"{MANY} hang that never were healthy": lambda: _beside(stack, sink, hanging, endpoints=MANY, warm=False),
    }
    figures: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(ROUNDS):
        for name, measure in kinds.items():
            figures[name].append(measure())
            print(f"  {name}: p99 {figures[name][-1]:.1f} ms", flush=True)
    return figures


def _warm(stack: Stack, sink: Sink) -> None:
    stack.post("/v1/endpoints", {"url": sink.url, "event_types": ["healthy"]})
    post_at(stack, per_second=PER_SECOND, count=2 * PER_SECOND, type="healthy")
    _until_clear(stack)


def _healthy_p99(stack: Stack, sink: Sink) -> float:
    sink.reset()
    count = PER_SECOND * SECONDS
    post_at(stack, per_second=PER_SECOND, count=count, type="healthy")
    wait_until("the healthy ones arrived", lambda: sink.report()["count"] >= count, seconds=CLEAR_SECONDS)
    return percentile(sink.report()["latencies"], 0.99) * 1000


def _beside(stack: Stack, sink: Sink, hanging: Hanging, *, endpoints: int, warm: bool) -> float:
    """The same while as many deliveries go to endpoints that hang."""
    hanging.hang(on=False)
    types = [f"hanging.n{number}" for number in range(endpoints)]
    made = [stack.post("/v1/endpoints", {"url": hanging.url, "event_types": [each]})["id"] for each in types]
    if warm:
        _post_in_turn(stack, types, count=WARM)
        _until_clear(stack)
    hanging.hang(on=True)
    others = threading.Thread(target=_post_in_turn, args=(stack, types), kwargs={"count": PER_SECOND * SECONDS})
    others.start()
    wait_until("some hang", hanging.held, seconds=HANG_SECONDS)
    p99 = _healthy_p99(stack, sink)
    others.join()
    for endpoint_id in made:
        stack.http.delete(f"{stack.url}/v1/endpoints/{endpoint_id}", timeout=30).raise_for_status()
    _until_clear(stack)
    return p99


def _post_in_turn(stack: Stack, types: list[str], *, count: int) -> None:
    """At the same rate as the healthy ones, each type as often as any other."""
    http = session()
    began = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, began + number / PER_SECOND - time.monotonic()))
        event = {"type": types[number % len(types)], "data": {}}
        http.post(f"{stack.url}/v1/events", json=event, timeout=30).raise_for_status()


def _until_clear(stack: Stack) -> None:
    client = stack.valkey.client
    unfinished = "index:tenant:default:unfinished"
    wait_until("nothing is under way", lambda: not client.zcard(unfinished), seconds=CLEAR_SECONDS)


def _section(figures: dict[str, list[float]], where: str, promises: list[tuple[str, str, str]]) -> str:
    calm = Rounds(tuple(figures["none hangs"])).median
    rows = [(name, Rounds(tuple(values)).shown(1), f"{1.5 * calm + 10:.1f}") for name, values in figures.items()]
    return f"""## Isolation

`make bench -- isolation`. {where}
{PROCESSES} worker processes with {SLOTS} threads each, the defaults on two cores.

{ROUNDS} interleaved rounds of {SECONDS} s: {PER_SECOND} deliveries a second to one healthy endpoint,
and beside them as many to endpoints that answer after {HANG_SECONDS:.0f} s.
Milliseconds from when the POST was due to the arrival, p99 of a round; medians, least and most.
The bound is 1.5 times the calm median and 10 ms.

{table(("endpoints that hang", "healthy p99 ms", "bound"), rows)}

One run each, the first two with three worker processes.

{table(("promise", "measured", "bound"), promises)}"""
