"""The catalogue of event types in the store, and what acceptance compares and counts."""

from dataclasses import replace

import pytest

from webhooks.errors import Conflict, InvalidRequest
from webhooks.event_types import Enforcement, EventType
from webhooks.queries import EventTypeQuery

PAID = EventType(
    name="invoice.paid",
    description="é",
    schema={"type": "object"},
    example={"n": 10**20},
    deprecated=True,
    enforcement=Enforcement.WARN,
)


def names(page):
    return [each.name for each in page.items]


def test_what_is_kept_is_read_back_with_its_times(world):
    created = world.store.put_event_type(PAID)
    kept = world.store.event_type("invoice.paid")

    assert created is True
    assert kept.created_at is not None
    assert replace(kept, created_at=None, updated_at=None) == PAID
    assert world.store.event_type("invoice") is None


def test_each_change_advances_the_version_and_keeps_the_first_time(world):
    world.store.put_event_type(PAID)
    first = world.store.event_type("invoice.paid")
    world.advance(60)
    again = world.store.put_event_type(replace(PAID, description="later"))
    second = world.store.event_type("invoice.paid")
    gone = [world.store.delete_event_type("invoice.paid") for _ in range(2)]

    assert again is False
    assert (second.created_at, second.description) == (first.created_at, "later")
    assert second.updated_at > first.updated_at
    assert gone == [True, False]
    assert world.store.event_types() == (3, [])


def test_the_catalogue_has_an_end(world, monkeypatch):
    monkeypatch.setattr("webhooks.adapters.redis_event_types.MOST_TYPES", 2)
    for name in ("a", "b"):
        world.store.put_event_type(EventType(name=name))

    with pytest.raises(Conflict, match="2 event types"):
        world.store.put_event_type(EventType(name="c"))
    assert world.store.put_event_type(EventType(name="a", description="still")) is False


def test_types_are_listed_by_name_by_pattern_and_page_by_page(world):
    for name in ("b.c", "a", "b.a", "b.b", "bb"):
        world.store.put_event_type(EventType(name=name, archived=name == "b.b"))
    first = world.store.list_event_types(EventTypeQuery(limit=2))
    world.store.put_event_type(EventType(name="b.aa"))
    second = world.store.list_event_types(EventTypeQuery(limit=2, cursor=first.next))
    third = world.store.list_event_types(EventTypeQuery(limit=2, cursor=second.next))

    assert [names(first), names(second), names(third)] == [["a", "b.a"], ["b.aa", "b.c"], ["bb"]]
    assert third.next is None
    assert names(world.store.list_event_types(EventTypeQuery(pattern="b.*", archived=True))) == [
        "b.a",
        "b.aa",
        "b.b",
        "b.c",
    ]
    with pytest.raises(InvalidRequest):
        world.store.list_event_types(EventTypeQuery(pattern="b.*", cursor=first.next))


def test_an_event_judged_by_a_catalogue_that_changed_is_judged_again(world):
    world.endpoint()
    world.store.put_event_type(PAID)

    assert world.accept(world.event(), event_types_version=0).verdict == "stale"
    assert world.accept(world.event(), event_types_version=1).verdict == "kept"
    assert world.accept(world.event()).verdict == "kept"


def test_a_refused_event_is_not_kept_but_counted_and_a_kept_one_stays_a_duplicate(world):
    world.endpoint()
    world.store.put_event_type(replace(PAID, name="a.b"))
    kept = world.event("evt_kept")
    world.accept(kept, event_types_version=1, call="first")

    refused = world.accept(world.event("evt_new"), event_types_version=1, refused=True)
    again = world.accept(kept, event_types_version=1, refused=True, call="second")

    assert (refused.verdict, again.verdict) == ("refused", "duplicate")
    assert world.store.event("default", "evt_new") is None
    assert world.store.event_type("a.b").refused_count == 1


def test_warnings_are_kept_with_the_event_and_counted_with_its_type(world):
    world.endpoint()
    world.store.put_event_type(replace(PAID, name="a.b"))
    world.accept(replace(world.event("evt_1"), warnings=("/data: é",)), event_types_version=1)

    assert world.store.event("default", "evt_1").warnings == ("/data: é",)
    assert world.store.event_type("a.b").warned_count == 1
