"""The clock that follows the store's."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from webhooks.adapters.clock import StoreClock

HERE = datetime(2026, 11, 25, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class LocalClock:
    """Stands where it was put."""

    def __init__(self):
        self.at = HERE

    def __call__(self):
        return self.at


def test_it_shows_the_stores_time_on_a_machine_whose_clock_is_a_minute_behind():
    clock = StoreClock(lambda: HERE + MINUTE, local_now=LocalClock())

    assert clock.now() == HERE + MINUTE
    assert clock.offset_seconds == 60


def test_an_answer_that_took_long_corrects_nothing():
    """A process frozen while it asks would be wrong by half of the freeze."""
    local = LocalClock()

    def answers_after_a_freeze():
        local.at += timedelta(seconds=16)
        return HERE

    clock = StoreClock(answers_after_a_freeze, local_now=local)

    assert clock.now() == local.at
    assert clock.offset_seconds == 0


def test_while_the_store_does_not_answer_the_local_clock_stands():
    def is_away():
        raise ConnectionError

    assert StoreClock(is_away, local_now=LocalClock()).now() == HERE


@pytest.mark.parametrize("threads", [8])
def test_threads_that_ask_before_the_first_answer_wait_for_it(threads):
    asked, may_answer = threading.Event(), threading.Event()

    def slow():
        asked.set()
        may_answer.wait(5)
        return HERE + MINUTE

    clock = StoreClock(slow, local_now=LocalClock())
    seen = []
    asking = [threading.Thread(target=lambda: seen.append(clock.now())) for _ in range(threads)]
    for each in asking:
        each.start()
    asked.wait(5)
    may_answer.set()
    for each in asking:
        each.join()

    assert seen == [HERE + MINUTE] * threads
