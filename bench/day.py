"""A day in seconds: a simulated installation under a day's load, from the costs that were measured.

`python -m bench.day --deliveries 100000000` prints how busy each part gets and how far behind deliveries fall. Nothing
is sent: each second, what every part can do is set against what is asked of it, and what is not done waits.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from webhooks.planning import DAY_SECONDS, Costs, Load, Plan, Room, plan

SCHEDULE_SECONDS = (5, 300, 1800, 7200, 18000)
"""The default: after five retries a delivery asks for nothing more."""
BUSY_FROM, BUSY_UNTIL = 14 * 3600, 16 * 3600
"""Two hours at the peak; what is left of the day's events is spread over the other hours."""
OUTAGE_FROM, OUTAGE_UNTIL, OUTAGE_SHARE = 12 * 3600, 13 * 3600, 0.2
"""For an hour every attempt to a fifth of all receivers fails; no breaker spares them, which is worse than life."""


@dataclass(slots=True, kw_only=True)
class Day:
    """What became of it; shares are of all that a part can do."""

    attempts: float = 0
    delivered: float = 0
    exhausted: float = 0
    behind: float = 0
    """Deliveries that could go and were not sent yet, at the worst second."""
    behind_seconds: float = 0
    busiest: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def rate_at(second: int, load: Load) -> float:
    """Events a second; over a day they come to the average."""
    if BUSY_FROM <= second < BUSY_UNTIL:
        return load.events_per_second * load.peak
    busy = BUSY_UNTIL - BUSY_FROM
    return load.events_per_second * (DAY_SECONDS - busy * load.peak) / (DAY_SECONDS - busy)


def live(load: Load, made: Plan, costs: Costs, room: Room) -> Day:
    """One day of this load on an installation of that size."""
    day = Day()
    ready = [0.0] * (len(SCHEDULE_SECONDS) + 1)
    due: dict[int, list[tuple[int, float]]] = defaultdict(list)
    most_attempts = made.worker_processes * min(
        1000 / costs.worker_ms_per_attempt, room.slots_per_worker / load.attempt_seconds
    )
    for second in range(DAY_SECONDS):
        events = rate_at(second, load)
        for retries, amount in due.pop(second, ()):
            ready[retries] += amount
        ready[0] += events * load.deliveries_per_event
        left_ms = made.servers * 1000 - events * costs.redis_ms_per_event
        can = min(most_attempts, left_ms / costs.redis_ms_per_delivery)
        sent = 0.0
        for retries, amount in _take(ready, can):
            sent += amount
            _settle(day, due, second, retries, amount, failing=_failing(second, load))
        _look(day, events, sent, sum(ready), can, load=load, made=made, costs=costs, most_attempts=most_attempts)
    return day


def _take(ready: list[float], can: float) -> Iterator[tuple[int, float]]:
    """Fresh ones before retries, as much as can be done."""
    for retries, waiting in enumerate(ready):
        amount = min(waiting, can)
        ready[retries] -= amount
        can -= amount
        yield retries, amount


def _failing(second: int, load: Load) -> float:
    outage = OUTAGE_SHARE if OUTAGE_FROM <= second < OUTAGE_UNTIL else 0
    return outage + (1 - outage) * load.failing_share


def _settle(
    day: Day, due: dict[int, list[tuple[int, float]]], second: int, retries: int, amount: float, *, failing: float
) -> None:
    day.attempts += amount
    day.delivered += amount * (1 - failing)
    if retries == len(SCHEDULE_SECONDS):
        day.exhausted += amount * failing
        return
    due[second + round(SCHEDULE_SECONDS[retries] * 1.1)].append((retries + 1, amount * failing))


def _look(
    day: Day,
    events: float,
    sent: float,
    behind: float,
    can: float,
    *,
    load: Load,
    made: Plan,
    costs: Costs,
    most_attempts: float,
) -> None:
    api_ms = events * (costs.api_ms_per_event + load.deliveries_per_event * costs.api_ms_per_delivery)
    redis_ms = events * costs.redis_ms_per_event + sent * costs.redis_ms_per_delivery
    busy = {
        "API": api_ms / 1000 / made.api_processes,
        "delivery workers": sent / most_attempts,
        "Redis": redis_ms / 1000 / made.servers,
    }
    for part, share in busy.items():
        day.busiest[part] = max(day.busiest[part], share)
    day.behind = max(day.behind, behind)
    day.behind_seconds = max(day.behind_seconds, behind / can)


def main() -> None:
    """Print the plan for that many deliveries a day, and how the day goes on it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--deliveries", type=float, default=100e6, help="of a day")
    parser.add_argument("--fanout", type=float, default=3.0)
    parser.add_argument("--retention-days", type=float, default=7.0)
    options = parser.parse_args()
    load = Load(
        events_per_second=options.deliveries / options.fanout / DAY_SECONDS,
        deliveries_per_event=options.fanout,
        retention_seconds=options.retention_days * DAY_SECONDS,
    )
    made = plan(load)
    day = live(load, made, Costs(), Room())
    print(
        f"{made.api_processes} API processes, {made.worker_processes} delivery workers, {made.servers} Redis servers "
        f"({made.servers_for_processor} for the processor, {made.servers_for_memory} for memory)"
    )
    print(f"{day.attempts / 1e6:.1f} M attempts, {day.delivered / 1e6:.2f} M delivered, {day.exhausted:.0f} exhausted")
    for part, share in sorted(day.busiest.items(), key=lambda item: -item[1]):
        print(f"{part}: {share:.0%} of what they can do, at the worst second")
    print(f"behind by {day.behind:.0f} deliveries, {day.behind_seconds:.1f} s, at the worst second")


if __name__ == "__main__":
    main()
