"""Schemas of event types: which are taken, what fits, and what is said of what does not."""

from datetime import UTC, datetime

import pytest

from webhooks import payload
from webhooks.enforcing import rules_of
from webhooks.event_types import (
    LARGEST_SCHEMA,
    MOST_VIOLATIONS,
    DataSchema,
    Enforcement,
    EventType,
    check_example,
    check_schema,
)
from webhooks.filtering import Judge
from webhooks.model import Event

MONEY = {
    "type": "object",
    "required": ["amount"],
    "properties": {"amount": {"type": "number"}, "a/b~c": {"type": "string"}, "items": {"items": {"maximum": 5}}},
}
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def deep(levels):
    schema = {}
    for _ in range(levels):
        schema = {"items": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {},
        MONEY,
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "string"},
        {"$defs": {"money": MONEY}, "$ref": "#/$defs/money"},
        {"$ref": "#"},
        {"pattern": "^(a+)+$"},
        {"format": "email"},
        {"minimum": 10**300},
    ],
)
def test_schemas_of_the_draft_are_taken(schema):
    assert check_schema(schema) is None


@pytest.mark.parametrize(
    ("schema", "advice"),
    [
        ({"type": "nosuch"}, "/type: "),
        ({"properties": {"a": {"minimum": "5"}}}, "/properties/a/minimum: "),
        ({"$ref": "http://192.0.2.1/schema"}, "somewhere within the schema"),
        ({"$ref": "file:///etc/passwd"}, "somewhere within the schema"),
        ({"$id": "http://hooks.test/", "$ref": "other"}, "somewhere within the schema"),
        ({"$ref": "#/$defs/none"}, "does not exist"),
        ({"pattern": "(?=a)b"}, "/pattern: "),
        ({"pattern": "("}, "/pattern: "),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema: only"),
        ({"description": "x" * LARGEST_SCHEMA}, "bytes of JSON at most"),
        (deep(60), "nested more than 50 deep"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_saying_where(schema, advice):
    with pytest.raises(ValueError) as refusal:
        check_schema(schema)

    assert advice in str(refusal.value)


def test_violations_are_named_by_json_pointer_and_repeat_no_value():
    found = DataSchema(MONEY).violations({"a/b~c": 5, "items": [1, 999]})

    assert {violation.pointer for violation in found} == {"/data", "/data/a~1b~0c", "/data/items/1"}
    assert not any("999" in violation.message for violation in found)


def test_only_so_many_violations_are_told():
    assert len(DataSchema({"items": {"type": "string"}}).violations([1] * 1000)) == MOST_VIOLATIONS


def test_a_pattern_takes_linear_time_whatever_it_is():
    """A backtracking engine would not come back from this within the test's time limit."""
    assert DataSchema({"pattern": "^(a+)+$"}).fits("a" * 50_000 + "!") is False


def test_an_example_must_fit():
    check_example({"amount": 5}, MONEY)
    check_example("anything", None)
    with pytest.raises(ValueError, match="does not fit the schema: /amount: the value is not of type"):
        check_example({"amount": "5"}, MONEY)


def finding(enforcement, data):
    event = Event(
        id="e", tenant="t", type="invoice.paid", occurred_at=NOW, digest="",
        body=payload.encode("invoice.paid", NOW, data),
    )  # fmt: skip
    event_type = EventType(name="invoice.paid", schema=MONEY, enforcement=enforcement)
    return rules_of(1, [event_type]).judge(event, Judge(event))


@pytest.mark.parametrize(
    ("enforcement", "refused", "warnings"),
    [
        (Enforcement.OFF, False, ()),
        (Enforcement.WARN, False, ('/data/amount: the value is not of type "number"',)),
        (Enforcement.REFUSE, True, ()),
    ],
)
def test_each_enforcement_makes_its_own_of_a_violation(enforcement, refused, warnings):
    found = finding(enforcement, b'{"amount":"5"}')

    assert (found.refused, found.warnings) == (refused, warnings)


@pytest.mark.parametrize("enforcement", list(Enforcement))
def test_data_that_fits_passes_under_every_enforcement(enforcement):
    assert finding(enforcement, b'{"amount":5}').violations == ()


def test_data_is_not_parsed_for_a_type_that_asks_nothing():
    event = Event(id="e", tenant="t", type="order.made", occurred_at=NOW, digest="", body=b"no envelope")

    assert rules_of(1, [EventType(name="invoice.paid", schema=MONEY)]).judge(event, Judge(event)).violations == ()
