from dataclasses import replace
from datetime import UTC, datetime

import pytest

from webhooks import payload
from webhooks.answers import Acceptance, Recipient
from webhooks.directory import TENANTS_KEPT
from webhooks.errors import Conflict, IdempotencyMismatch, Unavailable
from webhooks.intake import Intake
from webhooks.model import Endpoint, Event, Reminder, Status
from webhooks.publishing import Draft, compose, publish, publish_test

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
REMINDER = Reminder(delivery_id="evt_1:ep_1", attempt=1)
DRAFT = Draft(tenant="default", type="invoice.paid", data=b'{"n": 1.10}')


class ScriptedStore:
    """Answers with the verdicts it is given, then `kept`; its endpoints may change between the calls."""

    def __init__(self, *verdicts):
        self.verdicts = list(verdicts)
        self.version = 1
        self.kept_endpoints = [Endpoint(id="ep_1", tenant="default", url="https://hooks.test/")]
        self.accepted = []
        self.loaded = []

    def endpoints(self, tenant):
        self.loaded.append(tenant)
        return self.version, list(self.kept_endpoints)

    def endpoints_version(self, tenant):
        return self.version

    def event_types(self):
        return 0, []

    def event_types_version(self):
        return 0

    def accept(self, postings):
        return [self.answer(posting) for posting in postings]

    def answer(self, posting):
        event = posting.matched.event
        options = {name: getattr(posting, name) for name in ("call", "idempotency_key", "id_given", "trigger")}
        options["endpoints_version"] = posting.matched.endpoints_version
        self.accepted.append((event, list(posting.matched.recipients), options))
        verdict = self.verdicts.pop(0) if self.verdicts else "kept"
        if verdict == "stale":
            self.version += 1
        kept = verdict == "kept"
        return Acceptance(
            verdict=verdict,
            event_id=event.id,
            reminders=(REMINDER,) if kept else (),
            created_at=NOW if kept else None,
        )


class RecordingQueue:
    """Remembers what was published, and says whether the broker took it."""

    def __init__(self, *, answers=True):
        self.published = []
        self.answers = answers

    def publish(self, reminders):
        self.published += reminders
        return self.answers


def event(event_type="invoice.paid", tenant="default"):
    return Event(id="evt_1", tenant=tenant, type=event_type, occurred_at=NOW, body=b"", digest="d")


def random_bytes(size):
    return bytes(size)


def publish_draft(store, draft=DRAFT, **options):
    return publish(Intake(store, RecordingQueue()), draft, now=NOW, random_bytes=random_bytes, **options)


def test_an_event_is_kept_for_those_who_asked_and_its_reminders_are_published():
    store, queue = ScriptedStore(), RecordingQueue()

    acceptance = Intake(store, queue).accept(event())

    assert acceptance.verdict == "kept"
    assert acceptance.recipients == (Recipient(endpoint_id="ep_1"),)
    assert queue.published == [REMINDER]


def test_a_broker_that_does_not_answer_only_delays():
    acceptance = Intake(ScriptedStore(), RecordingQueue(answers=False)).accept(event())

    assert acceptance.verdict == "kept"


def test_a_tenants_endpoints_are_loaded_once_and_kept():
    store = ScriptedStore()
    intake = Intake(store, RecordingQueue())

    for _ in range(3):
        intake.accept(event())

    assert store.loaded == ["default"]


def test_endpoints_that_changed_are_loaded_and_matched_again_under_the_same_call():
    store = ScriptedStore("stale")
    store.kept_endpoints = []
    intake = Intake(store, RecordingQueue())
    intake._directory.match(event())
    store.kept_endpoints = [Endpoint(id="ep_new", tenant="default", url="https://hooks.test/")]

    acceptance = intake.accept(event())

    first, second = store.accepted
    assert acceptance.recipients == (Recipient(endpoint_id="ep_new"),)
    assert (first[1], second[1]) == ([], [Recipient(endpoint_id="ep_new")])
    assert first[2]["call"] == second[2]["call"]
    assert (first[2]["endpoints_version"], second[2]["endpoints_version"]) == (1, 2)


def test_endpoints_that_never_stop_changing_make_the_call_fail_and_nothing_is_published():
    queue = RecordingQueue()

    with pytest.raises(Unavailable):
        Intake(ScriptedStore(*["stale"] * 50), queue).accept(event())
    assert queue.published == []


