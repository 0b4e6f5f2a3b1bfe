"""A stack in which one process dies, or stops, at a point that a test names (tests/crashing.py)."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import commands
from bench.stack import wait_until
from tests.e2e.conftest import Api

APP = "tests.crashing"
BEYOND_ANY_LEASE_SECONDS = 90


class Scene:
    """Whoever is killed here leaves a mark, so that each point acts once."""

    def __init__(self, stack, marks, tenant):
        self.stack, self.marks = stack, marks
        self.api = Api(stack, tenant)
        self.earlier = {name: len(stack.log(name)) for name in ("crasher", "sound")}
        stack.commands |= {
            "crasher": commands.delivery_worker("crasher", slots=4, app=APP),
            "crashing_handlers": commands.handler_worker("crasher_handlers", slots=1, app=APP),
            "sound": commands.delivery_worker("sound", slots=4, app=APP),
        }

    def start(self, name, points="", **environ):
        """Start that process; `points` as `CRASH_AT` takes them."""
        usual = self.stack.environ
        self.stack.environ = usual | {"CRASH_AT": points, "CRASH_MARKS": str(self.marks)} | environ
        self.stack.start(name)
        self.stack.environ = usual

    def acted(self, point):
        """Wait until the point had its turn."""
        wait_until(f"{point} had its turn", (self.marks / point).exists, seconds=40)

    def died(self, name="crasher"):
        """Wait until the process has been killed by its own hand."""
        process = self.stack.processes[name]

        assert wait_until(f"{name} died", lambda: process.poll() is not None and [process.returncode], seconds=40) == [
            -signal.SIGKILL
        ]

    def stopped(self, name="crasher"):
        """Wait until the process stands still."""
        status = f"/proc/{self.stack.processes[name].pid}/stat"
        wait_until(f"{name} stands still", lambda: state_of(status) == "T", seconds=40)

    def recover(self):
        """A sound worker takes over; no lease of before holds any more."""
        self.advance(BEYOND_ANY_LEASE_SECONDS)
        self.start("sound")

    def advance(self, seconds):
        """The store's clock goes on by so much at once."""
        self.stack.valkey.client.incrby("clock:offset", seconds * 1_000_000)

    def now(self):
        """The present by the store's clock."""
        offset = int(self.stack.valkey.client.get("clock:offset") or 0)
        return datetime.now(UTC) + timedelta(microseconds=offset)

    def log(self, name):
        """What a process of that name wrote in this scene."""
        return self.stack.log(name)[self.earlier[name] :]

    def end(self):
        """No worker of this scene is left."""
        for name in ("crasher", "crashing_handlers", "sound"):
            process = self.stack.processes.pop(name, None)
            if process and process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(10)


def state_of(path):
    """The letter of a process's state."""
    return Path(path).read_text().rpartition(")")[2].split()[0]


def story(delivery):
    """The outcomes of its attempts in order, each numbered as it should be."""
    attempts = delivery["attempts"]

    assert [each["number"] for each in attempts] == list(range(1, delivery["attempts_count"] + 1))
    return [each["outcome"] for each in attempts]
