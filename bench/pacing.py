"""A rate limit under three workers, and an order through random failures and two kills."""

import random
import threading
import time
from collections.abc import Sequence
from itertools import pairwise

from bench.receiver import Answer, Arrival, RecordingReceiver
from bench.stack import Stack, wait_until

LIMIT = 10
WATCHED_SECONDS = 60
POSTED = 750
EVENTS = 1000
FAILING = 0.1
KILLED_AT = (300, 650)
"""After so many arrivals a worker is killed -9."""

Figure = tuple[str, str, str]
"""A promise, what was measured, the bound if there is one."""


def measure_rate(stack: Stack) -> list[Figure]:
    """More than is sent while we watch is posted at once to an endpoint of 10 a second."""
    with RecordingReceiver() as receiver:
        limit = {"limit": LIMIT, "period_seconds": 1}
        asked = {"url": receiver.url, "event_types": ["limited"], "rate_limit": limit, "max_in_flight": 100}
        endpoint = stack.post("/v1/endpoints", asked)
        for number in range(POSTED):
            stack.post("/v1/events", {"type": "limited", "data": {"n": number}})
        arrivals = receiver.wait_for(LIMIT * WATCHED_SECONDS, seconds=2 * WATCHED_SECONDS)
        stack.http.delete(f"{stack.url}/v1/endpoints/{endpoint['id']}", timeout=30).raise_for_status()
    starts = sorted(each.at for each in arrivals)
    sent = sum(at < starts[0] + WATCHED_SECONDS for at in starts)
    return [
        (f"{LIMIT}/s: starts in the first {WATCHED_SECONDS} s", str(sent), f"≥ {0.95 * LIMIT * WATCHED_SECONDS:.0f}"),
        (f"{LIMIT}/s: most starts above {LIMIT} T in any window of T ≥ 1 s", f"{most_above(starts):.2f}", "≤ 10"),
    ]


def most_above(starts: Sequence[float]) -> float:
    """By how much the fullest window of at least a second exceeds the rate; the windows begin and end with a start."""
    return max(
        later - earlier + 1 - LIMIT * max(1.0, starts[later] - starts[earlier])
        for earlier in range(len(starts))
        for later in range(earlier, len(starts))
    )


def measure_order(stack: Stack) -> list[Figure]:
    """Events to an ordered endpoint that fails at random, while two of the three workers are killed -9 in turn."""
    luck = random.Random(1)

    def behave(_path: str, _event_id: str) -> Answer:
        return Answer(status=500 if luck.random() < FAILING else 200)

    with RecordingReceiver(behave) as receiver:
        asked = {"url": receiver.url, "event_types": ["ordered"], "ordered": True, "timeout_seconds": 1}
        stack.post("/v1/endpoints", {**asked, "retry_schedule": [0.1] * 20})
        killing = threading.Thread(target=_kill, args=(stack, receiver))
        killing.start()
        began = time.monotonic()
        ids = [stack.post("/v1/events", {"type": "ordered", "data": {"n": n}})["id"] for n in range(EVENTS)]
        client = stack.valkey.client
        wait_until("all are through", lambda: not client.zcard("index:tenant:default:unfinished"), seconds=400)
        took = time.monotonic() - began
        killing.join()
        arrivals = list(receiver.arrivals)
    firsts = list(dict.fromkeys(arrival.event_id for arrival in sorted(arrivals, key=lambda each: each.at)))
    missing = len(set(ids) - set(firsts))
    swapped = sum(ids.index(one) > ids.index(other) for one, other in pairwise(firsts))
    return [
        (f"ordered: of {EVENTS} events out of order, and missing", f"{swapped} and {missing}", "0 and 0"),
        ("ordered: requests, and answers 200 to an event answered so before", _requests(arrivals), ""),
        ("ordered: seconds until the last, with two leases that ran out", f"{took:.0f}", ""),
    ]


def _kill(stack: Stack, receiver: RecordingReceiver) -> None:
    for name, count in zip(("worker0", "worker1"), KILLED_AT, strict=True):
        receiver.wait_for(count, seconds=200)
        stack.kill(name)
        stack.start(name)


def _requests(arrivals: Sequence[Arrival]) -> str:
    answered = [arrival.event_id for arrival in arrivals if arrival.answered == 200]  # noqa: PLR2004
    return f"{len(arrivals)} and {len(answered) - len(set(answered))}"
