"""API keys as requests and answers show them."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load

from api.fields import Text, Tuple, check_name
from api.schemas import StrictSchema
from api.shape_fields import moment, text
from api.shapes import ListShape
from webhooks.api_keys import Scope

LONGEST_NAME = 128


def check_scope(text: str) -> None:
    """Nothing for a scope, else ValueError."""
    if text not in list(Scope):
        raise ValueError(f"must be one of: {', '.join(Scope)}")


class KeySchema(StrictSchema):
    """The body of `POST /v1/keys`."""

    name = Text(required=True, least=1, most=LONGEST_NAME)
    tenant = Text(least=1, most=64, check=check_name, allow_none=True)
    scopes = Tuple(Text(least=1, most=16, check=check_scope), most=len(Scope), required=True)

    @post_load
    def _as_scopes(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        scopes = frozenset(Scope(each) for each in loaded["scopes"])
        if not scopes:
            raise ValidationError("give at least one", field_name="scopes")
        return {**loaded, "scopes": scopes}


class KeyShape(Schema):
    """What is known of a key."""

    id = text()
    name = text()
    tenant = text(null=True)
    scopes = fields.List(fields.String(metadata={"enum": [each.value for each in Scope]}), required=True)
    created_at = moment()
    last_used_at = moment(null=True)


class NewKeyShape(KeyShape):
    """A key as it is shown once."""

    key = text()


class KeyListShape(ListShape):
    """A page of keys."""

    data = fields.List(fields.Nested(KeyShape), required=True)
