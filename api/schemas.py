"""How requests are judged (API.md): nothing coerced, nothing unknown passed over; and the queries."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from marshmallow import RAISE, Schema, ValidationError, post_load, validates

from api.fields import Limit, Moment, Text, check_name
from webhooks import strict_json
from webhooks.errors import FieldErrors, InvalidRequest
from webhooks.matching import LONGEST_TYPE
from webhooks.model import Status
from webhooks.strict_json import NotStrict

GROUPS: Mapping[str, frozenset[Status]] = {
    group: frozenset(status for status in Status if status.group == group)
    for group in ("unfinished", "delivered", "failed")
} | {"undelivered": frozenset(Status) - {Status.DELIVERED}}


class StrictSchema(Schema):
    """A schema whose problems are raised as one of our errors, by field."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    refusal: ClassVar[type[InvalidRequest]] = InvalidRequest
    body_optional = False
    body_limit: ClassVar[str] = "max_body_bytes"
    error_messages = {"unknown": "there is no such field"}  # noqa: RUF012 - marshmallow declares it so

    def read(self, raw: bytes) -> dict[str, Any]:
        """The members of a JSON object; raises the schema's own refusal for anything else."""
        try:
            members = strict_json.members(raw)
        except NotStrict as error:
            where = error.field or "body"
            raise self.refusal(f"the body cannot be read: {error}", {where: [str(error)]}) from None
        return {name: msgspec.json.decode(value) for name, value in members.items()}

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **_: Any) -> None:  # noqa: ARG002
        """Marshmallow asks for this; raises the schema's own refusal."""
        problems = flat(error.messages)
        raise self.refusal("see `errors`: " + ", ".join(sorted(problems)), problems)


def flat(messages: Any, path: str = "") -> FieldErrors:
    """Nested messages by their dotted path; a list's items by their number."""
    if not isinstance(messages, dict):
        return {path.removesuffix("._schema") or "body": [str(each) for each in messages]}
    found: dict[str, Any] = {}
    for name, below in messages.items():
        found |= flat(below, f"{path}.{name}" if path else str(name))
    return found


class TenantQuery(StrictSchema):
    """Whose thing is asked for."""

    tenant = Text(least=1, most=64, check=check_name)


class SinceQuery(StrictSchema):
    """From when on something is counted."""

    since = Moment()


class EndpointsQuery(TenantQuery):
    """Which part of a tenant's endpoints is asked for."""

    limit = Limit()
    cursor = Text(least=1, most=1024)


class ListQuery(EndpointsQuery):
    """Which part of a list is asked for."""

    since = Moment()
    until = Moment()


class EventsQuery(ListQuery):
    """The filters of `GET /v1/events`."""

    event_type = Text(least=1, most=LONGEST_TYPE)


class DeliveriesQuery(EventsQuery):
    """The filters of `GET /v1/deliveries`."""

    endpoint_id = Text(least=1, most=128)
    event_id = Text(least=1, most=128)
    status = Text(least=1, most=256)

    @post_load
    def _statuses(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        names = loaded.pop("status", "")
        return {**loaded, "statuses": statuses_of(names.split(",")) if names else frozenset()}

    @validates("status")
    def _known(self, value: str, **_: Any) -> None:
        unknown = [name for name in value.split(",") if name not in GROUPS and name not in list(Status)]
        if unknown:
            raise ValidationError("must be a comma list of " + " ".join([*Status, *sorted(set(GROUPS) - set(Status))]))


def check_item_status(text: str) -> None:
    """Nothing for the status of a received event; else ValueError."""
    known = ("done", "ignored", *(status for status in Status if status is not Status.DELIVERED))
    if text not in known:
        raise ValueError(f"must be one of {' '.join(known)}")


class InboxQuery(ListQuery):
    """The filters of `GET /v1/inbox`."""

    class Meta(StrictSchema.Meta):
        """A source is a tenant of its own."""

        exclude = ("tenant",)

    source = Text(least=1, most=64, check=check_name, load_default="default")
    event_type = Text(least=1, most=LONGEST_TYPE)
    status = Text(least=1, most=16, check=check_item_status)


class SourceQuery(StrictSchema):
    """Whose inbox is asked for."""

    source = Text(least=1, most=64, check=check_name, load_default="default")


def statuses_of(names: list[str]) -> frozenset[Status]:
    """The statuses that these names and groups stand for."""
    return frozenset().union(*(GROUPS.get(name) or {Status(name)} for name in names))
