"""What a stack with nothing to do asks of Redis."""

import pytest

from bench.idle import MOST_A_SECOND, measure


@pytest.mark.timeout(300)
def test_three_workers_beat_flower_and_the_api_ask_little_of_redis_while_nothing_happens(tmp_path):
    idleness = measure(tmp_path, seconds=20)

    assert idleness.a_second < MOST_A_SECOND, idleness.table()
