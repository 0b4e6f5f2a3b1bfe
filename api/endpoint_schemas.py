"""The bodies that make and change endpoints."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validates

from api.credential_schemas import AuthField, TlsSchema
from api.fields import Choice, Fixed, Flag, Number, Object, Text, Tuple, WholeNumber, check_name
from api.schemas import StrictSchema
from webhooks.errors import InvalidEndpoint
from webhooks.filtering import LONGEST, check_filter
from webhooks.matching import check_pattern
from webhooks.model import RateLimit
from webhooks.signing_secrets import LONGEST_TEXT, SigningScheme
from webhooks.variables import LONGEST_DELAY, LONGEST_SCHEDULE, MOST_RETRIES

MOST_PATTERNS, MOST_CHANNELS = 500, 10
SHORTEST_TIMEOUT, LONGEST_TIMEOUT = 0.1, 60.0
MOST_METADATA_BYTES = 16 * 1024
SCHEME, PREFIX = SigningScheme.V1, "webhook-"
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9-]*-")


def check_prefix(text: str) -> None:
    """Nothing for a beginning of header names, else ValueError."""
    if not _PREFIX.fullmatch(text):
        raise ValueError("must be letters, digits and `-`, begin with a letter and end with `-`")


def check_header_name(text: str) -> None:
    """Nothing for a header's name, else ValueError."""
    if not _HEADER_NAME.fullmatch(text):
        raise ValueError("must be letters, digits and `-`, and begin with a letter")


class SigningSchema(Schema):
    """How requests are signed; what is left out is the default."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    scheme = Choice(SigningScheme, load_default=SCHEME)
    header_prefix = Text(most=64, check=check_prefix, load_default=PREFIX)
    signature_header = Text(most=64, check=check_header_name, load_default=None, allow_none=True)

    @post_load
    def _as_attributes(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {
            "signing_scheme": loaded["scheme"],
            "header_prefix": loaded["header_prefix"],
            "signature_header": loaded["signature_header"],
        }


class RateLimitSchema(Schema):
    """How often an endpoint may be called."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    limit = WholeNumber(required=True, least=1, most=1_000_000)
    period_seconds = Number(required=True, least=0.1, most=86_400)

    @post_load
    def _as_value(self, loaded: dict[str, Any], **_: Any) -> RateLimit:
        return RateLimit(**loaded)


class EndpointSchema(StrictSchema):
    """The body of `POST /v1/endpoints`; null means the default, as does leaving a field out.

    The default of `timeout_seconds` is the installation's, so here it stays None.
    """

    refusal: ClassVar = InvalidEndpoint
    defaults: ClassVar[Mapping[str, Any]] = {
        "description": "",
        "event_types": ("*",),
        "channels": (),
        "filter": None,
        "enabled": True,
        "headers": {},
        "auth": None,
        "tls": None,
        "retry_schedule": None,
        "timeout_seconds": None,
        "max_in_flight": 10,
        "signing": {"signing_scheme": SCHEME, "header_prefix": PREFIX, "signature_header": None},
        "rate_limit": None,
        "ordered": False,
        "metadata": {},
    }

    tenant = Text(least=1, most=64, check=check_name, allow_none=True)
    secret = Text(most=LONGEST_TEXT, allow_none=True)
    url = Text(required=True, least=1, most=4096)
    description = Text(most=1000, allow_none=True)
    event_types = Tuple(Text(most=4096, check=check_pattern), most=MOST_PATTERNS, allow_none=True)
    channels = Tuple(Text(least=1, most=128), most=MOST_CHANNELS, allow_none=True)
    filter = Text(least=1, most=LONGEST, check=check_filter, allow_none=True)
    enabled = Flag(allow_none=True)
    headers = Object(allow_none=True)
    retry_schedule = Tuple(Number(least=0, most=LONGEST_DELAY), most=MOST_RETRIES, allow_none=True)
    timeout_seconds = Number(least=SHORTEST_TIMEOUT, most=LONGEST_TIMEOUT, allow_none=True)
    max_in_flight = WholeNumber(least=1, most=1000, allow_none=True)
    metadata = Object(allow_none=True)
    auth = AuthField(allow_none=True)
    tls = fields.Nested(TlsSchema, allow_none=True)
    signing = fields.Nested(SigningSchema, allow_none=True)
    rate_limit = fields.Nested(RateLimitSchema, allow_none=True)
    ordered = Flag(allow_none=True)

    @validates("retry_schedule")
    def _ends(self, value: tuple[float, ...] | None, **_: Any) -> None:
        if sum(value or ()) > LONGEST_SCHEDULE:
            raise ValidationError(f"must add up to {LONGEST_SCHEDULE} seconds at most")

    @validates("metadata")
    def _is_small(self, value: dict[str, Any] | None, **_: Any) -> None:
        if len(msgspec.json.encode(value)) > MOST_METADATA_BYTES:
            raise ValidationError(f"must have {MOST_METADATA_BYTES} bytes of JSON at most")

    @post_load
    def _as_attributes(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Null is the default, and so is an empty list of event types; `signing` is spread out."""
        known = {name: self._value(name, value) for name, value in loaded.items()}
        signing = known.pop("signing", {})
        return {**known, **signing}

    def _value(self, name: str, value: Any) -> Any:
        empty = value is None or (name == "event_types" and not value)
        return self.defaults.get(name) if empty else value


class EndpointPatchSchema(EndpointSchema):
    """The body of `PATCH /v1/endpoints/<id>`: what is left out stays, null goes back to the default."""

    id = Fixed()
    tenant: fields.Field[Any] = Fixed()  # type: ignore[assignment] # in place of the field that may be set
    secret: fields.Field[Any] = Fixed("cannot be changed here; rotate it")  # type: ignore[assignment] # alike
    url = Text(least=1, most=4096)
