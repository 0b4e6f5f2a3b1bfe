"""What a handler may ask for beside its event types: data of a type, times, order, a cap."""

from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from marshmallow import Schema, fields, post_load

from webhooks import processing
from webhooks.answers import Claim
from webhooks.handlers import Handlers, Reject
from webhooks.model import Delivery, Endpoint, ErrorCode, Event, Status, Verdict
from webhooks.ordering import Content

CLOCK = SimpleNamespace(now=lambda: datetime(2026, 11, 25, tzinfo=UTC), monotonic=lambda: 0.0)


@dataclass(frozen=True)
class Invoice:
    id: str
    amount: int


class InvoiceSchema(Schema):
    id = fields.String(required=True)
    amount = fields.Integer(required=True, strict=True)

    @post_load
    def make(self, data, **_):
        return Invoice(**data)


def run(registry, body, *, name="book"):
    claim = Claim(
        won=True,
        body=body,
        delivery=Delivery(
            id=f"evt_1:fn_shop.{name}",
            event_id="evt_1",
            event_type="invoice.paid",
            endpoint_id=f"fn_shop.{name}",
            tenant="in.shop",
            status=Status.SENDING,
        ),
        endpoint=Endpoint(id=f"fn_shop.{name}", tenant="in.shop", url=f"handler:{name}"),
    )
    return processing.run(registry, claim, clock=CLOCK)


def booking(schema):
    """A registry whose handler keeps what it is given, and what that is."""
    registry, seen = Handlers(), []

    @registry.on("invoice.*", schema=schema)
    def book(event):
        seen.append(event.data)

    return registry, seen


@pytest.mark.parametrize("schema", [Invoice, InvoiceSchema, InvoiceSchema()])
def test_data_is_of_the_type_that_the_handler_asks_for(schema):
    registry, seen = booking(schema)

    outcome = run(registry, b'{"type":"invoice.paid","data":{"id":"in_1","amount":5}}')

    assert outcome.verdict is Verdict.DELIVERED
    assert seen == [Invoice(id="in_1", amount=5)]


@pytest.mark.parametrize("schema", [Invoice, InvoiceSchema])
@pytest.mark.parametrize("data", [b'{"id":"in_1"}', b'{"id":"in_1","amount":"5"}', b"[]", b"null", b"7"])
def test_data_that_does_not_fit_is_rejected_and_not_tried_again(schema, data):
    registry, seen = booking(schema)

    outcome = run(registry, b'{"type":"invoice.paid","data":' + data + b"}")

    assert (outcome.error, outcome.final, seen) == (ErrorCode.REJECTED, True, [])
    assert outcome.detail.startswith("the data does not fit Invoice")


def test_what_is_no_type_is_refused_when_the_handler_is_registered():
    with pytest.raises(TypeError, match="a dataclass or a marshmallow schema"):
        Handlers().on("a", schema=object())


def test_the_traceback_of_a_handler_that_fails_is_kept_and_a_reject_is_final():
    registry = Handlers()

    @registry.on("*")
    def divide(event):
        return 1 / 0

    @registry.on("*")
    def refuse(event):
        raise Reject("not for us")

    failed = run(registry, b"{}", name="divide")
    rejected = run(registry, b"{}", name="refuse")

    assert (failed.error, failed.final) == (ErrorCode.HANDLER_FAILED, False)
    assert failed.detail.rstrip().endswith("ZeroDivisionError: division by zero")
    assert "in divide" in failed.detail
    assert (rejected.error, rejected.final, rejected.detail) == (ErrorCode.REJECTED, True, "not for us")


def test_what_a_handler_asks_for_becomes_its_endpoint():
    registry, added = Handlers(), []

    @registry.on("invoice.*", retry_schedule=[1, 60], time_limit=5, ordering_key="data.id", max_in_flight=3)
    def book(event): ...

    @registry.on("*")
    def watch(event): ...

    store = SimpleNamespace(endpoints=lambda tenant: (0, []), add_endpoint=added.append)
    processing.register(store, registry, ["shop"], timeout_seconds=60)
    by_id = {endpoint.id: endpoint for endpoint in added}

    asked, plain = by_id["fn_shop.book"], by_id["fn_shop.watch"]
    assert (asked.retry_schedule, asked.timeout_seconds, asked.max_in_flight) == ((1, 60), 5, 3)
    assert (asked.ordered, asked.ordered_by) == (True, "data.id")
    assert (plain.retry_schedule, plain.timeout_seconds, plain.max_in_flight) == (None, 60, 1000)
    assert (plain.ordered, plain.ordered_by) == (False, None)


@pytest.mark.parametrize(
    "options",
    [
        {"retry_schedule": [-1]},
        {"retry_schedule": [1] * 21},
        {"retry_schedule": ["5s"]},
        {"retry_schedule": [604_800] * 5},
        {"time_limit": 0},
        {"time_limit": 3601},
        {"time_limit": float("nan")},
        {"max_in_flight": 0},
        {"max_in_flight": 1001},
        {"ordering_key": ""},
        {"ordering_key": "data..id"},
        {"ordering_key": "data.id "},
    ],
)
def test_numbers_and_paths_out_of_bounds_are_refused(options):
    with pytest.raises(ValueError, match=next(iter(options)).split("_")[0]):
        Handlers().on("a", **options)


@pytest.mark.parametrize(
    ("path", "body", "key"),
    [
        ("data.invoice.id", b'{"data":{"invoice":{"id":"in_1"}}}', "in_1"),
        ("id", b'{"id":17}', "17"),
        ("id", b'{"id":true}', None),
        ("id", b'{"id":{}}', None),
        ("id.x", b'{"id":"a"}', None),
        ("id", b"[]", None),
        ("id", b"not json", None),
        (None, b'{"id":"a"}', None),
    ],
)
def test_the_ordering_key_is_the_text_or_number_at_the_path(path, body, key):
    event = Event(id="e", tenant="in.shop", type="a", occurred_at=CLOCK.now(), body=body, digest="")

    assert Content(event).key_at(path) == key


def test_a_long_ordering_key_is_kept_as_a_digest():
    event = Event(
        id="e", tenant="in.shop", type="a", occurred_at=CLOCK.now(), body=b'{"id":"' + b"x" * 65 + b'"}', digest=""
    )

    assert len(Content(event).key_at("id")) == 64
