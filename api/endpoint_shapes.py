"""The shapes of endpoints in answers (API.md) for the OpenAPI document; rendering.py makes them."""

from marshmallow import Schema, fields

from api.shape_fields import decimal, flag, mapping, moment, one_of, text, texts, whole
from api.shapes import ListShape
from webhooks.model import Status
from webhooks.signing_secrets import SigningScheme


class SigningShape(Schema):
    """How requests are signed."""

    scheme = one_of(SigningScheme)
    header_prefix = text()
    signature_header = text(null=True)


class RateLimitShape(Schema):
    """How often an endpoint may be called."""

    limit = whole()
    period_seconds = decimal()


class LineShape(Schema):
    """A line of an ordered endpoint, where others stand behind the head."""

    ordering_key = text(null=True)
    head = text()
    since = moment(null=True)
    status = one_of(Status)
    waiting_for = text(null=True)
    next_attempt_at = moment(null=True)
    waiting = whole()


class HealthShape(Schema):
    """How an endpoint fares."""

    state = fields.String(required=True, metadata={"enum": ["closed", "open", "half_open"]})
    reason = text(null=True)
    next_probe_at = moment(null=True)
    failing_since = moment(null=True)
    failures = whole()
    in_flight = whole()
    effective_cap = whole()
    waiting = whole()
    head = text(null=True)
    head_since = moment(null=True)
    lines = fields.List(fields.Nested(LineShape), required=True)
    last_success_at = moment(null=True)
    last_failure_at = moment(null=True)
    last_status_code = whole(null=True)
    last_error = text(null=True)


class EndpointShape(Schema):
    """An endpoint; credentials are masked."""

    id = text()
    tenant = text()
    url = text()
    description = text()
    event_types = texts()
    channels = texts()
    filter = text(null=True)
    enabled = flag()
    disabled_reason = text(null=True)
    disabled_at = moment(null=True)
    headers = mapping()
    auth = mapping(null=True)
    tls = mapping(null=True)
    signing = fields.Nested(SigningShape, required=True)
    public_key = text(null=True)
    retry_schedule = fields.List(fields.Float(), required=True, allow_none=True)
    timeout_seconds = decimal()
    rate_limit = fields.Nested(RateLimitShape, required=True, allow_none=True)
    max_in_flight = whole()
    ordered = flag()
    metadata = mapping()
    health = fields.Nested(HealthShape, required=True)
    created_at = moment()
    updated_at = moment()


class NewEndpointShape(EndpointShape):
    """An endpoint that was made just now, with its signing secret."""

    secret = text(null=True)


class PreviousSecretShape(Schema):
    """An earlier signing secret that still counts."""

    expires_at = moment()
    public_key = text(null=True)


class SecretShape(Schema):
    """An endpoint's signing secrets."""

    secret = text(null=True)
    public_key = text(null=True)
    previous = fields.List(fields.Nested(PreviousSecretShape), required=True)


class EndpointListShape(ListShape):
    """A page of endpoints."""

    data = fields.List(fields.Nested(EndpointShape), required=True)
