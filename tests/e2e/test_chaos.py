"""A short seed of `make chaos`."""

import pytest

from bench.chaos import Plan, run


@pytest.mark.timeout(300)
def test_a_short_storm_of_kills_loses_nothing():
    plan = Plan(seed=7, deliveries=1200, kills=5, redis_restarts=1, pause_seconds=1.5, per_second=100)
    verdict = run(plan)

    assert verdict.accepted == 1200
    assert verdict.rounds > 0
    assert verdict.good, verdict.table()
