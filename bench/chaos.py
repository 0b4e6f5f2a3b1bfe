"""`make chaos`: accept events while killing, freezing and restarting everything, then count what went wrong."""

import argparse
import contextlib
import random
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from bench import handled
from bench.faults import Faults
from bench.handled import Webhooks
from bench.meddling import Meddling
from bench.receiver import RecordingReceiver
from bench.stack import Stack, wait_until
from bench.troubled import TIMEOUT_SECONDS, Misbehaviour, event, register
from bench.verdict import Verdict, examine

ROOT = Path(__file__).resolve().parent.parent
LEASE_SECONDS = TIMEOUT_SECONDS + 15
STUCK_AFTER_SECONDS = LEASE_SECONDS + 30
WEBHOOK_SHARE = 20
"""One webhook is received for so many deliveries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much of what."""

    seed: int
    deliveries: int
    kills: int
    redis_restarts: int
    pause_seconds: float
    per_second: float


@dataclass(slots=True)
class Load:
    """Posts events, each again until it is acknowledged: its id makes repeats harmless."""

    stack: Stack
    plan: Plan
    accepted: list[str] = field(default_factory=list)
    refused: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def run(self, worker: int, workers: int) -> None:
        """Every so-many-th event of the plan, at this worker's share of the rate."""
        with requests.Session() as http:
            http.headers.update(self.stack.http.headers)
            events = self.plan.deliveries // 2  # each goes to two endpoints
            for number in range(worker, events, workers):
                self._post(http, event(number))
                time.sleep(workers / self.plan.per_second * 2)

    def _post(self, http: requests.Session, body: dict[str, Any]) -> None:
        while not self.over.is_set():
            with contextlib.suppress(requests.RequestException):
                answer = http.post(f"{self.stack.url}/v1/events", json=body, timeout=5)
                if answer.status_code in (200, 202):
                    self.accepted.append(body["id"])
                    return
                if answer.status_code < 500:  # noqa: PLR2004 - a 4xx would be our own mistake
                    raise AssertionError(f"{answer.status_code} {answer.text}")
            self.refused += 1
            time.sleep(0.2)


def run(plan: Plan) -> Verdict:
    """One whole run: load and faults together, then quiet, then the examination."""
    luck = random.Random(plan.seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        RecordingReceiver(Misbehaviour(random.Random(plan.seed + 1))) as receiver,
        Stack(
            Path(folder), workers=2, handler_workers=1, slots=20, fsync="always", around=True, environ=handled.ENVIRON
        ) as stack,
    ):
        places = register(stack, receiver)
        meddling = Meddling(stack, receiver)
        meddling.start()
        load = Load(stack, plan)
        webhooks = Webhooks(stack, plan.deliveries // WEBHOOK_SHARE, plan.per_second / WEBHOOK_SHARE)
        posters = [threading.Thread(target=load.run, args=(i, 4)) for i in range(4)]
        posters.append(threading.Thread(target=webhooks.run))
        for poster in posters:
            poster.start()
        faults = Faults(stack, luck)
        faults.run(kills=plan.kills, redis_restarts=plan.redis_restarts, pause_seconds=plan.pause_seconds)
        for poster in posters:
            poster.join()
        quiet_since = max(time.time(), faults.done[-1].ended)
        print(
            f"  {len(load.accepted)} events accepted, {load.refused} posts refused; waiting for the end",
            flush=True,
        )
        _wait_for_the_end(stack)
        webhooks.wait(seconds=STUCK_AFTER_SECONDS)
        verdict = examine(stack, load.accepted, places, receiver.arrivals, faults.done, timeout_seconds=TIMEOUT_SECONDS)
        verdict.meddled, verdict.rounds = meddling.finish(seconds=STUCK_AFTER_SECONDS), meddling.rounds
        verdict.webhooks = len(webhooks.acknowledged)
        verdict.unhandled, verdict.handled_twice = webhooks.unhandled(), webhooks.handled_twice()
        print(f"  quiet after {time.time() - quiet_since:.1f} s", flush=True)
        if not verdict.good:
            for name in stack.commands:
                Path(f"/tmp/chaos-{name}.log").write_text(stack.log(name))  # noqa: S108 - to be looked at
        return verdict


def _wait_for_the_end(stack: Stack) -> None:
    """Until nothing is unfinished, or nothing has finished for so long that what is left is stuck."""
    left = _unfinished(stack)
    while left:
        with contextlib.suppress(TimeoutError):
            wait_until("some more end", lambda before=left: _unfinished(stack) < before, seconds=STUCK_AFTER_SECONDS)
        before, left = left, _unfinished(stack)
        if left >= before:
            return


def _unfinished(stack: Stack) -> int:
    return int(stack.valkey.client.zcard("index:tenant:default:unfinished"))


def main() -> int:
    """Parse the plan, run it, print the table and write docs/reliability.md's; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deliveries", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--redis-restarts", type=int, default=3)
    parser.add_argument("--pause", type=float, default=4.0, help="seconds between faults, on average")
    parser.add_argument("--rate", type=float, default=120.0, help="deliveries a second")
    parser.add_argument("--write", action="store_true", help="put the table into docs/reliability.md")
    options = parser.parse_args()
    plan = Plan(
        seed=options.seed,
        deliveries=options.deliveries,
        kills=options.kills,
        redis_restarts=options.redis_restarts,
        pause_seconds=options.pause,
        per_second=options.rate,
    )
    print(f"chaos: {plan}", flush=True)
    verdict = run(plan)
    print(verdict.table())
    if options.write:
        write_table(verdict.table())
    return 0 if verdict.good else 1


def write_table(table: str) -> None:
    """Replace what stands between the two marks of docs/reliability.md."""
    page = ROOT / "docs" / "reliability.md"
    head, _, rest = page.read_text().partition("<!-- table -->")
    _, _, tail = rest.partition("<!-- end -->")
    page.write_text(f"{head}<!-- table -->\n\n{table}\n\n<!-- end -->{tail}")


if __name__ == "__main__":
    sys.exit(main())
