"""The body that publishes many events, and the shape of its answer."""

from typing import Any, ClassVar

from marshmallow import Schema, ValidationError, fields

from api.event_schemas import EventSchema
from api.fields import Text
from api.reading import LONGEST_KEY, check_key
from api.schemas import StrictSchema
from api.shape_fields import whole
from api.shapes import EventShape, ProblemShape
from webhooks import payload
from webhooks.batching import MOST_EVENTS


class BatchedEventSchema(EventSchema):
    """One event of a batch: like a single one, with its key among its fields."""

    idempotency_key = Text(least=1, most=LONGEST_KEY, check=check_key, allow_none=True)


class Rows(fields.List[Any]):
    """The events, each still as it was posted; each is read on its own."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> list[Any]:
        if len(value) > MOST_EVENTS:
            raise ValidationError(f"must have {MOST_EVENTS} items at most")
        return list(value)


class BatchSchema(StrictSchema):
    """The body of `POST /v1/events/batch`."""

    body_limit: ClassVar = "max_batch_bytes"

    events = Rows(fields.Nested(BatchedEventSchema), required=True, metadata={"maxItems": MOST_EVENTS})

    def read(self, raw: bytes) -> dict[str, Any]:
        """The slices of the rows; raises InvalidRequest."""
        return {"events": payload.slice_rows(raw)}


class BatchedShape(Schema):
    """What became of one event: `event` where it was kept, else `problem`."""

    status = whole()
    event = fields.Nested(EventShape)
    problem = fields.Nested(ProblemShape)


class BatchShape(Schema):
    """What became of each event, in their order."""

    data = fields.List(fields.Nested(BatchedShape), required=True)
