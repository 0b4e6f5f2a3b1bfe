"""What can be done to a stack: kills, freezes, a dropped broker, each noted with its time."""

import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import redis

from bench.stack import Stack

FREEZE_SECONDS = 20.0
"""Longer than the lease of an endpoint with a timeout of 3 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that was done, and when; `excuses` says whether it can make a receiver see something twice."""

    name: str
    began: float
    ended: float
    excuses: bool


@dataclass(slots=True)
class Faults:
    """Does faults to a stack, one at a time, in an order that the seed decides."""

    stack: Stack
    luck: random.Random
    done: list[Fault] = field(default_factory=list)

    def run(self, *, kills: int, redis_restarts: int, pause_seconds: float) -> None:
        """So many kills of processes, restarts of Redis, freezes and a dropped broker, shuffled."""
        names = list(self.stack.commands)
        todo: list[Callable[[], None]] = []
        for i in range(kills):
            name = names[i % len(names)]
            how = signal.SIGKILL if i % 3 else signal.SIGTERM
            todo.append(lambda name=name, how=how: self.kill(name, how))  # type: ignore[misc]
        for i in range(redis_restarts):
            how = signal.SIGKILL if i % 2 == 0 else signal.SIGTERM
            todo.append(lambda how=how: self.restart_redis(how))  # type: ignore[misc]
        frozen = [name for name in ("worker0", "handlers0") if name in names]
        todo += [*(partial(self.freeze, name) for name in frozen), self.drop_broker]
        self.luck.shuffle(todo)
        for fault in todo:
            time.sleep(pause_seconds * (0.5 + self.luck.random()))
            fault()

    def kill(self, name: str, how: signal.Signals) -> None:
        """End a process, and start it again."""
        began = time.time()
        self.stack.kill(name, how)
        self.stack.start(name)
        self._note(f"{how.name} {name}", began, excuses=how is signal.SIGKILL and "worker" in name)

    def restart_redis(self, how: signal.Signals) -> None:
        """End the server and start it on its data."""
        began = time.time()
        self.stack.valkey.stop(how)
        time.sleep(self.luck.random() * 2)
        self.stack.valkey.start()
        self._note(f"{how.name} redis", began, excuses=True)

    def freeze(self, name: str) -> None:
        """Stop a worker, its stager with it, for longer than its leases, then let it go on."""
        began = time.time()
        self.stack.send(name, signal.SIGSTOP)
        time.sleep(FREEZE_SECONDS)
        self.stack.send(name, signal.SIGCONT)
        self._note(f"freeze {name}", began, excuses=True)

    def drop_broker(self) -> None:
        """Lose every message."""
        began = time.time()
        with redis.Redis(port=self.stack.valkey.port, db=1) as broker:
            broker.flushdb()
        self._note("broker dropped", began, excuses=False)

    def _note(self, name: str, began: float, *, excuses: bool) -> None:
        fault = Fault(name=name, began=began, ended=time.time(), excuses=excuses)
        self.done.append(fault)
        print(f"  {fault.name} ({fault.ended - fault.began:.1f} s)", flush=True)
