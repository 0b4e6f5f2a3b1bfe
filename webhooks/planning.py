"""How large an installation must be for a load, reckoned from measured costs: pure arithmetic, no promises."""

import math
from dataclasses import dataclass

DAY_SECONDS = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What an event takes, and each of its deliveries on top: `make bench -- costs`, medians (docs/operations.md)."""

    api_ms_per_event: float = 2.3
    api_ms_per_delivery: float = 0.1
    worker_ms_per_attempt: float = 2.5
    redis_ms_per_event: float = 0.32
    redis_ms_per_delivery: float = 0.73
    memory_bytes_per_event: float = 1970
    memory_bytes_per_delivery: float = 1460
    file_bytes_per_event: float = 1780
    file_bytes_per_delivery: float = 6430
    body_bytes: int = 1000
    """Of the events that were measured; a larger body takes that much more memory and file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of the installation."""

    events_per_second: float
    """On average over a day; retention counts with this."""
    deliveries_per_event: float = 1.0
    retention_seconds: float = 30 * DAY_SECONDS
    peak: float = 3.0
    """The busiest hour against the average; processors are counted for this."""
    body_bytes: int = 1000
    failing_share: float = 0.05
    """Of all attempts; each is made again."""
    attempt_seconds: float = 0.2
    """How long a receiver takes to answer, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What machines are used for, and how full they may be."""

    busy_share: float = 0.6
    """Of a processor, at the peak; the rest is for what was not foreseen."""
    slots_per_worker: int = 100
    server_memory_bytes: float = 64 * 1024**3
    """Of one Redis server; half of it is left for copies on write, replicas and fragments."""
    memory_share: float = 0.5

    @property
    def held_bytes(self) -> float:
        """What one server may hold."""
        return self.server_memory_bytes * self.memory_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What it takes. Processes are of one core each."""

    attempts_per_second: float
    """At the peak."""
    deliveries_per_day: float
    api_processes: int
    worker_processes: int
    workers_bound_by: str
    redis_busy_share: float
    """Of one core, at the peak, were all on one server."""
    memory_bytes: float
    file_bytes_per_second: float
    servers_for_processor: int
    servers_for_memory: int
    most_events_per_second: float
    """At the peak, of this kind of load on one server, before its one core is as busy as it may be."""

    @property
    def servers(self) -> int:
        """Redis servers with tenants spread over them; one where one is enough."""
        return max(self.servers_for_processor, self.servers_for_memory)

    @property
    def cores(self) -> int:
        """Of all processes and servers; a server gets two, one for its threads that write and copy."""
        return self.api_processes + self.worker_processes + 2 * self.servers


def plan(load: Load, *, costs: Costs | None = None, room: Room | None = None) -> Plan:
    """What this load takes; there is at least one of each part. Raises ValueError for a load that is none."""
    costs, room = costs or Costs(), room or Room()
    _check(load)
    events = load.events_per_second * load.peak
    tries = 1 / (1 - load.failing_share)
    attempts = events * load.deliveries_per_event * tries
    by_cpu = attempts * costs.worker_ms_per_attempt / 1000 / room.busy_share
    by_slots = attempts * load.attempt_seconds / room.slots_per_worker / room.busy_share
    redis_ms = costs.redis_ms_per_event + load.deliveries_per_event * tries * costs.redis_ms_per_delivery
    api_ms = costs.api_ms_per_event + load.deliveries_per_event * costs.api_ms_per_delivery
    memory = _kept_bytes(load, costs)
    redis_share = events * redis_ms / 1000
    return Plan(
        attempts_per_second=attempts,
        deliveries_per_day=load.events_per_second * load.deliveries_per_event * DAY_SECONDS,
        api_processes=_whole(events * api_ms / 1000 / room.busy_share),
        worker_processes=_whole(max(by_cpu, by_slots)),
        workers_bound_by="processor" if by_cpu >= by_slots else "slots",
        redis_busy_share=redis_share,
        memory_bytes=memory,
        file_bytes_per_second=events * _file_bytes(load, costs, tries),
        servers_for_processor=_whole(redis_share / room.busy_share),
        servers_for_memory=_whole(memory / (room.held_bytes)),
        most_events_per_second=room.busy_share * 1000 / redis_ms,
    )


def _check(load: Load) -> None:
    if min(load.events_per_second, load.deliveries_per_event, load.retention_seconds, load.attempt_seconds) <= 0:
        raise ValueError("rates, fan-out, retention and durations must be more than nothing")
    if not 0 <= load.failing_share < 1 or load.peak < 1:
        raise ValueError("the failing share must be below 1, the peak at least 1")


def _kept_bytes(load: Load, costs: Costs) -> float:
    """With everything that is younger than the retention."""
    each = costs.memory_bytes_per_event + load.body_bytes - costs.body_bytes
    each += load.deliveries_per_event * costs.memory_bytes_per_delivery
    return load.events_per_second * load.retention_seconds * each


def _file_bytes(load: Load, costs: Costs, tries: float) -> float:
    each = costs.file_bytes_per_event + load.body_bytes - costs.body_bytes
    return each + load.deliveries_per_event * tries * costs.file_bytes_per_delivery


def _whole(amount: float) -> int:
    return max(1, math.ceil(amount - 1e-9))
