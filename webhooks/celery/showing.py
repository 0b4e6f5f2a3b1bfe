"""How a delivery looks as a Celery task, in Flower and in logs (docs/architecture.md)."""

from typing import Any, NoReturn

from celery import Task
from celery.exceptions import Retry
from celery.result import AsyncResult

from webhooks.attempting import Worked
from webhooks.model import Outcome, Status


class Shown:
    """A result that reads as its text."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        """The text alone, without quotes."""
        return self.text


class DeliveryFailed(Exception):
    """The delivery ended without success; expected, so no traceback."""


class AttemptFailed(Exception):
    """The attempt failed and another is due later."""


class ShownRetry(Retry):
    """Celery's Retry, shown as its reason only."""

    def __repr__(self) -> str:
        """Such as `503`."""
        return str(self.exc)


class ReminderTask(Task):
    """A task whose countdown publishes nothing: the wait is in the store's due set already."""

    abstract = True
    max_retries = None
    ignore_result = True
    throws = (DeliveryFailed,)

    def apply_async(self, *args: Any, countdown: float | None = None, eta: Any = None, **options: Any) -> Any:
        """Publish, unless it is to be later: then the stager does when it is due."""
        if countdown is not None or eta is not None:
            return AsyncResult(options.get("task_id"), app=self.app)
        return super().apply_async(*args, **options)

    def retry(self, *args: Any, **options: Any) -> NoReturn:
        """End this run as a retry. Raises ShownRetry always."""
        options["throw"] = False
        decided = super().retry(*args, **options)
        raise ShownRetry(exc=decided.exc, when=decided.when, is_eager=decided.is_eager, sig=decided.sig)


def reason_of(outcome: Outcome) -> str:
    """What came of it, in a word: the status code, or the error's code."""
    return str(outcome.status_code or outcome.error or outcome.verdict)


def show(task: ReminderTask, worked: Worked) -> Shown | None:
    """End the task the way that people read it.

    Raises ShownRetry when a retry is due, DeliveryFailed when the delivery has failed for good.
    """
    if worked.outcome is None or worked.status is None:
        return None
    reason = reason_of(worked.outcome)
    if worked.status is Status.DELIVERED:
        return Shown(f"{reason} in {worked.outcome.duration_ms:.0f} ms")
    if worked.status is Status.RETRYING:
        task.retry(countdown=worked.delay_seconds, exc=AttemptFailed(reason))
    raise DeliveryFailed(f"{worked.status}: {worked.reason or reason}")
