"""The state machine of a delivery, whole (docs/lifecycle.md): what an outcome means, and which moves there are."""

from collections.abc import Sequence
from datetime import datetime

from webhooks import schedule as schedules
from webhooks.answers import Settlement
from webhooks.errors import IllegalMove
from webhooks.model import Attempt, Delivery, ErrorCode, Outcome, Reason, Status, Trigger, Verdict

GONE = 410
CONNECTION_FAILURES = frozenset(
    {
        ErrorCode.DNS,
        ErrorCode.CONNECT_REFUSED,
        ErrorCode.CONNECT_TIMEOUT,
        ErrorCode.TIMEOUT,
        ErrorCode.RESET,
        ErrorCode.TLS,
    }
)

MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.SENDING, Status.CANCELLED}),
    Status.RETRYING: frozenset({Status.SENDING, Status.CANCELLED, Status.DELIVERED}),
    Status.SENDING: frozenset(
        {
            Status.PENDING,
            Status.RETRYING,
            Status.DELIVERED,
            Status.EXHAUSTED,
            Status.CANCELLED,
        }
    ),
    Status.DELIVERED: frozenset({Status.PENDING}),
    Status.EXHAUSTED: frozenset({Status.PENDING}),
    Status.CANCELLED: frozenset({Status.PENDING}),
    Status.SKIPPED: frozenset({Status.PENDING}),
}


def require_move(before: Status, after: Status) -> None:
    """Nothing, where the state machine has that arrow; raises IllegalMove where it has not."""
    if after not in MOVES[before]:
        raise IllegalMove(f"a delivery that is {before} cannot become {after}")


def is_success(status_code: int) -> bool:
    """2xx alone; 3xx, 400 and 401 are failures like any other."""
    return 200 <= status_code <= 299  # noqa: PLR2004 - the range is the rule


def settle(
    delivery: Delivery,
    attempt: Attempt,
    *,
    schedule: Sequence[float],
    own_schedule: bool,
    luck: float,
) -> Settlement:
    """What becomes of a delivery that is `sending`, given what came of its attempt.

    Raises IllegalMove when it is not sending.
    """
    status, delay = _next(delivery, attempt.outcome, schedule, own_schedule=own_schedule, luck=luck)
    require_move(delivery.status, status)
    gone = attempt.outcome.status_code == GONE
    return Settlement(
        status=status,
        attempt=attempt,
        delay_seconds=delay,
        reason=Reason.GONE if gone and status is Status.CANCELLED else None,
        stop_endpoint="gone" if gone and attempt.trigger is not Trigger.TEST else None,
        slow_down=attempt.outcome.error in CONNECTION_FAILURES,
    )


def _next(
    delivery: Delivery, outcome: Outcome, schedule: Sequence[float], *, own_schedule: bool, luck: float
) -> tuple[Status, float]:
    if outcome.verdict is Verdict.DELIVERED:
        return Status.DELIVERED, 0.0
    if outcome.status_code == GONE:
        return Status.CANCELLED, 0.0
    no_retries = outcome.final or delivery.trigger is Trigger.TEST
    if no_retries or not schedules.retries_left(schedule, delivery.retries_used):
        return Status.EXHAUSTED, 0.0
    delay = schedules.delay_seconds(schedule, delivery.retries_used, outcome, own_schedule=own_schedule, luck=luck)
    return Status.RETRYING, delay


def settle_late(attempt: Attempt) -> Settlement:
    """What an answer means that came after its lease was given up: a 2xx delivers, the rest is a record."""
    delivered = attempt.outcome.verdict is Verdict.DELIVERED
    return Settlement(status=Status.DELIVERED if delivered else Status.RETRYING, attempt=attempt)


def lost(delivery: Delivery, *, started_at: datetime, duration_ms: float) -> Attempt:
    """The record of an attempt whose worker never came back."""
    outcome = Outcome(
        verdict=Verdict.LOST,
        duration_ms=duration_ms,
        detail="the worker died or froze; whether the request was received is not known",
    )
    return Attempt(number=delivery.attempts + 1, trigger=delivery.next_trigger, started_at=started_at, outcome=outcome)
