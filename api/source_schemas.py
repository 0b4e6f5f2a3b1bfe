"""The body that makes or changes a source, and the shapes that show one."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates

from api.endpoint_schemas import RateLimitSchema
from api.endpoint_shapes import RateLimitShape
from api.fields import Number, Object, Text, Tuple
from api.schemas import StrictSchema
from api.shape_fields import flag, moment, text, texts, whole
from api.shapes import ListShape
from webhooks import variables
from webhooks.schemes import STANDARD
from webhooks.sources import LONGEST_SECRET, MOST_SECRETS

MOST_NETWORKS = 500
LEAST_RETENTION, LONGEST_RETENTION = 60, 3650 * 86400


def check_network(value: str) -> None:
    """Nothing for one network, else ValueError."""
    if len(variables.networks(value)) != 1:
        raise ValueError("must be one network, such as 192.0.2.0/24")


class SourceSchema(StrictSchema):
    """The body of `PUT /v1/sources/<name>`; what is left out is the default, but `secrets`, which stay."""

    scheme = Text(most=32, load_default=STANDARD)
    secrets = Tuple(Text(least=1, most=LONGEST_SECRET), most=MOST_SECRETS, allow_none=True)
    options = Object(load_default=dict)
    networks = Tuple(Text(most=64, check=check_network), most=MOST_NETWORKS, load_default=())
    rate_limit = fields.Nested(RateLimitSchema, allow_none=True, load_default=None)
    retention_seconds = Number(least=LEAST_RETENTION, most=LONGEST_RETENTION, allow_none=True, load_default=None)

    @validates("options")
    def _are_texts(self, value: dict[str, Any], **_: Any) -> None:
        odd = [name for name, each in value.items() if not isinstance(each, str)]
        if odd:
            raise ValidationError(f"every option is a string; not so: {', '.join(odd)}")

    @post_load
    def _normalised(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        networks = tuple(each for text in loaded["networks"] for each in variables.networks(text))
        return {**loaded, "networks": networks}


class SourceShape(Schema):
    """A source; its secrets are never read back."""

    name = text()
    path = text()
    scheme = text()
    secrets_count = whole()
    options = fields.Dict(fields.String(), fields.String(), required=True)
    networks = texts()
    rate_limit = fields.Nested(RateLimitShape, required=True, allow_none=True)
    retention_seconds = fields.Float(required=True, allow_none=True)
    from_environment = flag()
    created_at = moment(null=True)
    updated_at = moment(null=True)


class SourceListShape(ListShape):
    """All sources by name."""

    data = fields.List(fields.Nested(SourceShape), required=True)
