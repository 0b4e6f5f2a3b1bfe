"""The Celery tasks: a reminder arrives, the library does the attempt, the task ends the way people read it."""

from typing import Any

import structlog
from celery import Celery
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from celery.signals import task_revoked
from celery.worker.state import revoked

from webhooks import processing, sending
from webhooks.attempting import Act, Performed
from webhooks.errors import WebhookError
from webhooks.model import Lane
from webhooks.ports import Claim
from workers.queue import CANARY, DELIVER, PROCESS
from workers.runtime import Runtime
from workers.showing import ReminderTask, Shown, show

log = structlog.get_logger()


def register(app: Celery, runtime: Runtime) -> None:
    """Put the tasks into the app."""

    def post(claim: Claim) -> Performed:
        return sending.post(claim, runtime.sender, runtime.attempting.clock)

    def handle(claim: Claim) -> Performed:
        outcome = processing.run(
            runtime.handlers,
            claim,
            clock=runtime.attempting.clock,
            timeout_exceptions=(SoftTimeLimitExceeded,),
        )
        return Performed(outcome=outcome)

    def work(task: ReminderTask, delivery_id: str, attempt: int, act: Act) -> Shown:
        shown = show(task, runtime.attempting.attempt(delivery_id, attempt, act))
        if shown is None:
            raise Ignore
        return shown

    @app.task(base=ReminderTask, bind=True, name=DELIVER)
    def deliver(self: ReminderTask, delivery_id: str, attempt: int) -> Shown:
        """One POST."""
        return work(self, delivery_id, attempt, post)

    limit = runtime.settings.handler_timeout_seconds

    @app.task(base=ReminderTask, bind=True, name=PROCESS, soft_time_limit=limit, time_limit=limit + 5)
    def process(self: ReminderTask, delivery_id: str, attempt: int) -> Shown:
        """One run of a handler."""
        return work(self, delivery_id, attempt, handle)

    @app.task(name=CANARY, ignore_result=True)
    def canary(lane: str) -> None:
        """Health hears that this lane is served."""
        runtime.store.mark_canary(Lane(lane))

    @task_revoked.connect(weak=False)
    def on_revoked(request: Any = None, **_: Any) -> None:
        """A revoke that came all the same cancels the delivery; its id must not stay revoked, or replays die."""
        revoked.discard(request.id)
        try:
            runtime.store.cancel(request.id)
        except WebhookError as error:
            log.warning("delivery.not_cancelled", delivery_id=request.id, why=str(error))
