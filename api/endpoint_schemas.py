"""The bodies that make and change endpoints."""

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from marshmallow import ValidationError, post_load, validates

from api.fields import Fixed, Flag, Later, Number, Object, Text, Tuple, WholeNumber, check_name
from api.schemas import StrictSchema
from webhooks import signing
from webhooks.errors import InvalidEndpoint
from webhooks.matching import check_pattern
from webhooks.settings import SCHEDULE_LIMITS

MOST_PATTERNS, MOST_CHANNELS = 500, 5
MOST_RETRIES, LONGEST_DELAY, LONGEST_SCHEDULE = SCHEDULE_LIMITS
SHORTEST_TIMEOUT, LONGEST_TIMEOUT, DEFAULT_TIMEOUT = 0.1, 60.0, 15.0
MOST_METADATA_BYTES = 16 * 1024


class EndpointSchema(StrictSchema):
    """The body of `POST /v1/endpoints`; null means the default, as does leaving a field out."""

    refusal: ClassVar = InvalidEndpoint
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "event_types": ("*",),
        "channels": (),
        "enabled": True,
        "headers": {},
        "retry_schedule": None,
        "timeout_seconds": DEFAULT_TIMEOUT,
        "max_in_flight": 10,
        "metadata": {},
    }

    tenant = Text(least=1, most=64, check=check_name, allow_none=True)
    secret = Text(most=200, check=signing.decode_secret, allow_none=True)
    url = Text(required=True, least=1, most=4096)
    description = Text(most=1000, allow_none=True)
    event_types = Tuple(Text(most=4096, check=check_pattern), most=MOST_PATTERNS, allow_none=True)
    channels = Tuple(Text(least=1, most=128), most=MOST_CHANNELS, allow_none=True)
    enabled = Flag(allow_none=True)
    headers = Object(allow_none=True)
    retry_schedule = Tuple(Number(least=0, most=LONGEST_DELAY), most=MOST_RETRIES, allow_none=True)
    timeout_seconds = Number(least=SHORTEST_TIMEOUT, most=LONGEST_TIMEOUT, allow_none=True)
    max_in_flight = WholeNumber(least=1, most=1000, allow_none=True)
    metadata = Object(allow_none=True)
    filter = Later(None)
    auth = Later(None)
    signing = Later({"scheme": "v1", "header_prefix": "webhook-"})
    rate_limit = Later(None)
    ordered = Later(default=False)

    @validates("retry_schedule")
    def _ends(self, value: tuple[float, ...] | None, **_: Any) -> None:
        if sum(value or ()) > LONGEST_SCHEDULE:
            raise ValidationError(f"must add up to {LONGEST_SCHEDULE} seconds at most")

    @validates("metadata")
    def _is_small(self, value: dict[str, Any] | None, **_: Any) -> None:
        if len(msgspec.json.encode(value)) > MOST_METADATA_BYTES:
            raise ValidationError(f"must have {MOST_METADATA_BYTES} bytes of JSON at most")

    @post_load
    def _with_defaults(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Null is the default; so is an empty list of event types."""
        known = {name: value for name, value in loaded.items() if not isinstance(self.fields[name], Later)}
        return {
            name: self.defaults[name]
            if value is None or (name == "event_types" and not value)
            else value
            for name, value in known.items()
            if value is not None or name in self.defaults
        }


class EndpointPatchSchema(EndpointSchema):
    """The body of `PATCH /v1/endpoints/<id>`: what is left out stays, null goes back to the default."""

    id = Fixed()
    tenant = Fixed()
    secret = Fixed("cannot be changed here; rotate it")
    url = Text(least=1, most=4096)


