"""The bodies that make events: a publish request and a test."""

from typing import Any, ClassVar

from marshmallow import ValidationError, fields, post_load, validates

from api.fields import Moment, Text, Tuple, check_name
from api.schemas import StrictSchema
from webhooks import payload
from webhooks.errors import InvalidEvent
from webhooks.matching import LONGEST_TYPE, OPERATIONAL, check_event_type, check_own_event_type

TEST_TYPE = "hookline.test"
TEST_DATA = b'{"message":"A test event"}'
"""Of a test event whose type has no example."""
MOST_CHANNELS, MOST_CHOSEN = 5, 1000


EXAMPLE = {"type": "invoice.paid", "data": {"id": "in_7", "amount": 120.5}, "channels": ["eu"]}
"""Shown with the call that publishes."""


class DataSlice(fields.Raw):
    """Any JSON value, kept as the bytes that were posted."""


class EventSchema(StrictSchema):
    """The body of `POST /v1/events`; `data` comes out as the exact slice."""

    refusal: ClassVar = InvalidEvent

    type = Text(required=True, least=1, most=LONGEST_TYPE, check=check_own_event_type)
    data = DataSlice(required=True)
    tenant = Text(least=1, most=64, check=check_name, allow_none=True)
    id = Text(least=1, most=64, check=check_name, allow_none=True)
    occurred_at = Moment(allow_none=True)
    channels = Tuple(Text(least=1, most=128), most=MOST_CHANNELS, allow_none=True)
    endpoint_ids = Tuple(Text(least=1, most=64), most=MOST_CHOSEN, allow_none=True)
    ordering_key = Text(least=1, most=128, allow_none=True)

    def read(self, raw: bytes) -> dict[str, Any]:
        """The envelope and the slice of `data`; raises InvalidEvent."""
        envelope, data = payload.slice_data(raw)
        return {**envelope, "data": data}

    @post_load
    def _without_nulls(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in loaded.items() if value is not None}


class TestSchema(EventSchema):
    """The body of `POST /v1/endpoints/<id>/test`, which may be left out."""

    __test__ = False
    """Not a test of ours, whatever its name says to pytest."""
    body_optional = True

    class Meta(StrictSchema.Meta):
        """Only what a test event may choose."""

        fields = ("type", "data")

    type = Text(least=1, most=LONGEST_TYPE, check=check_event_type, load_default=TEST_TYPE, allow_none=True)
    data = DataSlice()

    def read(self, raw: bytes) -> dict[str, Any]:
        """Like an event's, but `data` may be missing; raises InvalidEvent."""
        members = StrictSchema.read(self, raw)
        return super().read(raw) if "data" in members else members

    @post_load
    def _without_nulls(self, loaded: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {"type": TEST_TYPE, **{name: value for name, value in loaded.items() if value is not None}}

    @validates("type")
    def _only_ours(self, value: str | None, **_: Any) -> None:
        if value and value.startswith(OPERATIONAL) and value != TEST_TYPE:
            raise ValidationError(f"must not begin with {OPERATIONAL}, unless it is {TEST_TYPE}")
