"""Filters: what an expression may be, what passes, and what evaluating may cost."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks import filtering, payload
from webhooks.filtering import Judge, check_filter, judge
from webhooks.matching import CompiledEndpoints
from webhooks.model import Endpoint, Event

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def event(data=None, *, event_type="invoice.paid", **fields):
    body = payload.encode(event_type, NOW, json.dumps(data).encode())
    return Event(id="evt_1", tenant="acme", type=event_type, occurred_at=NOW, body=body, digest="", **fields)


def endpoint(endpoint_id, text, **fields):
    return Endpoint(id=endpoint_id, tenant="acme", url="https://hooks.test/", filter=text, **fields)


@pytest.mark.parametrize(
    ("text", "data", "passed"),
    [
        ("data.amount > `100`", {"amount": 101}, True),
        ("data.amount > `100`", {"amount": 100}, False),
        ("data.amount > `100`", {}, False),
        ("data.amount > `100`", None, False),
        ("data.currency == 'EUR' && data.amount >= `1.5`", {"currency": "EUR", "amount": 1.5}, True),
        ('contains(`["EU", "UK"]`, data.region)', {"region": "UK"}, True),
        ("starts_with(data.id, 'in_') || !data.test", {"id": "x", "test": True}, False),
        ("data.items[?price > `5`]", {"items": [{"price": 4}, {"price": 6}]}, True),
        ("data.items[?price > `5`]", {"items": [{"price": 4}]}, False),
        ("length(data.items) > `1`", {"items": [1, 2]}, True),
        ('data."odd name" == `1`', {"odd name": 1}, True),
        ("data.items[].tags[] | contains(@, 'x')", {"items": [{"tags": ["y"]}, {"tags": ["x"]}]}, True),
        ("data == `null`", None, True),
        ("type == 'invoice.paid' && tenant == 'acme' && id == 'evt_1'", {}, True),
        ("occurred_at >= '2026-11-25T09:00:00.000Z'", {}, True),
        ("data.n == `123456789012345678901234567890`", {"n": 123456789012345678901234567890}, True),
    ],
)  # fmt: skip
def test_an_event_passes_where_the_expression_is_true(text, data, passed):
    check_filter(text)

    assert judge(text, event(data)).passed is passed


@pytest.mark.parametrize("value", [None, False, "", [], {}])
def test_null_false_and_what_is_empty_are_not_true(value):
    assert judge("data", event(value)).passed is False


@pytest.mark.parametrize("value", [0, 0.0, True, "0", [None], {"a": None}])
def test_everything_else_is_true_zero_too(value):
    assert judge("data", event(value)).passed is True


def test_channels_and_the_ordering_key_can_be_asked_for():
    assert judge("contains(channels, 'eu')", event(channels=("eu", "us"))).passed
    assert judge("ordering_key == 'k'", event(ordering_key="k")).passed
    assert not judge("ordering_key", event()).passed


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("abs(data.name)", "abs"),
        ("contains(data.name, `5`)", "requires string"),
        ("data.name < `5`", "not supported between"),
        ("ceil(sum(data.huge))", "infinity"),
        ("data.items[::0]", "zero"),
    ],
)
def test_an_expression_that_fails_on_an_event_does_not_pass_and_says_why(text, detail):
    check_filter(text)
    judgement = judge(text, event({"name": "x", "huge": [1e308, 1e308], "items": [1]}))

    assert judgement.passed is False
    assert "fails on this event" in judgement.detail
    assert detail in judgement.detail


def test_a_failure_repeats_no_value_at_length():
    assert len(judge("abs(data)", event("x" * 10_000)).detail) < 300


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "1 to 1024"),
        ("a" * 1025, "1 to 1024"),
        ("data.amount > 100", "numbers between backticks"),
        ("data.amount >", "is no JMESPath"),
        ("data.amount ><", "is no JMESPath"),
        ('data.status == "paid"', "write 'paid' for the text"),
        ("data.status == `paid`", "between single quotes: 'paid'"),
        ("data.status == `NaN`", "is no JSON"),
        ("[a, b]", "must not make lists"),
        ("data.{a: b}", "must not make lists"),
        ("sort(data)", "must not use the function sort"),
        ("to_string(data)", "must not use the function to_string"),
        ("join('', data)", "must not use the function join"),
        ("map(&a, data)", "must not use the function map"),
        ("nosuch(data)", "must not use the function nosuch"),
        ("contains(data)", "contains takes 2 arguments, not 1"),
        ("length(data, data)", "length takes 1 argument, not 2"),
        ("not_null()", "not_null takes 1 argument, not 0"),
        ("(" * 500 + "a" + ")" * 500, "nested more than"),
        ("!" * 900 + "a", "nested more than"),
    ],
)  # fmt: skip
def test_an_expression_that_cannot_be_a_filter_is_refused_with_advice(text, advice):
    with pytest.raises(ValueError) as refusal:
        check_filter(text)

    assert advice in str(refusal.value)


@given(st.text(st.sampled_from("ab.[]*?@&|!=<>`'\"\\(){},:0-1 "), max_size=60))
def test_any_text_is_either_refused_or_judged(text):
    try:
        check_filter(text)
    except ValueError:
        return
    assert judge(text, event({"a": [1, "b", {"b": 0}], "b": None})).passed in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "data[?@ > `1`]",
        "data[*].a",
        "data[] | [0]",
        "sum(data) > `0`",
        "data[?type(@) == 'string']",
        "length(data) > `0`",
    ],
)
def test_an_evaluation_ends_after_so_many_steps_whatever_the_data(text):
    check_filter(text)
    long = event([1] * (filtering.MOST_STEPS * filtering.ITEMS_A_STEP + 1))

    assert "more than 10000 steps" in judge(text, long).detail


def test_an_event_is_parsed_once_and_the_same_text_judged_once(monkeypatch):
    parsed = []
    split = payload.split
    monkeypatch.setattr(payload, "split", lambda body: parsed.append(body) or split(body))
    compiled = CompiledEndpoints(
        [endpoint(f"ep_{n}", "data.a == `1`") for n in range(5)] + [endpoint("ep_9", "data.b")]
    )

    found = compiled.recipients(event({"a": 1}))

    assert [recipient.endpoint_id for recipient in found] == [f"ep_{n}" for n in range(5)]
    assert len(parsed) == 1


def test_an_event_that_no_filter_is_asked_about_is_not_parsed():
    """Such as a received one, whose body is the provider's own."""
    received = Event(id="e", tenant="in.x", type="a.b", occurred_at=NOW, body=b"no envelope", digest="")
    endpoints = [endpoint("fn_1", None), endpoint("ep_2", "data", event_types=("other",))]

    assert [each.endpoint_id for each in CompiledEndpoints(endpoints).recipients(received)] == ["fn_1"]


def test_a_disabled_endpoint_whose_filter_does_not_pass_is_not_skipped_but_unmatched():
    assert CompiledEndpoints([endpoint("ep_1", "data.a", enabled=False)]).recipients(event({})) == []
    assert (
        CompiledEndpoints([endpoint("ep_1", "data.a", enabled=False)]).recipients(event({"a": 1}))[0].enabled is False
    )


def test_erased_data_is_said_to_be_so():
    erased = Event(id="e", tenant="acme", type="a.b", occurred_at=NOW, body=b"", digest="")

    assert Judge(erased).judge("data") == filtering.ERASED
