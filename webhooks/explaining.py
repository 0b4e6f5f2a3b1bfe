"""Why an event did or did not reach an endpoint: each check with its answer, then the delivery's story in sentences."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from webhooks.filtering import judge
from webhooks.matching import matches, shares_channel
from webhooks.model import Attempt, Delivery, Endpoint, Event, Status
from webhooks.payload import time_text
from webhooks.telling import tell

VERDICTS = {
    Status.PENDING: "waiting",
    Status.SENDING: "waiting",
    Status.RETRYING: "waiting",
    Status.DELIVERED: "delivered",
    Status.EXHAUSTED: "failed",
    Status.CANCELLED: "cancelled",
    Status.SKIPPED: "skipped",
}
ALL_VERDICTS = (*dict.fromkeys(VERDICTS.values()), "not_matched", "unknown_event", "unknown_endpoint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known when the question is asked; None for what there is not."""

    event: Event | None
    endpoint: Endpoint | None
    delivery: Delivery | None = None
    attempts: Sequence[Attempt] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check: what was looked at, whether it speaks for the endpoint, and why."""

    check: str
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer: a verdict (one of `ALL_VERDICTS`), the checks in order, the story in sentences."""

    verdict: str
    steps: tuple[Step, ...]
    story: tuple[str, ...]


def explain(facts: Facts) -> Explanation:
    """Why the event did or did not reach the endpoint. A delivery that exists decides; else the failed checks do."""
    steps = tuple(_steps(facts))
    verdict = _verdict(facts, steps)
    return Explanation(verdict=verdict, steps=steps, story=_story(facts, steps, verdict))


def _story(facts: Facts, steps: Sequence[Step], verdict: str) -> tuple[str, ...]:
    if facts.delivery is not None:
        return tuple(tell(facts.delivery, facts.attempts, facts.endpoint))
    if verdict == "waiting":
        return ("The endpoint is owed the event; its delivery is being made.",)
    failed = [f"{step.check}: {step.detail}" for step in steps if not step.passed]
    return (f"The endpoint was not owed the event ({'; '.join(failed)}).",)


def _verdict(facts: Facts, steps: Sequence[Step]) -> str:
    if facts.event is None:
        return "unknown_event"
    if facts.delivery is not None:
        return VERDICTS[facts.delivery.status]
    if facts.endpoint is None:
        return "unknown_endpoint"
    return "waiting" if all(step.passed for step in steps) else "not_matched"


def _steps(facts: Facts) -> Iterator[Step]:
    event, endpoint = facts.event, facts.endpoint
    yield _event_known(event)
    yield _endpoint_known(facts)
    if event is None or endpoint is None:
        return
    for name, check in CHECKS.items():
        passed, detail = check(event, endpoint, facts.delivery)
        yield Step(check=name, passed=passed, detail=detail)


def _event_known(event: Event | None) -> Step:
    if event is None:
        detail = "there is no such event in this tenant; it was never accepted, or its retention is over"
        return Step(check="event", passed=False, detail=detail)
    accepted = f", accepted at {time_text(event.created_at)}" if event.created_at else ""
    return Step(check="event", passed=True, detail=f"{event.type} of the tenant {event.tenant}{accepted}")


def _endpoint_known(facts: Facts) -> Step:
    if facts.endpoint is not None:
        return Step(check="endpoint", passed=True, detail=f"of the tenant {facts.endpoint.tenant}")
    detail = "it was deleted" if facts.delivery else "there is no such endpoint; it never was, or it was deleted"
    return Step(check="endpoint", passed=False, detail=detail)


Answer = tuple[bool, str]
Check = Callable[[Event, Endpoint, Delivery | None], Answer]


def _tenant(event: Event, endpoint: Endpoint, _delivery: Delivery | None) -> Answer:
    if event.tenant == endpoint.tenant:
        return True, f"both are of the tenant {event.tenant}"
    return False, f"the event is of the tenant {event.tenant}, the endpoint of {endpoint.tenant}"


def _enabled(event: Event, endpoint: Endpoint, delivery: Delivery | None) -> Answer:
    """What counts is the moment of acceptance; a skipped delivery is the record of it."""
    if delivery is not None and delivery.status is Status.SKIPPED:
        return False, "it was disabled when the event was accepted"
    if endpoint.enabled:
        return True, "it is enabled"
    since = time_text(endpoint.disabled_at) if endpoint.disabled_at else "its creation"
    stopped = f"disabled since {since} ({endpoint.disabled_reason})"
    stopped_later = endpoint.disabled_at and event.created_at and event.created_at < endpoint.disabled_at
    if delivery is not None and stopped_later:
        return True, f"it was enabled when the event was accepted; {stopped}"
    return False, f"it is {stopped}"


def _event_types(event: Event, endpoint: Endpoint, _delivery: Delivery | None) -> Answer:
    asking = [pattern for pattern in endpoint.event_types if matches(pattern, event.type)]
    if asking:
        return True, f"{asking[0]} matches {event.type}"
    return False, f"none of {_listed(endpoint.event_types)} matches {event.type}"


def _channels(event: Event, endpoint: Endpoint, _delivery: Delivery | None) -> Answer:
    if not endpoint.channels:
        return True, "the endpoint takes every channel"
    on = f"on {_listed(event.channels)}" if event.channels else "on no channel"
    wanted = _listed(endpoint.channels)
    if shares_channel(endpoint.channels, event.channels):
        return True, f"the endpoint takes {wanted}; the event is {on}"
    return False, f"the endpoint takes {wanted} alone; the event is {on}"


def _endpoint_ids(event: Event, endpoint: Endpoint, _delivery: Delivery | None) -> Answer:
    if event.endpoint_ids is None:
        return True, "the event is for every endpoint that asks for it"
    if endpoint.id in event.endpoint_ids:
        return True, "the event names this endpoint"
    return False, f"the event is for {_listed(event.endpoint_ids)} alone"


def _filter(event: Event, endpoint: Endpoint, _delivery: Delivery | None) -> Answer:
    if endpoint.filter is None:
        return True, "the endpoint has no filter"
    return judge(endpoint.filter, event)


def _unchanged(event: Event, endpoint: Endpoint, delivery: Delivery | None) -> Answer:
    """A delivery was made by what held then; where there is none, a later change may be why all passes now."""
    made, changed, accepted = endpoint.created_at, endpoint.updated_at, event.created_at
    if delivery is not None or accepted is None:
        return True, "the event was matched with the endpoint when it was accepted"
    if made and made > accepted:
        return False, f"the endpoint was made at {time_text(made)}, after the event was accepted"
    if changed and changed > accepted:
        return False, f"the endpoint was changed at {time_text(changed)}, after the event was accepted"
    return True, "the endpoint is as it was when the event was accepted"


CHECKS: Mapping[str, Check] = {
    "tenant": _tenant,
    "enabled": _enabled,
    "event_types": _event_types,
    "channels": _channels,
    "endpoint_ids": _endpoint_ids,
    "filter": _filter,
    "unchanged": _unchanged,
}
"""In the order told."""


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown}, … ({len(names)} in all)" if len(names) > 5 else shown  # noqa: PLR2004 - enough for a sentence
