"""Tenants as requests and answers show them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields

from api.fields import Limit, Number, Text
from api.schemas import StrictSchema
from api.shape_fields import decimal, mapping, moment, text, whole
from api.shapes import ListShape
from webhooks.matching import LONGEST_TYPE, check_event_type

SHORTEST_RETENTION, LONGEST_RETENTION = 60, 3650 * 86400
MOST_TYPES = 100


class RetentionByType(fields.Field[dict[str, float]]):
    """Seconds by event type."""

    def __init__(self, **options: Any) -> None:
        description = f"seconds by event type, {MOST_TYPES} at most"
        super().__init__(metadata={"type": "object", "description": description}, **options)
        self._seconds = Number(least=SHORTEST_RETENTION, most=LONGEST_RETENTION)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, float]:
        if not isinstance(value, dict):
            raise ValidationError("must be an object")
        if len(value) > MOST_TYPES:
            raise ValidationError(f"must have {MOST_TYPES} members at most")
        return {self._type(name): self._judged(name, seconds) for name, seconds in value.items()}

    def _type(self, name: str) -> str:
        try:
            check_event_type(name)
        except ValueError as error:
            raise ValidationError({name[:LONGEST_TYPE]: [str(error)]}) from error
        if len(name) > LONGEST_TYPE:
            raise ValidationError({name[:LONGEST_TYPE]: [f"must have {LONGEST_TYPE} characters at most"]})
        return name

    def _judged(self, name: str, seconds: Any) -> float:
        try:
            return float(self._seconds.deserialize(seconds))
        except ValidationError as error:
            raise ValidationError({name: error.messages}) from error


class TenantPatchSchema(StrictSchema):
    """The body of `PATCH /v1/tenants/<id>`."""

    retention_seconds = Number(least=SHORTEST_RETENTION, most=LONGEST_RETENTION, allow_none=True)
    retention_by_type = RetentionByType(allow_none=True)


class TenantListQuery(StrictSchema):
    """Which part of the tenants is asked for."""

    limit = Limit()
    cursor = Text(least=1, most=1024)


class TenantShape(Schema):
    """A tenant and how much it has; null retention is the installation's."""

    id = text()
    endpoints_count = whole()
    events_count = whole()
    unfinished_count = whole()
    delivered_count = whole()
    failed_count = whole()
    retention_seconds = decimal(null=True)
    retention_by_type = mapping()


class TenantListShape(ListShape):
    """A page of tenants."""

    data = fields.List(fields.Nested(TenantShape), required=True)


class DeletionShape(Schema):
    """How far the deletion of a tenant is."""

    id = text()
    tenant = text()
    status = fields.String(required=True, metadata={"enum": ["running", "done"]})
    total = whole()
    done = whole()
    skipped = whole()
    started_at = moment()
    finished_at = moment(null=True)