def test_only_so_many_tenants_are_kept_in_memory():
    store = ScriptedStore()
    intake = Intake(store, RecordingQueue())

    for number in range(TENANTS_KEPT + 10):
        intake.accept(event(tenant=f"t{number}"))
    intake.accept(event(tenant=f"t{TENANTS_KEPT + 9}"))
    intake.accept(event(tenant="t0"))

    assert len(intake._directory._kept) == TENANTS_KEPT
    assert store.loaded.count("t0") == 2
    assert store.loaded.count(f"t{TENANTS_KEPT + 9}") == 1


def test_named_endpoints_get_the_event_whatever_they_asked_for_even_disabled():
    store = ScriptedStore()
    store.kept_endpoints = [
        replace(store.kept_endpoints[0], event_types=("order.*",), enabled=False),
    ]

    Intake(store, RecordingQueue()).accept(event(), trigger="test", only=("ep_1",))

    _, recipients, options = store.accepted[0]
    assert recipients == [Recipient(endpoint_id="ep_1", enabled=True)]
    assert options["trigger"] == "test"


def test_an_offered_event_that_nobody_asked_for_is_not_kept():
    store = ScriptedStore()
    intake = Intake(store, RecordingQueue())

    assert intake.offer(event("hookline.endpoint.disabled")) is False
    assert store.accepted == []


def test_an_offered_event_is_kept_for_an_endpoint_that_appeared_since_the_last_look():
    store = ScriptedStore()
    intake = Intake(store, RecordingQueue())
    intake.offer(event("hookline.endpoint.disabled"))
    store.version += 1
    store.kept_endpoints = [replace(store.kept_endpoints[0], event_types=("hookline.*",))]

    assert intake.offer(event("hookline.endpoint.disabled")) is True
    assert len(store.accepted) == 1


def test_an_event_is_made_of_the_exact_slice_that_was_posted():
    made = compose(DRAFT, now=NOW, random_bytes=bytes(10))

    assert made.body == b'{"type":"invoice.paid","timestamp":"2026-11-25T09:00:00.000Z","data":{"n": 1.10}}'
    assert made.id.startswith("evt_")
    assert payload.split(made.body) == DRAFT.data


def test_what_the_caller_gave_is_kept_and_what_he_left_out_is_made():
    occurred_at = datetime(2020, 1, 1, tzinfo=UTC)

    made = compose(replace(DRAFT, id="order-7", occurred_at=occurred_at), now=NOW, random_bytes=bytes(10))

    assert (made.id, made.occurred_at) == ("order-7", occurred_at)


def test_the_time_counts_for_sameness_only_where_the_caller_gave_it():
    first = compose(DRAFT, now=NOW, random_bytes=bytes(10))
    later = compose(DRAFT, now=NOW.replace(hour=10), random_bytes=bytes(10))
    dated = compose(replace(DRAFT, occurred_at=NOW), now=NOW, random_bytes=bytes(10))

    assert first.digest == later.digest != dated.digest


def test_a_published_event_is_told_with_its_deliveries_as_they_began():
    store = ScriptedStore()
    store.kept_endpoints += [replace(store.kept_endpoints[0], id="ep_2", enabled=False)]

    published = publish_draft(store)

    assert published.duplicate is False
    assert published.event.created_at == NOW
    assert (published.event.deliveries_count, published.event.skipped_count) == (1, 1)
    assert [each.status for each in published.deliveries] == [Status.PENDING, Status.SKIPPED]


def test_a_duplicate_is_left_to_the_store_to_tell():
    published = publish_draft(ScriptedStore("duplicate"))

    assert (published.duplicate, published.event) == (True, None)


def test_the_store_learns_whether_the_caller_chose_the_id():
    store = ScriptedStore()

    publish_draft(store, replace(DRAFT, id="order-7"), idempotency_key="k")
    publish_draft(store)

    assert [options["id_given"] for _, _, options in store.accepted] == [True, False]
    assert [options["idempotency_key"] for _, _, options in store.accepted] == ["k", None]


def test_other_content_under_the_same_id_is_a_conflict():
    with pytest.raises(Conflict, match="other content"):
        publish_draft(ScriptedStore("conflict"))


def test_other_content_under_the_same_key_is_a_mismatch():
    with pytest.raises(IdempotencyMismatch):
        publish_draft(ScriptedStore("idempotency_mismatch"))


def test_a_test_event_goes_to_one_endpoint_alone():
    store = ScriptedStore()

    publish_test(
        Intake(store, RecordingQueue()),
        replace(DRAFT, type="hookline.test"),
        "ep_7",
        now=NOW,
        random_bytes=random_bytes,
    )

    _, recipients, options = store.accepted[0]
    assert recipients == [Recipient(endpoint_id="ep_7")]
    assert options["trigger"] == "test"
