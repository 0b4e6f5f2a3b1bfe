from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhooks.answers import Recipient
from webhooks.matching import CompiledEndpoints, check_pattern, matches, recipients
from webhooks.model import Endpoint, Event


def event(event_type="invoice.paid", **fields):
    return Event(
        id="evt_1",
        tenant="default",
        type=event_type,
        occurred_at=datetime(2026, 11, 25, tzinfo=UTC),
        body=b"",
        digest="",
        **fields,
    )


def endpoint(endpoint_id="ep_1", *patterns, **fields):
    return Endpoint(
        id=endpoint_id, tenant="default", url="https://hooks.test/", event_types=patterns or ("*",), **fields
    )


def ids(found):
    return [recipient.endpoint_id for recipient in found]


@pytest.mark.parametrize(
    ("pattern", "event_type", "expected"),
    [
        ("*", "invoice.paid", True),
        ("invoice.paid", "invoice.paid", True),
        ("invoice.paid", "invoice.paid.late", False),
        ("invoice.paid", "Invoice.paid", False),
        ("invoice.*", "invoice.paid", True),
        ("invoice.*", "invoice.paid.late", True),
        ("invoice.*", "invoice", False),
        ("invoice.*", "invoices.paid", False),
        ("a.b.*", "a.b.c", True),
        ("a.b.*", "a.c.b", False),
        ("*", "hookline.endpoint.disabled", False),
        ("hookline.*", "hookline.endpoint.disabled", True),
        ("hookline.endpoint.*", "hookline.endpoint.disabled", True),
        ("hookline.endpoint.disabled", "hookline.endpoint.disabled", True),
        ("*", "hooklines.paid", True),
    ],
)
def test_a_star_stands_for_trailing_parts_and_never_for_our_own_events(pattern, event_type, expected):
    assert matches(pattern, event_type) is expected
    assert ids(recipients(event(event_type), [endpoint("ep_1", pattern)])) == (["ep_1"] if expected else [])


@pytest.mark.parametrize("pattern", ["*", "a", "a.b", "a.b.*", "A-1_x.*", "hookline.*", "x" * 256])
def test_patterns_that_can_match_are_taken(pattern):
    assert check_pattern(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    ["", ".", "a.", ".a", "a..b", "*.a", "a.*.b", "a*", "a.b*", "**", "a b", "a\n", "é", "x" * 257, "*.*", "a.**"],
)
def test_patterns_that_cannot_match_are_refused_with_what_one_looks_like(pattern):
    with pytest.raises(ValueError, match="a pattern is"):
        check_pattern(pattern)


def test_an_endpoint_is_owed_an_event_once_however_many_of_its_patterns_match():
    found = recipients(event(), [endpoint("ep_1", "*", "invoice.*", "invoice.paid")])

    assert found == [Recipient(endpoint_id="ep_1")]


def test_recipients_come_in_the_order_of_the_endpoints():
    endpoints = [endpoint("ep_3", "invoice.*"), endpoint("ep_1"), endpoint("ep_2", "invoice.paid")]

    assert ids(recipients(event(), endpoints)) == ["ep_3", "ep_1", "ep_2"]


def test_a_disabled_endpoint_is_found_and_marked():
    found = recipients(event(), [endpoint(enabled=False)])

    assert found == [Recipient(endpoint_id="ep_1", enabled=False)]


def test_an_endpoint_without_channels_takes_events_on_any_channel():
    assert ids(recipients(event(channels=("eu",)), [endpoint()])) == ["ep_1"]


def test_an_endpoint_with_channels_takes_only_events_on_one_of_them():
    chosen = endpoint(channels=("eu", "us"))

    assert ids(recipients(event(channels=("us", "asia")), [chosen])) == ["ep_1"]
    assert ids(recipients(event(channels=("asia",)), [chosen])) == []
    assert ids(recipients(event(), [chosen])) == []


def test_chosen_endpoints_narrow_those_that_match():
    endpoints = [endpoint("ep_1"), endpoint("ep_2"), endpoint("ep_3", "order.*")]

    found = recipients(event(endpoint_ids=("ep_2", "ep_3", "ep_9")), endpoints)

    assert ids(found) == ["ep_2"]


def test_choosing_no_endpoint_sends_to_none():
    assert recipients(event(endpoint_ids=()), [endpoint()]) == []


PARTS = st.sampled_from(["a", "b", "hookline", "invoice"])
NAMES = st.lists(PARTS, min_size=1, max_size=4).map(".".join)
PATTERNS = st.one_of(st.just("*"), NAMES, NAMES.map(lambda name: name + ".*"))


@given(event_type=NAMES, wanted=st.lists(st.lists(PATTERNS, min_size=1, max_size=4), max_size=6))
def test_the_compiled_endpoints_agree_with_asking_each_pattern(event_type, wanted):
    endpoints = [endpoint(f"ep_{number}", *patterns) for number, patterns in enumerate(wanted)]
    expected = [each.id for each in endpoints if any(matches(pattern, event_type) for pattern in each.event_types)]

    assert ids(CompiledEndpoints(endpoints).recipients(event(event_type))) == expected


def test_ten_thousand_endpoints_that_ask_for_other_things_are_not_even_looked_at():
    endpoints = [endpoint(f"ep_{number}", f"type{number}.*") for number in range(10_000)]
    compiled = CompiledEndpoints(endpoints)

    assert ids(compiled.recipients(event("type77.paid"))) == ["ep_77"]
    assert len(list(compiled._interested("type77.paid"))) == 1
