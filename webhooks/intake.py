"""Accepting events, those of the API and received ones alike: matched from memory, kept in one step, then announced."""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from webhooks import tracing
from webhooks.answers import Acceptance, Matched, Posting
from webhooks.directory import Directory, DirectoryStore
from webhooks.errors import Unavailable
from webhooks.model import Event, Trigger
from webhooks.ports import EventStore, Queue

MATCHINGS = 5
"""How often an event is matched again because the endpoints changed meanwhile."""
RESTLESS = "the tenant's endpoints are being changed all the time; try again"

log = structlog.get_logger()

Answer = Acceptance | Unavailable


class IntakeStore(EventStore, DirectoryStore, Protocol):
    """What acceptance asks of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An event as a caller hands it in.

    `only` names the endpoints instead of matching, disabled ones too. The event's `traceparent`, if it has one,
    is the caller's: the event is kept with one of its own, below it.
    """

    event: Event
    idempotency_key: str | None = None
    id_given: bool = False
    trigger: str = Trigger.INITIAL
    only: Sequence[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A submission on its way: the same call to the store, again as long as what we know is stale."""

    submission: Submission
    event: Event
    call: str
    end_span: Callable[[], None]


def _random_call() -> str:
    """Names a call to the store, so that repeating it after a lost answer changes nothing."""
    return secrets.token_hex(8)


class Intake:
    """Accepts events; safe with many threads."""

    def __init__(
        self,
        store: IntakeStore,
        queue: Queue,
        *,
        new_call: Callable[[], str] = _random_call,
        spans: tracing.Spans | None = None,
    ) -> None:
        self._store = store
        self._queue = queue
        self._new_call = new_call
        self._spans = spans or tracing.NoSpans()
        self._directory = Directory(store)

    def accept(
        self,
        event: Event,
        *,
        idempotency_key: str | None = None,
        id_given: bool = False,
        trigger: str = Trigger.INITIAL,
        only: Sequence[str] | None = None,
    ) -> Acceptance:
        """What became of the event: kept with a delivery for each recipient, or found to be there already.

        The options are those of `Submission`. Raises Unavailable when the store does not answer or the endpoints
        change faster than they can be matched; nothing is kept then.
        """
        submission = Submission(
            event=event, idempotency_key=idempotency_key, id_given=id_given, trigger=trigger, only=only
        )
        answer = self.accept_all([submission])[0]
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    def accept_all(self, submissions: Sequence[Submission]) -> list[Answer]:
        """What became of each event, in order; an error where the store stopped answering on the way.

        All are kept in few round trips, and their reminders published together. Raises Unavailable when the store
        does not answer at all.
        """
        cases = [self._begun(each) for each in submissions]
        answers: dict[int, Answer] = {}
        waiting = list(range(len(cases)))
        for _ in range(MATCHINGS):
            answers |= zip(waiting, self._asked([cases[place] for place in waiting]), strict=True)
            waiting = [place for place in waiting if _is_stale(answers[place])]
            for tenant in {cases[place].event.tenant for place in waiting}:
                self._directory.refresh(tenant)
        answers |= dict.fromkeys(waiting, Unavailable(RESTLESS))
        self._publish(answers.values())
        for place, case in enumerate(cases):
            _report(case.event, answers[place])
        return [answers[place] for place in range(len(cases))]

    def offer(self, event: Event) -> bool:
        """Keep the event if any endpoint asks for it; whether one does. Raises Unavailable."""
        self._directory.refresh_endpoints(event.tenant)
        if not self._directory.match(event).recipients:
            return False
        self.accept(event)
        return True

    def _begun(self, submission: Submission) -> _Case:
        parent = submission.event.traceparent
        event = replace(submission.event, traceparent=tracing.begun(parent))
        end_span = self._spans.publishing(event, parent=parent)
        return _Case(submission=submission, event=event, call=self._new_call(), end_span=end_span)

    def _asked(self, cases: Sequence[_Case]) -> list[Answer]:
        if not cases:
            return []
        matched = [self._directory.match(case.event, only=case.submission.only) for case in cases]
        postings = [_posting(case, match) for case, match in zip(cases, matched, strict=True)]
        found = self._store.accept(postings)
        return [_completed(*each) for each in zip(cases, matched, found, strict=True)]

    def _publish(self, answers: Iterable[Answer]) -> None:
        """A broker that does not answer delays: the store remembers, and the stager publishes."""
        reminders = [reminder for each in answers if isinstance(each, Acceptance) for reminder in each.reminders]
        if reminders:
            self._queue.publish(reminders)


def _is_stale(answer: Answer) -> bool:
    return isinstance(answer, Acceptance) and answer.verdict == "stale"


def _posting(case: _Case, matched: Matched) -> Posting:
    return Posting(
        matched=matched,
        call=case.call,
        idempotency_key=case.submission.idempotency_key,
        id_given=case.submission.id_given,
        trigger=case.submission.trigger,
    )


def _completed(case: _Case, matched: Matched, answer: Answer) -> Answer:
    """The store's answer, with what only we know; told in the trace."""
    if isinstance(answer, Unavailable) or answer.verdict == "stale":
        return answer
    case.end_span()
    return replace(answer, recipients=matched.recipients, finding=matched.finding)


def _report(event: Event, answer: Answer) -> None:
    """The log hears of an event that is kept, after the workers did: they have more to do."""
    if isinstance(answer, Unavailable) or answer.verdict != "kept":
        return
    log.info(
        "event.published",
        event_id=event.id,
        event_type=event.type,
        tenant=event.tenant,
        trace_id=tracing.trace_id_of(event.traceparent),
    )
    if answer.finding.warnings:
        log.warning(
            "event.misfitting",
            event_id=event.id,
            event_type=event.type,
            tenant=event.tenant,
            fields=[violation.pointer for violation in answer.finding.violations],
        )
