"""The Celery tasks: a reminder arrives, the library does the attempt, the task ends the way people read it."""

from functools import partial
from typing import Any

import structlog
from celery import Celery
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from celery.signals import task_revoked
from celery.worker.state import revoked

from webhooks import processing, sending
from webhooks.answers import Claim
from webhooks.attempting import Act, Performed
from webhooks.celery.queue import CANARY, DELIVER, HARD_LIMIT_AFTER_SECONDS, PROCESS, TRIM
from webhooks.celery.runtime import Runtime
from webhooks.celery.showing import ReminderTask, Shown, show
from webhooks.errors import Unavailable, WebhookError
from webhooks.model import Lane

log = structlog.get_logger()


def register(app: Celery, runtime: Runtime) -> None:
    """Put the tasks into the app."""
    limit = runtime.settings.handler_timeout_seconds
    hard_limit = limit + HARD_LIMIT_AFTER_SECONDS

    @app.task(base=ReminderTask, bind=True, name=DELIVER)
    def deliver(self: ReminderTask, delivery_id: str, attempt: int) -> Shown:
        """One POST."""
        return _work(self, runtime, delivery_id, attempt, _poster(runtime))

    @app.task(base=ReminderTask, bind=True, name=PROCESS, soft_time_limit=limit, time_limit=hard_limit)
    def process(self: ReminderTask, delivery_id: str, attempt: int) -> Shown:
        """One run of a handler."""
        return _work(self, runtime, delivery_id, attempt, _handler(runtime))

    @app.task(name=CANARY, ignore_result=True)
    def canary(lane: str) -> None:
        """Health hears that this lane is served."""
        runtime.store.mark_canary(Lane(lane))

    @app.task(name=TRIM, ignore_result=True)
    def trim() -> None:
        """What has expired goes, step by step by the stagers, which see to it by themselves, too."""
        begin_trim(runtime)

    task_revoked.connect(partial(_cancel_revoked, runtime), weak=False)


def begin_trim(runtime: Runtime) -> None:
    """Beat asks again in an hour; so a store that is away is no error."""
    try:
        begun = runtime.store.begin_trim()
    except Unavailable as error:
        log.warning("trim.postponed", why=str(error))
        return
    log.info("trim.begun" if begun else "trim.needless")
    runtime.nudge.give()


def _poster(runtime: Runtime) -> Act:
    def post(claim: Claim) -> Performed:
        clock, traced = runtime.attempting.clock, runtime.settings.send_traceparent
        return sending.post(claim, runtime.sender, clock, send_traceparent=traced)

    return post


def _handler(runtime: Runtime) -> Act:
    def handle(claim: Claim) -> Performed:
        clock, timeouts = runtime.attempting.clock, (SoftTimeLimitExceeded,)
        if runtime.reloader:
            runtime.reloader.refresh()
        return Performed(outcome=processing.run(runtime.handlers, claim, clock=clock, timeout_exceptions=timeouts))

    return handle


def _work(task: ReminderTask, runtime: Runtime, delivery_id: str, attempt: int, act: Act) -> Shown:
    """A reminder that was late, or came while the store was away, ends as Ignore: it overwrites nothing in Flower."""
    try:
        worked = runtime.attempting.attempt(delivery_id, attempt, act)
    except Unavailable as error:
        log.warning("delivery.postponed", delivery_id=delivery_id, attempt=attempt, why=str(error))
        raise Ignore from None
    shown = show(task, worked)
    if shown is None:
        raise Ignore
    return shown


def _cancel_revoked(runtime: Runtime, request: Any = None, **_others: Any) -> None:
    """A revoke that came all the same cancels the delivery; its id must not stay revoked, or replays die."""
    revoked.discard(request.id)
    try:
        _cancelled, reminders = runtime.store.cancel(request.id)
    except WebhookError as error:
        log.warning("delivery.not_cancelled", delivery_id=request.id, why=str(error))
    else:
        runtime.queue.publish(reminders)
