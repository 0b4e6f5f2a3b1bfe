"""The body that rotates a signing secret."""

from typing import Any, ClassVar

from marshmallow import post_load

from api.fields import Number, Text
from api.schemas import StrictSchema
from webhooks.errors import InvalidEndpoint
from webhooks.rotation import LONGEST_OVERLAP_SECONDS
from webhooks.signing_secrets import LONGEST_TEXT


class RotationSchema(StrictSchema):
    """The body of `POST /v1/endpoints/<id>/secret/rotate`, which may be left out; null means the default."""

    refusal: ClassVar = InvalidEndpoint
    body_optional = True

    secret = Text(most=LONGEST_TEXT, allow_none=True)
    overlap_seconds = Number(least=0, most=LONGEST_OVERLAP_SECONDS, allow_none=True)

    @post_load
    def _with_defaults(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"secret": None, "overlap_seconds": None, **loaded}
