"""One delivery's way through the flow: which nodes it went through, in which order, and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from api.ui.drawing import EDGES
from webhooks.model import Attempt, Delivery, Event, Status, Trigger, Verdict

ARROWS = frozenset(edge.id for edge in EDGES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node on the way."""

    node: str
    at: datetime | None
    says: str
    after: str = ""
    """The node that led here, where it is not that of the step before."""
    edge: str = ""
    """The arrow that led here, if the drawing has that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The same event as this installation received it itself, with what its handlers did."""

    event: Event
    runs: Sequence[tuple[Delivery, Sequence[Attempt]]]


def steps(event: Event, delivery: Delivery, attempts: Sequence[Attempt], receipt: Receipt | None) -> list[Step]:
    """The way so far, from Start on."""
    return list(_linked(_steps(event, delivery, attempts, receipt)))


def _steps(event: Event, delivery: Delivery, attempts: Sequence[Attempt], receipt: Receipt | None) -> Iterator[Step]:
    yield Step(node="n1", at=event.created_at, says=f"{event.type} was posted")
    yield Step(node="n2", at=event.created_at, says="kept, with its deliveries, and answered 202")
    for at, attempt in enumerate(attempts):
        following = attempts[at + 1] if at + 1 < len(attempts) else None
        yield from _attempt(attempt, receipt)
        yield from _after(delivery, attempt, following)
    yield from _now(delivery, attempts)
    if receipt:
        yield from _handled(receipt)


def _attempt(attempt: Attempt, receipt: Receipt | None) -> Iterator[Step]:
    outcome = attempt.outcome
    if attempt.trigger is Trigger.RETRY:
        yield Step(node="n4", at=attempt.started_at, says=f"signed anew and sent as attempt {attempt.number}")
    else:
        yield Step(node="n3", at=attempt.started_at, says=f"signed for attempt {attempt.number}")
        yield Step(node="n4", at=attempt.started_at, says=f"attempt {attempt.number} is sent")
    ended = attempt.started_at + timedelta(milliseconds=outcome.duration_ms)
    ours = receipt and outcome.verdict is Verdict.DELIVERED
    if receipt and ours:
        yield from _received(receipt, attempt.started_at)
    came = str(outcome.status_code or outcome.error or outcome.verdict)
    says = f"{came} after {outcome.duration_ms:.0f} ms"
    yield Step(node="n5", at=ended, says=says, after="n11" if ours else "")


def _received(receipt: Receipt, sent_at: datetime) -> Iterator[Step]:
    at = receipt.event.created_at or sent_at
    for node, says in (
        ("n8", "the signature is checked over the raw bytes"),
        ("n9", "valid"),
        ("n10", "the payload is parsed"),
        ("n11", "acknowledged with 200, once it was kept"),
        ("n13", "queued for its handlers"),
    ):
        yield Step(node=node, at=at, says=says)


def _after(delivery: Delivery, attempt: Attempt, following: Attempt | None) -> Iterator[Step]:
    outcome = attempt.outcome
    ended = attempt.started_at + timedelta(milliseconds=outcome.duration_ms)
    if outcome.verdict is Verdict.DELIVERED:
        yield Step(node="n6", at=ended, says="recorded and logged")
        yield Step(node="n7", at=ended, says="delivered")
    elif following and following.trigger is Trigger.RETRY:
        waited = (following.started_at - ended).total_seconds()
        yield Step(node="n15", at=ended, says="its next attempt is written into the retry queue")
        yield Step(node="n16", at=ended, says=f"waits {waited:.1f} s")
        yield Step(node="n17", at=following.started_at, says=f"attempt {following.number} is claimed")
    elif not following and delivery.status is Status.RETRYING:
        yield Step(node="n15", at=ended, says="its next attempt is written into the retry queue")
        yield Step(node="n16", at=ended, says="waits for its time")


def _now(delivery: Delivery, attempts: Sequence[Attempt]) -> Iterator[Step]:
    """What no attempt's record tells."""
    last = attempts[-1].outcome.verdict if attempts else None
    if delivery.status is Status.SENDING:
        yield Step(node="n4", at=delivery.updated_at, says=f"attempt {delivery.attempts + 1} is being sent")
    elif delivery.status is Status.EXHAUSTED:
        yield Step(node="n5", at=delivery.finished_at, says="no retries left: exhausted")
    elif delivery.status in (Status.CANCELLED, Status.SKIPPED) and last is not Verdict.DELIVERED:
        node = "n5" if attempts else "n2"
        yield Step(node=node, at=delivery.finished_at, says=f"{delivery.status}: {delivery.reason or ''}")


def _handled(receipt: Receipt) -> Iterator[Step]:
    for run, attempts in receipt.runs:
        name = run.endpoint_id.partition(".")[2]
        for attempt in attempts:
            began = attempt.started_at
            ended = began + timedelta(milliseconds=attempt.outcome.duration_ms)
            yield Step(node="n18", at=began, says="a worker reads the event", after="n13")
            yield Step(node="n19", at=began, says=f"routed to {name}")
            yield Step(node="n20", at=began, says=f"{name} runs for {attempt.outcome.duration_ms:.0f} ms")
            if attempt.outcome.verdict is Verdict.DELIVERED:
                yield Step(node="n21", at=ended, says=f"{name} is done")
                yield Step(node="n7", at=ended, says="completed")
            else:
                yield Step(node="n20", at=ended, says=f"failed: {attempt.outcome.error or attempt.outcome.verdict}")


def _linked(found: Iterator[Step]) -> Iterator[Step]:
    before = ""
    for step in found:
        arrow = f"{step.after or before}:{step.node}"
        yield replace(step, edge=arrow if arrow in ARROWS else "")
        before = step.node
