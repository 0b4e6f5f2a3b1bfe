"""A delivery's story in sentences: what was tried, what came of it, and what it waits for now."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from webhooks.health import EndpointHealth
from webhooks.model import Attempt, Delivery, Endpoint, Reason, Status, Verdict
from webhooks.payload import time_text

MOST_ATTEMPTS = 20
"""A story tells the latest so many."""

CANCELLED_BECAUSE = {
    Reason.ENDPOINT_DELETED: "its endpoint was deleted",
    Reason.ENDPOINT_DISABLED: "its endpoint was disabled",
    Reason.GONE: "the endpoint answered 410, which disables it",
    Reason.BY_REQUEST: "it was asked for",
    Reason.PAYLOAD_ERASED: "the event's payload was erased",
}


def tell(delivery: Delivery, attempts: Sequence[Attempt], endpoint: Endpoint | None) -> Iterator[str]:
    """The sentences, the oldest first; `endpoint` is None where it was deleted."""
    yield f"The delivery was made{_at(delivery.created_at)}."
    untold = len(attempts) - MOST_ATTEMPTS
    if untold > 0:
        yield f"The first {untold} attempts are left out here."
    for attempt in attempts[-MOST_ATTEMPTS:]:
        yield _tried(attempt)
    yield _now(delivery, endpoint)


def _tried(attempt: Attempt) -> str:
    outcome = attempt.outcome
    began = f"Attempt {attempt.number} ({attempt.trigger}){_at(attempt.started_at)}"
    if outcome.verdict is Verdict.LOST:
        return f"{began} was lost: its worker died or froze, and whether it was received is not known."
    if outcome.status_code is not None:
        came = f"was answered {outcome.status_code} after {outcome.duration_ms:.0f} ms"
    else:
        came = f"failed after {outcome.duration_ms:.0f} ms: {outcome.error}"
    asked = outcome.retry_after_seconds
    return f"{began} {came}" + (f"; it asked for a pause of {asked:g} s." if asked else ".")


def _now(delivery: Delivery, endpoint: Endpoint | None) -> str:
    if delivery.status is Status.DELIVERED:
        return f"It was delivered{_at(delivery.finished_at)}."
    if delivery.status is Status.EXHAUSTED:
        return f"It was exhausted{_at(delivery.finished_at)}: no retry was left; a replay sends it again."
    if delivery.status is Status.CANCELLED:
        why = CANCELLED_BECAUSE[delivery.reason] if delivery.reason else "its endpoint was stopped"
        return f"It was cancelled{_at(delivery.finished_at)}: {why}."
    if delivery.status is Status.SKIPPED:
        return "It was skipped: the endpoint was disabled when the event was accepted; a replay sends it."
    if delivery.status is Status.SENDING:
        return "An attempt is under way now."
    return _waits(delivery, (endpoint and endpoint.health) or EndpointHealth())


def _waits(delivery: Delivery, health: EndpointHealth) -> str:
    if delivery.waiting_for == "in_flight_cap":
        return f"It waits for a slot: {health.in_flight} of {health.effective_cap} are in flight at the endpoint."
    if delivery.waiting_for == "rate_limit":
        return "It waits for the endpoint's rate limit; that uses up no retry."
    if delivery.waiting_for == "breaker":
        probed = _at(health.next_probe_at, "; probed again at")
        return f"It waits for the endpoint's breaker, which is {health.state}{probed}."
    if delivery.waiting_for == "order":
        head = f" ({health.head}, the head{_at(health.head_since, ' since')})" if health.head else ""
        return f"It stands in line behind an earlier one of the ordered endpoint{head}."
    if delivery.status is Status.RETRYING and delivery.next_attempt_at:
        return f"The next retry is due{_at(delivery.next_attempt_at)}."
    return "It may go now, and waits for a worker."


def _at(moment: datetime | None, word: str = " at") -> str:
    return f"{word} {time_text(moment)}" if moment else ""
