"""The bodies and the shapes of the catalogue of event types."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema

from api.fields import Flag, Limit, Object, Switch, Text
from api.schemas import StrictSchema
from api.shape_fields import flag, moment, one_of, text, texts, whole
from api.shapes import ListShape
from webhooks.errors import InvalidRequest
from webhooks.event_types import Enforcement, check_example, check_schema
from webhooks.importing import LONGEST_DESCRIPTION
from webhooks.matching import LONGEST_TYPE, check_pattern


def check_enforcement(value: str) -> None:
    """Nothing for one of the words, else ValueError."""
    if value not in list(Enforcement):
        raise ValueError(f"must be one of: {', '.join(Enforcement)}")


EXAMPLE = {
    "description": "An invoice was paid in full",
    "schema": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}},
    "example": {"amount": 120.5},
    "enforcement": "warn",
}
"""Shown with the call that keeps an event type."""


class EventTypeSchema(StrictSchema):
    """The body of `PUT /v1/event-types/<name>`; what is left out or null is the default."""

    refusal: ClassVar = InvalidRequest

    description = Text(most=LONGEST_DESCRIPTION, allow_none=True)
    schema = Object(allow_none=True)
    example = fields.Raw(allow_none=True)
    deprecated = Flag(allow_none=True)
    archived = Flag(allow_none=True)
    enforcement = Text(most=8, check=check_enforcement, allow_none=True)

    @validates_schema(skip_on_field_errors=True)
    def _fits(self, data: dict[str, Any], **_: Any) -> None:
        schema = data.get("schema")
        if schema is not None:
            _judged("schema", check_schema, schema)
        elif data.get("enforcement") in (Enforcement.WARN, Enforcement.REFUSE):
            raise ValidationError("needs a schema that can be enforced", "enforcement")
        if data.get("example") is not None:
            _judged("example", check_example, data["example"], schema)

    @post_load
    def _without_nulls(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        known = {name: value for name, value in loaded.items() if value is not None}
        return {**known, "enforcement": Enforcement(known.get("enforcement", Enforcement.OFF))}


def _judged(field: str, check: Any, *values: Any) -> None:
    try:
        check(*values)
    except ValueError as error:
        raise ValidationError(str(error), field) from error


class EventTypesQuery(StrictSchema):
    """Which part of the catalogue is asked for."""

    pattern = Text(least=1, most=LONGEST_TYPE, check=check_pattern)
    archived = Switch()
    limit = Limit()
    cursor = Text(least=1, most=1024)


class ImportQuery(StrictSchema):
    """How a document is imported."""

    dry_run = Switch(load_default=False)


class EventTypeShape(Schema):
    """An event type."""

    name = text()
    description = text()
    schema = fields.Dict(required=True, allow_none=True)
    example = fields.Raw(required=True, allow_none=True)
    deprecated = flag()
    archived = flag()
    enforcement = one_of(Enforcement)
    warned_count = whole()
    refused_count = whole()
    created_at = moment()
    updated_at = moment()


class EventTypeListShape(ListShape):
    """A page of event types."""

    data = fields.List(fields.Nested(EventTypeShape), required=True)


class AskedTypeShape(Schema):
    """An event type that an endpoint gets, and by which of its patterns."""

    name = text()
    pattern = text()
    description = text()
    deprecated = flag()
    archived = flag()


class AskedTypesShape(ListShape):
    """What an endpoint would get, as far as the catalogue knows."""

    data = fields.List(fields.Nested(AskedTypeShape), required=True)
    patterns_without_types = texts()


class RefusedTypeShape(Schema):
    """An entry of a document that is no event type."""

    name = text()
    reason = text()


class ImportShape(Schema):
    """What an import did, or with `dry_run` would do."""

    dry_run = flag()
    created = texts()
    changed = texts()
    unchanged = texts()
    refused = fields.List(fields.Nested(RefusedTypeShape), required=True)
