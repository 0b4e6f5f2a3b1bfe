"""Event types out of OpenAPI documents."""

import pytest

from webhooks.errors import InvalidRequest
from webhooks.event_types import Enforcement, EventType
from webhooks.importing import event_types_of, merged, same


def document(webhooks, **components):
    return {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "webhooks": webhooks, "components": components}


def webhook(schema=None, **more):
    media = {name: more.pop(name) for name in ("example", "examples") if name in more}
    if schema is not None:
        media["schema"] = schema
    return {"post": {"requestBody": {"content": {"application/json": media}}, **more}}


def imported(item, **components):
    found = event_types_of(document({"invoice.paid": item}, **components))
    assert found.refused == {}
    return found.event_types[0]


def test_an_entry_becomes_an_event_type():
    schema = {"type": "object", "properties": {"amount": {"type": "number"}}}
    item = webhook(schema, description="Paid in full", deprecated=True, example={"amount": 5})

    assert imported(item) == EventType(
        name="invoice.paid", description="Paid in full", schema=schema, example={"amount": 5}, deprecated=True
    )


def test_of_a_schema_of_the_whole_body_the_part_for_data_is_taken():
    schema = {"type": "object", "properties": {"type": {"const": "invoice.paid"}, "data": {"type": "integer"}}}
    found = imported(webhook(schema, example={"type": "invoice.paid", "data": 7}))

    assert (found.schema, found.example) == ({"type": "integer"}, 7)


def test_schemas_that_it_refers_to_come_along_those_that_refer_to_themselves_too():
    found = imported(
        webhook({"$ref": "#/components/schemas/Invoice"}),
        schemas={
            "Invoice": {"properties": {"total": {"$ref": "#/components/schemas/Money"}}},
            "Money": {"properties": {"part": {"$ref": "#/components/schemas/Money"}, "n": {"type": "number"}}},
            "Other": {"type": "string"},
        },
    )

    assert found.schema == {
        "$ref": "#/$defs/Invoice",
        "$defs": {
            "Invoice": {"properties": {"total": {"$ref": "#/$defs/Money"}}},
            "Money": {"properties": {"part": {"$ref": "#/$defs/Money"}, "n": {"type": "number"}}},
        },
    }


def test_parts_that_stand_elsewhere_in_the_document_are_found():
    found = event_types_of(
        document(
            {"invoice.paid": {"$ref": "#/components/pathItems/paid"}},
            pathItems={"paid": {"post": {"requestBody": {"$ref": "#/components/requestBodies/paid"}}}},
            requestBodies={"paid": {"content": {"application/json": {"schema": {"type": "integer"}}}}},
        )
    )

    assert found.event_types == (EventType(name="invoice.paid", schema={"type": "integer"}),)


@pytest.mark.parametrize(
    ("item", "example"),
    [
        (webhook({"type": "integer"}, examples={"first": {"value": 5}, "second": {"value": 6}}), 5),
        (webhook({"type": "integer", "examples": [7, 8]}), 7),
        (webhook({"type": "integer"}), None),
        (webhook(examples={}), None),
    ],
)
def test_the_first_example_is_taken(item, example):
    assert imported(item).example == example


@pytest.mark.parametrize(
    ("name", "item", "reason"),
    [
        ("not a name", webhook(), "dotted name"),
        ("hookline.mine", webhook(), "must not begin with hookline."),
        ("a.b", {"get": {}}, "has none of"),
        ("a.b", "x", "must be an object"),
        ("a.b", {"post": {"requestBody": []}}, "must be an object"),
        ("a.b", webhook({"type": "nosuch"}), "/type"),
        ("a.b", webhook({"type": "integer"}, example="x"), "does not fit"),
        ("a.b", webhook({"$ref": "https://elsewhere.test/schema"}), "not within the document"),
        ("a.b", webhook({"items": {"$ref": "other.yaml#/x"}}), "may refer to #/components/schemas/"),
        ("a.b", webhook({"items": {"$ref": "#/components/schemas/none"}}), "which is not there"),
        ("a.b", {"$ref": "#/webhooks/a.b"}, "in a circle"),
        ("a.b", {"$ref": 5}, "not within the document"),
        ("a.b", webhook({"items": {"$ref": "#/components/schemas/A/items"}}), "give that part a name"),
    ],
)
def test_an_entry_that_cannot_be_taken_is_named_with_the_reason_and_stops_no_other(name, item, reason):
    found = event_types_of(document({name: item, "order.made": webhook()}))

    assert [each.name for each in found.event_types] == ["order.made"]
    assert reason in found.refused[name]


@pytest.mark.parametrize(
    "bad",
    [5, None, [], {}, {"openapi": "3.0.3", "webhooks": {"a": {}}}, {"openapi": "3.1.0"}, document({}), document([])],
)
def test_a_document_without_webhooks_is_refused(bad):
    with pytest.raises(InvalidRequest):
        event_types_of(bad)


def test_importing_again_keeps_how_a_type_is_enforced():
    known = EventType(name="a", schema={}, enforcement=Enforcement.REFUSE, archived=True, refused_count=7)
    again = EventType(name="a", schema={"type": "string"}, description="new")

    kept = merged(again, known)

    assert (kept.enforcement, kept.archived, kept.schema) == (Enforcement.REFUSE, True, {"type": "string"})
    assert merged(EventType(name="a"), known).enforcement is Enforcement.OFF
    assert not same(kept, known)
    assert same(known, known)
