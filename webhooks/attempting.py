"""The heart: one attempt of a delivery, POST and handler alike: claim, act, settle, record."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import structlog

from webhooks import lifecycle, measuring
from webhooks.answers import Claim, Settled, Settlement
from webhooks.errors import Unavailable
from webhooks.model import Attempt, Delivery, Endpoint, ErrorCode, Outcome, Reason, Reminder, Status
from webhooks.ports import Clock, DeliveryStore, Queue
from webhooks.tracing import Spans, trace_id_of

LEASE_MARGIN_SECONDS = 15.0
"""The lease outlasts the endpoint's deadline by this much."""
SETTLE_PATIENCE_SECONDS = 60.0
"""How long we go on telling a store that does not answer what came of an attempt."""
SETTLE_PAUSE_SECONDS = 0.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Performed:
    """What acting on a claim gave: an outcome, and for a POST what was sent where."""

    outcome: Outcome
    url: str | None = None
    request_headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """How looking at a reminder ended. `outcome` is None where nothing was sent."""

    status: Status | None = None
    reason: Reason | None = None
    outcome: Outcome | None = None
    delay_seconds: float = 0.0


Act = Callable[[Claim], Performed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempting:
    """Everything that an attempt needs besides the act itself."""

    store: DeliveryStore
    queue: Queue
    clock: Clock
    retry_schedule: tuple[float, ...]
    luck: Callable[[], float]
    token: Callable[[], str]
    pause: Callable[[float], None]
    hungry: Callable[[], None]
    """Called when the conveyor runs low while something is ready."""
    spans: Spans

    def attempt(self, delivery_id: str, number: int, act: Act) -> Worked:
        """Do the attempt that a reminder asks for, if it is still wanted and nobody else has it.

        Raises Unavailable when the store does not answer before anything is sent, or for so long afterwards
        that what came of it could not be recorded.
        """
        token = self.token()
        began = self.clock.monotonic()
        claim = self.store.claim(delivery_id, number, token, lease_margin_seconds=LEASE_MARGIN_SECONDS)
        self._pass_on(claim.reminders, hungry=claim.hungry)
        delivery, endpoint = claim.delivery, claim.endpoint
        if delivery is None or endpoint is None:
            return Worked(status=Status.CANCELLED if claim.refusal == "cancelled" else None)
        if self.clock.monotonic() - began > LEASE_MARGIN_SECONDS:
            log.warning("delivery.released", delivery_id=delivery_id, attempt=number, why="frozen after the claim")
            self._pass_on(self.store.release(delivery_id, number, token))
            return Worked()
        return self._perform(claim, delivery, endpoint, token, act)

    def _perform(self, claim: Claim, delivery: Delivery, endpoint: Endpoint, token: str, act: Act) -> Worked:
        started_at = self.clock.now()
        performed = act(claim)
        attempt = Attempt(
            number=delivery.attempts + 1,
            trigger=delivery.next_trigger,
            started_at=started_at,
            outcome=performed.outcome,
            url=performed.url,
            request_headers=performed.request_headers,
        )
        settlement = self.decide(delivery, endpoint, attempt)
        settled = self._settle(delivery.id, attempt, token, settlement)
        self._pass_on(settled.reminders, hungry=settled.hungry)
        status = settled.status if settled.won else None
        report(delivery, attempt, status=status, delay_seconds=settlement.delay_seconds, traceparent=claim.traceparent)
        self.spans.attempted(delivery, attempt, traceparent=claim.traceparent)
        return Worked(
            status=status,
            reason=settled.reason,
            outcome=attempt.outcome,
            delay_seconds=settlement.delay_seconds,
        )

    def decide(self, delivery: Delivery, endpoint: Endpoint | None, attempt: Attempt) -> Settlement:
        """What the lifecycle makes of the attempt, by the endpoint's own schedule or the installation's."""
        own = endpoint.retry_schedule if endpoint else None
        settlement = lifecycle.settle(
            delivery,
            attempt,
            schedule=self.retry_schedule if own is None else own,
            own_schedule=own is not None,
            luck=self.luck(),
        )
        return replace(settlement, measures=measuring.of_attempt(delivery, attempt))

    def _settle(self, delivery_id: str, attempt: Attempt, token: str, settlement: Settlement) -> Settled:
        give_up = self.clock.monotonic() + SETTLE_PATIENCE_SECONDS
        while True:
            try:
                settled = self.store.settle(delivery_id, attempt.number, token, settlement)
                return settled if settled.won else self._settle_late(delivery_id, attempt, settled)
            except Unavailable as error:
                if self.clock.monotonic() >= give_up:
                    log.error(  # noqa: TRY400 - the outcome matters here, not a traceback
                        "delivery.unrecorded",
                        delivery_id=delivery_id,
                        attempt=attempt.number,
                        outcome=attempt.outcome.verdict,
                        status_code=attempt.outcome.status_code,
                        why=str(error),
                    )
                    raise
                self.pause(SETTLE_PAUSE_SECONDS)

    def _settle_late(self, delivery_id: str, attempt: Attempt, settled: Settled) -> Settled:
        """The lease ran out meanwhile and the attempt was settled as lost: correct its record."""
        found, reminders = self.store.settle_late(delivery_id, lifecycle.settle_late(attempt))
        self._pass_on(reminders)
        log.warning(
            "delivery.answered_late",
            delivery_id=delivery_id,
            attempt=attempt.number,
            outcome=attempt.outcome.verdict,
            recorded=found,
        )
        return settled

    def _pass_on(self, reminders: tuple[Reminder, ...], *, hungry: bool = False) -> None:
        if reminders:
            self.queue.publish(reminders)
        if hungry:
            self.hungry()


def report(
    delivery: Delivery, attempt: Attempt, *, status: Status | None, delay_seconds: float, traceparent: str | None
) -> None:
    """One wide log line for the attempt; a receiver's failure is nothing to alarm the operator with, our own is."""
    outcome = attempt.outcome
    say = log.error if outcome.error is ErrorCode.INTERNAL else log.info
    say(
        "delivery.attempted",
        delivery_id=delivery.id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        endpoint_id=delivery.endpoint_id,
        tenant=delivery.tenant,
        trace_id=trace_id_of(traceparent),
        attempt=attempt.number,
        trigger=attempt.trigger,
        outcome=outcome.verdict,
        status_code=outcome.status_code,
        error=outcome.error,
        duration_ms=round(outcome.duration_ms, 1),
        status=status,
        retry_in_seconds=round(delay_seconds, 3) if status is Status.RETRYING else None,
    )
    if status is Status.EXHAUSTED:
        log.info("delivery.exhausted", delivery_id=delivery.id, attempts=attempt.number)
