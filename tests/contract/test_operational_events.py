"""Operational events: each kind as its schema says, once for each change; on the real store."""

import json
from dataclasses import replace

import jsonschema_rs
import pytest
from structlog.testing import capture_logs

from webhooks import notifying
from webhooks.errors import Unavailable
from webhooks.intake import Intake
from webhooks.model import SigningSecret
from webhooks.notifying import event_of, send_notices
from webhooks.queries import EventQuery
from webhooks.rotation import rotated

SCHEMAS = notifying.schemas()
KINDS = [
    "hookline.delivery.exhausted",
    "hookline.endpoint.breaker_closed",
    "hookline.endpoint.breaker_opened",
    "hookline.endpoint.disabled",
    "hookline.endpoint.enabled",
    "hookline.endpoint.failing",
    "hookline.endpoint.recovered",
    "hookline.endpoint.secret_rotated",
]


def deliver(world, status, **options):
    delivery = world.publish()
    world.stage()
    world.attempt(delivery, status, schedule=(), **options)


def live(world):
    """A life in which everything happens that is told of."""
    world.endpoint(secrets=(SigningSecret(text="whsec_old"),))
    world.store.change_endpoint(
        "ep_1", lambda kept: rotated(kept, "whsec_new", overlap_seconds=60, now=world.store.now())
    )
    for _ in range(10):
        deliver(world, 500)
    world.advance(31)
    deliver(world, 200)
    for _ in range(20):
        world.advance(3.2 * 3600)
        deliver(world, 401)
    deliver(world, 200)
    world.change(enabled=False)
    world.change(enabled=True)


def told(world):
    notices = []
    while notice := world.store.first_notice():
        notices.append(notice)
        world.store.drop_notice(notice)
    return notices


def test_there_is_a_schema_for_each_kind_and_its_example_is_valid():
    assert [name for name in SCHEMAS if name in KINDS] == KINDS
    for name, schema in SCHEMAS.items():
        (example,) = schema["examples"]
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(example)
        assert (example["type"], example["timestamp"]) == (name, example["data"]["at"])


def test_what_is_sent_of_every_kind_is_valid_and_has_no_field_that_its_schema_does_not_tell_of(world):
    live(world)
    bodies = [json.loads(event_of(notice).body) for notice in told(world)]

    assert sorted({body["type"] for body in bodies}) == KINDS
    for body in bodies:
        schema = SCHEMAS[body["type"]]
        jsonschema_rs.validator_for(schema, validate_formats=True).validate(body)
        assert set(body["data"]) == set(schema["properties"]["data"]["properties"])


def test_each_change_is_told_once_and_in_order(world):
    live(world)
    kinds = [notice.kind.removeprefix("endpoint.") for notice in told(world) if notice.kind != "delivery.exhausted"]

    assert kinds == [
        "secret_rotated",
        "breaker_opened",
        "breaker_closed",
        "failing",
        "recovered",
        "disabled",
        "enabled",
    ]


class Listeners:
    """Two tenants' endpoints that ask for operational events, and the intake that keeps them."""

    def __init__(self, world):
        self.world = world
        world.endpoint("ep_ours", event_types=("hookline.*",))
        world.endpoint("ep_theirs", tenant="other", event_types=("hookline.*",))
        self.intake = Intake(world.store, self)

    def publish(self, reminders):
        self.world.ids += [reminder.delivery_id for reminder in reminders]
        return True

    def send(self, store=None):
        return send_notices(store or self.world.store, self.intake)

    def events(self, tenant):
        return [event.type for event in self.world.store.list_events(EventQuery(tenant=tenant)).items]


@pytest.fixture
def listeners(world):
    return Listeners(world)


def stop_and_start(world):
    world.change(enabled=False)
    world.change(enabled=False)
    world.change(enabled=True)


def test_they_go_to_the_tenants_own_endpoints_that_ask_for_them_by_name_and_to_no_other(world, listeners):
    world.endpoint(event_types=("*",))
    stop_and_start(world)
    sent = listeners.send()

    assert sent == 2
    assert listeners.events("default") == ["hookline.endpoint.enabled", "hookline.endpoint.disabled"]
    assert {delivery.partition(":")[2] for delivery in world.ids} == {"ep_ours"}
    assert listeners.events("other") == []


class CrashingStore:
    """A store behind which the process dies before it drops its first notice."""

    def __init__(self, store):
        self.first_notice = store.first_notice

    def drop_notice(self, notice):
        raise Unavailable("killed here")


def test_a_crash_between_keeping_the_event_and_dropping_its_notice_doubles_nothing(world, listeners):
    world.endpoint(event_types=("a",))
    stop_and_start(world)
    with pytest.raises(Unavailable):
        listeners.send(CrashingStore(world.store))
    listeners.send()

    assert listeners.events("default") == ["hookline.endpoint.enabled", "hookline.endpoint.disabled"]


def test_their_own_exhausted_deliveries_raise_none(world, listeners):
    world.endpoint()
    deliver(world, 500)
    listeners.send()
    (own,) = [delivery for delivery in world.ids if delivery.endswith("ep_ours")]
    world.attempt(own, 500, schedule=())

    assert told(world) == []


def test_an_automatic_disabling_is_logged_as_a_warning_and_counted_and_one_by_hand_as_info(world, listeners):
    """Case 125."""
    world.endpoint()
    world.attempt(world.publish(), 410)
    listeners.send()
    world.change(enabled=True)
    world.change(enabled=False)
    with capture_logs() as lines:
        listeners.send()
    by_hand = [(line["event"], line["log_level"]) for line in lines if line["event"].startswith("endpoint.")]
    world.change(enabled=True)
    world.attempt(world.publish(), 410)
    with capture_logs() as lines:
        listeners.send()
    gone = next(line for line in lines if line["event"] == "endpoint.disabled")

    assert by_hand == [("endpoint.enabled", "info"), ("endpoint.disabled", "info")]
    assert (gone["log_level"], gone["reason"], gone["endpoint_id"]) == ("warning", "gone", "ep_1")
    assert world.store.counts()["endpoints.disabled"] == 3


def test_a_notice_keeps_its_event_id_whenever_it_is_read(world):
    world.endpoint()
    world.change(enabled=False)
    first, again = world.store.first_notice(), world.store.first_notice()

    assert event_of(first).id == event_of(again).id
    assert event_of(first).id != event_of(replace(first, kind="endpoint.enabled")).id
