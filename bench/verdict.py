"""What a chaos run did to its deliveries: lost, stuck, early, doubled, wrong."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from bench.faults import Fault
from bench.ordering import most_at_once, overtaking
from bench.receiver import Arrival
from bench.stack import Stack
from bench.troubled import CAP, CAPPED, ORDERED, Place
from webhooks.adapters.encryption import Cipher
from webhooks.adapters.keys import key
from webhooks.adapters.redis_store import RedisStore
from webhooks.model import Attempt, Delivery, Status
from webhooks.model import Verdict as Came

DELAY_SECONDS = 1.0
CLOCK_GRAIN_SECONDS = 0.002
"""Times are kept in milliseconds."""
IN_FLIGHT_SECONDS = 3.5
"""What was in flight when a fault began had arrived at most this long before: the deadline and some for the answer."""
SETTLED_SECONDS = 2.0
"""What a worker was doing when it was thawed, or Redis came back, has arrived by then."""


@dataclass(slots=True)
class Verdict:
    """Ids by what is wrong with them, and some numbers about the rest."""

    accepted: int = 0
    states: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unexcused: list[str] = field(default_factory=list)
    too_late: list[str] = field(default_factory=list)
    overtaking: list[str] = field(default_factory=list)
    crowded: list[str] = field(default_factory=list)
    meddled: list[str] = field(default_factory=list)
    rounds: int = 0
    """Of rotations, stops, replays, recoveries, deletions (bench/meddling.py); `meddled` is what went wrong there."""
    webhooks: int = 0
    unhandled: list[str] = field(default_factory=list)
    handled_twice: list[str] = field(default_factory=list)
    lost_attempts: int = 0
    late: list[float] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether every promise held."""
        broken = (self.lost, self.stuck, self.early, self.wrong, self.unexcused, self.overtaking, self.crowded)
        return not any((*broken, self.unhandled, self.handled_twice, self.meddled))

    def table(self) -> str:
        """All of it, as Markdown."""
        late = sorted(self.late) or [0.0]
        kills = Counter(fault.name for fault in self.faults)
        rows = [
            ("accepted deliveries", self.accepted),
            ("faults", ", ".join(f"{times} {name}" for name, times in sorted(kills.items()))),
            ("states at the end", ", ".join(f"{state} {n}" for state, n in sorted(self.states.items()))),
            ("lost", _count(self.lost)),
            ("stuck", _count(self.stuck)),
            ("early", _count(self.early)),
            ("wrong place, state or index", _count(self.wrong)),
            ("out of order", _count(self.overtaking)),
            ("endpoints with more in flight than their cap", _count(self.crowded)),
            ("rounds of rotating, disabling, replaying, recovering and deleting meanwhile", self.rounds),
            ("lost or wrongly signed by those", _count(self.meddled)),
            ("doubled, in flight at a fault", len(self.doubled) - len(self.unexcused)),
            ("received again, since the receiver answered after the deadline", len(self.too_late)),
            ("doubled, unexplained", _count(self.unexcused)),
            ("webhooks acknowledged", self.webhooks),
            ("acknowledged and not handled", _count(self.unhandled)),
            ("whose guarded effect happened more than once", _count(self.handled_twice)),
            ("attempts whose worker died", self.lost_attempts),
            ("retries late, waits for their endpoint too: p50, max", f"{late[len(late) // 2]:.3f} s, {late[-1]:.1f} s"),
        ]
        return "\n".join(["| what | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])


def _count(ids: Sequence[str]) -> str:
    return str(len(ids)) + (f" ({', '.join(ids[:5])})" if ids else "")


def examine(
    stack: Stack,
    accepted: Iterable[str],
    places: Mapping[str, Place],
    arrivals: Sequence[Arrival],
    faults: Sequence[Fault],
    *,
    timeout_seconds: float,
) -> Verdict:
    """Compare what was acknowledged with what the store says and what the receiver saw."""
    store = RedisStore.from_url(
        f"redis://127.0.0.1:{stack.valkey.port}/0", cipher=Cipher([stack.environ["HOOKLINE_SECRET_KEY"]])
    )
    received: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        received[arrival.event_id, arrival.path].append(arrival)
    verdict = Verdict(faults=list(faults))
    in_order: list[Delivery] = []
    first_at: dict[str, float] = {}
    for event_id in accepted:
        deliveries = store.event_deliveries("default", event_id)
        if len(deliveries) != 2:  # noqa: PLR2004 - each event goes to two endpoints
            verdict.lost.append(event_id)
        for delivery in deliveries:
            verdict.accepted += 1
            seen = sorted(received[event_id, places[delivery.endpoint_id].path], key=lambda each: each.at)
            _judge(verdict, store, delivery, seen, faults=faults, timeout_seconds=timeout_seconds)
            if places[delivery.endpoint_id].kind == ORDERED:
                in_order.append(delivery)
                first_at.update((delivery.id, each.at) for each in seen[:1])
    verdict.overtaking = overtaking(in_order, first_at)
    for endpoint_id, place in places.items():
        there = [each for each in arrivals if each.path == place.path]
        if place.kind == CAPPED and most_at_once(there, at_most=timeout_seconds - 1) > CAP:
            verdict.crowded.append(endpoint_id)
    return verdict


def _judge(
    verdict: Verdict,
    store: RedisStore,
    delivery: Delivery,
    seen: Sequence[Arrival],
    *,
    faults: Sequence[Fault],
    timeout_seconds: float,
) -> None:
    attempts = store.attempts(delivery.id)
    verdict.states[delivery.status] += 1
    verdict.lost_attempts += sum(1 for attempt in attempts if attempt.outcome.verdict is Came.LOST)
    answered = [arrival for arrival in seen if arrival.answered == 200]  # noqa: PLR2004
    in_time = [arrival for arrival in answered if arrival.delay_seconds < timeout_seconds]
    if not delivery.status.final:
        verdict.stuck.append(delivery.id)
    if delivery.status is Status.DELIVERED and not answered:
        verdict.lost.append(delivery.id)
    if _misplaced(store, delivery, attempts):
        verdict.wrong.append(delivery.id)
    _time(verdict, delivery, attempts, longest_ms=(timeout_seconds + 1) * 1000)
    if len(answered) > 1 and len(in_time) <= 1:
        verdict.too_late.append(delivery.id)
    elif len(in_time) > 1:
        verdict.doubled.append(delivery.id)
        if not all(_excused(arrival, faults) for arrival in sorted(in_time, key=lambda each: each.at)[:-1]):
            verdict.unexcused.append(delivery.id)


def _misplaced(store: RedisStore, delivery: Delivery, attempts: Sequence[Attempt]) -> bool:
    places = store.places(delivery.id)
    numbered = [attempt.number for attempt in attempts] == list(range(1, delivery.attempts + 1))
    return len(places) != (0 if delivery.status.final else 1) or not numbered or _misfiled(store, delivery)


def _misfiled(store: RedisStore, delivery: Delivery) -> bool:
    """Whether it stands in other indexes than `all` and its state's group, each of its tenant and its endpoint."""
    scopes = [("tenant", delivery.tenant), ("endpoint", delivery.endpoint_id)]
    entries = [(*scope, group) for scope in scopes for group in ("all", "unfinished", "delivered", "failed")]
    with store.client.pipeline(transaction=False) as pipe:
        for entry in entries:
            pipe.zscore(key("index", *entry), delivery.id)
        scores = pipe.execute()
    found = {entry for entry, score in zip(entries, scores, strict=True) if score is not None}
    return found != {(*scope, group) for scope in scopes for group in ("all", delivery.status.group)}


def _time(verdict: Verdict, delivery: Delivery, attempts: Sequence[Attempt], *, longest_ms: float) -> None:
    """An attempt that took longer than any deadline was given up as lost, and its record corrected later."""
    for before, after in pairwise(attempts):
        ended = before.started_at.timestamp() + before.outcome.duration_ms / 1000
        gap = after.started_at.timestamp() - ended
        given_up = before.outcome.verdict is Came.LOST or before.outcome.duration_ms > longest_ms
        if not given_up and gap < DELAY_SECONDS - CLOCK_GRAIN_SECONDS:
            verdict.early.append(delivery.id)
        verdict.late.append(max(0.0, gap - DELAY_SECONDS * 1.2))


def _excused(arrival: Arrival, faults: Sequence[Fault]) -> bool:
    """In flight when its worker was killed or frozen, or when Redis was away."""
    return any(
        fault.excuses and fault.began - IN_FLIGHT_SECONDS <= arrival.at <= fault.ended + SETTLED_SECONDS
        for fault in faults
    )
