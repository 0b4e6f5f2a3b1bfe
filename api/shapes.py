"""The shapes of answers (API.md) for the OpenAPI document; rendering.py makes them."""

from marshmallow import Schema, fields

from api.shape_fields import decimal, flag, mapping, moment, one_of, text, texts, whole
from webhooks.model import ErrorCode, Reason, Status, Trigger, Verdict


class ProblemShape(Schema):
    """A problem document (RFC 9457)."""

    type = text()
    title = text()
    status = whole()
    code = text()
    detail = text()
    errors = fields.Dict(fields.String(), fields.List(fields.String()), required=True)
    request_id = text()


class OwedShape(Schema):
    """A delivery as its event lists it."""

    id = text()
    endpoint_id = text()
    status = one_of(Status)


class SkippedShape(Schema):
    """A delivery that was skipped, as its event lists it."""

    id = text()
    endpoint_id = text()
    reason = one_of(Reason)


class EventShape(Schema):
    """An event with the first of its deliveries."""

    id = text()
    type = text()
    tenant = text()
    occurred_at = moment()
    created_at = moment()
    duplicate = flag()
    warnings = texts()
    deliveries = fields.List(fields.Nested(OwedShape), required=True)
    deliveries_count = whole()
    skipped = fields.List(fields.Nested(SkippedShape), required=True)
    skipped_count = whole()


class DeliveryShape(Schema):
    """A delivery as lists show it."""

    id = text()
    event_id = text()
    event_type = text()
    endpoint_id = text()
    tenant = text()
    url = text(null=True)
    ordering_key = text(null=True)
    sequence = whole()
    status = one_of(Status)
    reason = one_of(Reason, null=True)
    attempts_count = whole()
    retries_left = whole()
    replays = whole()
    next_attempt_at = moment(null=True)
    waiting_for = text(null=True)
    last_status_code = whole(null=True)
    last_error = text(null=True)
    created_at = moment()
    updated_at = moment()
    finished_at = moment(null=True)


class RequestShape(Schema):
    """What was sent; credentials and signatures are masked."""

    url = text(null=True)
    headers = mapping()


class ResponseShape(Schema):
    """What was kept of the answer."""

    headers = mapping()
    body = text()
    body_encoding = fields.String(required=True, metadata={"enum": ["utf-8", "base64"]})
    truncated = flag()
    bytes = whole()


class AttemptShape(Schema):
    """One attempt of a delivery."""

    number = whole()
    trigger = one_of(Trigger)
    started_at = moment()
    duration_ms = decimal()
    outcome = one_of(Verdict)
    status_code = whole(null=True)
    error = one_of(ErrorCode, null=True)
    error_detail = text(null=True)
    retry_after_seconds = decimal(null=True)
    request = fields.Nested(RequestShape, required=True)
    response = fields.Nested(ResponseShape, required=True, allow_none=True)


class WholeDeliveryShape(DeliveryShape):
    """A delivery with all its attempts."""

    attempts = fields.List(fields.Nested(AttemptShape), required=True)


class RefusalShape(Schema):
    """A delivery that was not replayed, and why."""

    id = text()
    reason = text()


class ReplayedShape(Schema):
    """Which of an event's deliveries go again."""

    replayed = texts()
    refused = fields.List(fields.Nested(RefusalShape), required=True)


class InboxShape(Schema):
    """A received event and how far its handlers are."""

    source = text()
    id = text()
    source_id = text()
    type = text()
    received_at = moment()
    status = text()
    ignored_at = moment(null=True)
    handlers = fields.List(fields.Nested(DeliveryShape), required=True)


class WholeEventShape(EventShape):
    """An event with its data, and the exact text that is sent."""

    data = fields.Raw(required=True, allow_none=True)
    body = text(null=True)
    payload_erased_at = moment(null=True)
    nodes = texts()
    received = fields.List(fields.Nested(InboxShape), required=True)


class InboxCountsShape(Schema):
    """How much a source sent that is kept, and how far its handlers are."""

    source = text()
    events = whole()
    handlers = fields.Dict(fields.String(), fields.Integer(), required=True)


class BucketShape(Schema):
    """The attempts of an hour or a day."""

    start = moment()
    delivered = whole()
    failed = whole()


class EndpointStatsShape(Schema):
    """How an endpoint fared."""

    attempts = whole()
    delivered = whole()
    failed = whole()
    p50_ms = decimal(null=True)
    p95_ms = decimal(null=True)
    buckets = fields.List(fields.Nested(BucketShape), required=True)


class FlowShape(Schema):
    """The flow, counted."""

    nodes = fields.Dict(fields.String(), fields.Integer(), required=True)
    edges = fields.Dict(fields.String(), fields.Integer(), required=True)
    since = moment()


class ReadinessShape(Schema):
    """Whether everything that deliveries need is there."""

    status = fields.String(required=True, metadata={"enum": ["ready", "not_ready"]})
    failed = fields.List(fields.String(), required=True)
    checks = mapping()


class LivenessShape(Schema):
    """That the process runs."""

    status = text()


class ListShape(Schema):
    """A page; `next` is the cursor of the rest."""

    next = text(null=True)


class EventListShape(ListShape):
    """A page of events."""

    data = fields.List(fields.Nested(EventShape), required=True)


class DeliveryListShape(ListShape):
    """A page of deliveries."""

    data = fields.List(fields.Nested(DeliveryShape), required=True)


class InboxListShape(ListShape):
    """A page of received events."""

    data = fields.List(fields.Nested(InboxShape), required=True)
