"""The bodies that start recoveries, and the shapes of their answers."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates, validates_schema

from api.fields import Flag, Moment, Text, Tuple, check_name
from api.schemas import StrictSchema
from api.shape_fields import moment, text, texts, whole
from webhooks.answers import UNDELIVERED
from webhooks.model import Status


class RecoverSchema(StrictSchema):
    """The body of `POST /v1/endpoints/<id>/recover`; null is as good as nothing, but for `since`."""

    since = Moment(required=True)
    until = Moment(allow_none=True)
    statuses = Tuple(Text(most=16), most=len(UNDELIVERED), allow_none=True)
    dry_run = Flag(allow_none=True)

    @validates("statuses")
    def _can_be_recovered(self, value: tuple[str, ...] | None, **_: Any) -> None:
        if value is not None and (not value or not UNDELIVERED.issuperset(value)):
            raise ValidationError("must be some of " + " ".join(sorted(UNDELIVERED)))

    @validates_schema
    def _is_a_range(self, loaded: dict[str, Any], **_: Any) -> None:
        if loaded.get("until") and loaded["until"] <= loaded["since"]:
            raise ValidationError("must be after `since`", "until")

    @post_load
    def _with_defaults(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        given = {name: value for name, value in loaded.items() if value is not None}
        names = given.pop("statuses", UNDELIVERED)
        return {"dry_run": False, **given, "statuses": frozenset(Status(name) for name in names)}


class RecoverTenantSchema(RecoverSchema):
    """The body of `POST /v1/recoveries`."""

    tenant = Text(least=1, most=64, check=check_name, allow_none=True)


class RecoverableShape(Schema):
    """What a dry run answers."""

    count = whole()


class RecoveryShape(Schema):
    """A recovery and how far it is."""

    id = text()
    tenant = text()
    endpoint_id = text(null=True)
    since = moment()
    until = moment()
    statuses = texts()
    status = fields.String(required=True, metadata={"enum": ["running", "done", "failed"]})
    total = whole()
    done = whole()
    skipped = whole()
    started_at = moment()
    finished_at = moment(null=True)
