"""Many events in one call: `POST /v1/events/batch`."""

from typing import Any

from flask import request
from flask.typing import ResponseReturnValue

from api import rendering
from api.auth import principal
from api.batch_schemas import BatchedEventSchema, BatchSchema, BatchShape
from api.errors import problem_document
from api.event_schemas import EXAMPLE
from api.events import shown
from api.reading import IDEMPOTENCY_KEY, Blueprint
from api.wiring import wired
from webhooks import tracing
from webhooks.batching import Row, publish_batch
from webhooks.errors import InvalidRequest, PayloadTooLarge, WebhookError
from webhooks.publishing import Draft, Published

ROW = BatchedEventSchema()

blueprint = Blueprint("batches", __name__, url_prefix="/v1/events/batch", description="Many events at once")


@blueprint.route("", methods=["POST"])
@blueprint.arguments(BatchSchema, example={"events": [{**EXAMPLE, "id": "in_7-paid"}, EXAMPLE]})
@blueprint.alt_response(200, schema=BatchShape, description="Each row's own answer, in their order")
def publish_events(body: dict[str, Any]) -> ResponseReturnValue:
    """Publish up to 1,000 events, each on its own."""
    if IDEMPOTENCY_KEY in request.headers:
        reason = "give each row its own `idempotency_key` or `id`"
        raise InvalidRequest(f"a batch has no {IDEMPOTENCY_KEY} of its own: {reason}", {IDEMPOTENCY_KEY: [reason]})
    wiring = wired()
    rows = [_row(raw) for raw in body["events"]]
    published = publish_batch(wiring.intake, rows, now=wiring.clock.now(), random_bytes=wiring.random_bytes)
    return {"data": [_answer(row, each) for row, each in zip(rows, published, strict=True)]}


def _row(raw: bytes) -> Row | WebhookError:
    """The row, or why it cannot be published."""
    most_bytes = wired().settings.max_body_bytes
    if len(raw) > most_bytes:
        return PayloadTooLarge(f"an event has {most_bytes} bytes at most")
    try:
        fields: dict[str, Any] = ROW.load(ROW.read(raw))
        tenant = principal().tenant_to_write(fields.pop("tenant", None))
    except WebhookError as error:
        return error
    key = fields.pop("idempotency_key", None)
    return Row(
        draft=Draft(tenant=tenant, traceparent=request.headers.get(tracing.HEADER), **fields), idempotency_key=key
    )


def _answer(row: Row | WebhookError, published: Published | WebhookError) -> rendering.Json:
    if isinstance(row, WebhookError):
        return _refused(row)
    if isinstance(published, WebhookError):
        return _refused(published)
    try:
        event, status = shown(row.draft.tenant, published)
    except WebhookError as error:  # what was there before is read again, and that may fail for one row alone
        return _refused(error)
    return {"status": status, "event": event}


def _refused(error: WebhookError) -> rendering.Json:
    problem = problem_document(error)
    return {"status": problem["status"], "problem": problem}
