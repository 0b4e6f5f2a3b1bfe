"""Trace contexts by W3C Trace Context, section 3.2."""

import pytest
from structlog.testing import capture_logs

from tests.unit.vectors import NOW
from webhooks.attempting import report
from webhooks.model import Attempt, Delivery, Outcome, Response, Status, Trigger, Verdict
from webhooks.tracing import TraceContext, begun, context_of, trace_id_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def counted(size):
    return bytes(range(1, size + 1))


def test_a_traceparent_is_read_and_written_back():
    assert context_of(f"00-{TRACE}-{SPAN}-01").traceparent == f"00-{TRACE}-{SPAN}-01"


def test_a_span_below_another_shares_its_trace_and_whether_it_is_sampled():
    made = context_of(begun(f"00-{TRACE}-{SPAN}-00", random_bytes=counted))

    assert made == TraceContext(trace_id=TRACE, span_id="0102030405060708", sampled=False)


def test_without_a_parent_a_new_sampled_trace_begins():
    assert begun(None, random_bytes=counted) == "00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01\r\nX: y",
        "é" * 55,
    ],
)
def test_what_is_no_traceparent_is_ignored_and_a_new_trace_begins(header):
    assert trace_id_of(header) is None
    assert trace_id_of(begun(header)) not in (None, TRACE)


def test_a_later_version_may_say_more():
    assert trace_id_of(f"01-{TRACE}-{SPAN}-01-more") == TRACE


def test_the_line_of_an_attempt_names_its_trace():
    outcome = Outcome(verdict=Verdict.DELIVERED, response=Response(status_code=200))
    attempt = Attempt(number=1, trigger=Trigger.INITIAL, started_at=NOW, outcome=outcome)
    delivery = Delivery(
        id="evt_1:ep_1",
        event_id="evt_1",
        event_type="invoice.paid",
        endpoint_id="ep_1",
        tenant="default",
        status=Status.SENDING,
    )
    with capture_logs() as lines:
        report(delivery, attempt, status=Status.DELIVERED, delay_seconds=0, traceparent=f"00-{TRACE}-{SPAN}-01")

    assert lines[0]["trace_id"] == TRACE
