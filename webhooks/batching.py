"""Many events in one call: each on its own, in order, in few round trips."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from webhooks.errors import WebhookError
from webhooks.ids import RANDOM_BYTES
from webhooks.intake import Intake, Submission
from webhooks.publishing import Draft, Published, compose, judged

MOST_EVENTS = 1000
"""Of one batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One event of a batch."""

    draft: Draft
    idempotency_key: str | None = None


def publish_batch(
    intake: Intake,
    rows: Sequence[Row | WebhookError],
    *,
    now: datetime,
    random_bytes: Callable[[int], bytes],
) -> list[Published | WebhookError]:
    """What became of each row, in order: the event is kept, or why not, as `publishing.publish` says it.

    A row that is an error already stays one. Raises Unavailable when the store does not answer at all.
    """
    found: dict[int, Published | WebhookError] = {}
    good: dict[int, Row] = {}
    for place, row in enumerate(rows):
        if isinstance(row, Row):
            good[place] = row
        else:
            found[place] = row
    submissions = [_submission(row, now=now, random_bytes=random_bytes(RANDOM_BYTES)) for row in good.values()]
    answers = intake.accept_all(submissions)
    for place, submission, answer in zip(good, submissions, answers, strict=True):
        found[place] = answer if isinstance(answer, WebhookError) else judged(submission.event, answer)
    return [found[place] for place in range(len(rows))]


def _submission(row: Row, *, now: datetime, random_bytes: bytes) -> Submission:
    return Submission(
        event=compose(row.draft, now=now, random_bytes=random_bytes),
        idempotency_key=row.idempotency_key,
        id_given=row.draft.id is not None,
    )
