from dataclasses import replace

import pytest
from click.testing import CliRunner

from bench.day import live, rate_at
from webhooks.cli.plan import plan_command
from webhooks.planning import DAY_SECONDS, Costs, Load, Room, plan

COSTS = Costs(
    api_ms_per_event=1.0,
    api_ms_per_delivery=0.5,
    worker_ms_per_attempt=1.0,
    redis_ms_per_event=0.1,
    redis_ms_per_delivery=0.2,
    memory_bytes_per_event=2000,
    memory_bytes_per_delivery=1000,
    file_bytes_per_event=3000,
    file_bytes_per_delivery=2000,
)
LOAD = Load(
    events_per_second=100,
    deliveries_per_event=4,
    retention_seconds=DAY_SECONDS,
    peak=2,
    failing_share=0.2,
    attempt_seconds=0.03,
)
ROOM = Room(busy_share=0.5, server_memory_bytes=32e9)


def made(load=LOAD, room=ROOM, **changes):
    return plan(replace(load, **changes), costs=COSTS, room=room)


def test_each_part_has_as_many_processes_as_the_peak_needs_at_the_share_that_it_may_be_busy():
    found = made()

    assert found.attempts_per_second == 1000  # 200 events times 4, of which a fifth of the tries fails
    assert found.api_processes == 2 * 0.6 / 0.6  # 200 times 3 ms = 0.6 s of work a second, half busy
    assert (found.worker_processes, found.workers_bound_by) == (2, "processor")
    assert found.redis_busy_share == pytest.approx(0.22)


def test_slow_receivers_need_slots_rather_than_processor():
    found = made(attempt_seconds=2)

    assert (found.worker_processes, found.workers_bound_by) == (40, "slots")


def test_memory_is_what_is_kept_for_the_retention_at_the_average_rate():
    found = made()

    assert found.memory_bytes == 100 * DAY_SECONDS * (2000 + 4 * 1000)
    assert (found.servers_for_memory, found.servers_for_processor, found.servers) == (4, 1, 4)
    assert found.cores == found.api_processes + found.worker_processes + 2 * 4


def test_a_larger_body_takes_that_much_more():
    assert made(body_bytes=11_000).memory_bytes - made().memory_bytes == 100 * DAY_SECONDS * 10_000


def test_one_server_carries_what_keeps_its_one_core_as_busy_as_it_may_be():
    most = made().most_events_per_second

    assert made(events_per_second=most / 2).servers_for_processor == 1
    assert made(events_per_second=most / 2 * 1.01).servers_for_processor == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"events_per_second": 0},
        {"deliveries_per_event": -1},
        {"failing_share": 1},
        {"peak": 0.5},
        {"attempt_seconds": 0},
    ],
)
def test_a_load_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="must be"):
        made(**wrong)


def test_the_command_reads_durations_and_sizes_as_settings_do_and_counts_the_price():
    arguments = ["--rate", "500", "--retention", "7d", "--fanout", "3", "--body", "2KiB", "--answer", "300ms"]
    done = CliRunner().invoke(plan_command, [*arguments, "--core-price", "20", "--gib-price", "3"])

    assert done.exit_code == 0, done.output
    assert "129,600,000 a day" in done.output
    assert "a month" in done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--rate", "0"], "must be more than nothing"),
        (["--rate", "5", "--retention", "30"], "with its unit"),
        (["--rate", "5", "--peak", "0.1"], "the peak at least 1"),
        ([], "--rate"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, said):
    done = CliRunner().invoke(plan_command, arguments)

    assert done.exit_code == 2
    assert said in done.output


def test_the_simulated_day_has_the_average_rate():
    assert sum(rate_at(second, LOAD) for second in range(DAY_SECONDS)) == pytest.approx(100 * DAY_SECONDS)


def test_on_an_installation_of_the_planned_size_a_day_with_an_outage_ends_with_nothing_behind():
    day = live(LOAD, made(), COSTS, ROOM)

    assert day.behind_seconds < 1
    assert max(day.busiest.values()) < 1
    assert day.delivered > 0.98 * 100 * 4 * DAY_SECONDS


def test_on_one_that_is_too_small_deliveries_fall_behind():
    day = live(LOAD, replace(made(), worker_processes=1), replace(COSTS, worker_ms_per_attempt=2), ROOM)

    assert day.behind_seconds > 60
    assert day.busiest["delivery workers"] == pytest.approx(1)
