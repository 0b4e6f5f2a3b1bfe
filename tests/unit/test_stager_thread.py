from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest

from bench.stack import wait_until
from webhooks.celery.nudge import Nudge
from webhooks.celery.stager import StagerThread
from webhooks.errors import Unavailable
from webhooks.retrying import Looked


@dataclass
class ScriptedStager:
    """Looks as often as it is asked to, and finds what it is told."""

    trouble: Exception | None = None
    looks: int = field(default=0)

    def look(self):
        self.looks += 1
        if self.trouble:
            raise self.trouble
        return Looked(sleep_seconds=0.01, busy=True)

    def care(self):
        """There is nothing to care for."""

    def show_signs(self):
        """Nobody judges."""


@pytest.fixture
def run(tmp_path):
    threads = []

    def start(stager, *, alive_file=""):
        runtime = SimpleNamespace(stager=stager, nudge=Nudge(), settings=SimpleNamespace(alive_file=str(alive_file)))
        threads.append(StagerThread(runtime))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.stop()


@pytest.mark.parametrize("trouble", [None, Unavailable("Redis does not answer"), RuntimeError("a bug")])
def test_a_probe_sees_that_the_stager_looks_whether_the_store_answers_or_not(run, tmp_path, trouble):
    run(ScriptedStager(trouble), alive_file=tmp_path / "alive")

    assert wait_until("the file is there", (tmp_path / "alive").exists, seconds=20)


def test_a_file_that_cannot_be_touched_stops_no_stager(run, tmp_path):
    stager = ScriptedStager()
    run(stager, alive_file=tmp_path / "no" / "such" / "folder")

    assert wait_until("it looks on", lambda: stager.looks > 2, seconds=20)
