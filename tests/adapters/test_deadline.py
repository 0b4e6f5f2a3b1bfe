"""The total deadline: whatever a receiver or a resolver does slowly, the thread is free in time.

The bounds are generous: they tell a deadline that holds from one that a slow byte pushes ahead.
"""

import contextlib
import socket
import threading
import time

import pytest

from tests.receivers import RecordingReceiver, answer, drips, hangs
from webhooks.model import ErrorCode, Verdict

DEADLINE = 0.5
SLACK = 3.0
UNKNOWN = "the outcome is unknown: the receiver may have got it"


def never_reads(line):
    line.pause(threading.TIMEOUT_MAX)


def test_a_receiver_that_never_answers_is_a_timeout_of_unknown_outcome(timed_post):
    """Cases 51 and 59."""
    with RecordingReceiver(hangs) as receiver:
        outcome, seconds = timed_post(receiver.url, timeout=DEADLINE)
        arrivals = receiver.wait_for(1)

    assert (outcome.verdict, outcome.error, outcome.final) == (Verdict.FAILED, ErrorCode.TIMEOUT, False)
    assert UNKNOWN in outcome.detail
    assert DEADLINE <= seconds < DEADLINE + SLACK
    assert len(arrivals) == 1


@pytest.mark.parametrize(
    "behaviour",
    [
        drips(b"", b"H"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X"),
        drips(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n"),
        drips(b"", b"HTTP/1.1 103 Hints\r\n\r\n"),
    ],
)
def test_a_head_that_comes_byte_by_byte_gains_no_time(timed_post, behaviour):
    """Case 52."""
    with RecordingReceiver(behaviour) as receiver:
        outcome, seconds = timed_post(receiver.url, timeout=DEADLINE)

    assert outcome.error is ErrorCode.TIMEOUT
    assert seconds < DEADLINE + SLACK


@pytest.mark.parametrize(
    ("status", "verdict"), [(b"200 OK", Verdict.DELIVERED), (b"500 No", Verdict.FAILED), (b"410 Gone", Verdict.FAILED)]
)
@pytest.mark.parametrize(
    ("framing", "piece"),
    [
        (b"Content-Length: 1000", b"x"),
        (b"Transfer-Encoding: chunked", b"1\r\nx\r\n"),
        (b"Connection: close", b"x"),
    ],
)
def test_the_status_counts_when_the_body_drips_past_the_deadline(timed_post, status, verdict, framing, piece):
    """Case 52."""
    with RecordingReceiver(drips(b"HTTP/1.1 " + status + b"\r\n" + framing + b"\r\n\r\n", piece)) as receiver:
        outcome, seconds = timed_post(receiver.url, timeout=DEADLINE)

    assert (outcome.verdict, outcome.status_code, outcome.error) == (verdict, int(status[:3]), None)
    assert outcome.response.truncated
    assert set(outcome.response.body) == {ord("x")}
    assert seconds < DEADLINE + SLACK


def test_a_receiver_that_does_not_read_a_large_request_is_a_timeout_of_unknown_outcome(timed_post):
    with RecordingReceiver(greeting=never_reads) as receiver:
        outcome, seconds = timed_post(receiver.url, body=b"x" * 20_000_000, timeout=DEADLINE)

    assert outcome.error is ErrorCode.TIMEOUT
    assert "did not take the whole request" in outcome.detail
    assert UNKNOWN in outcome.detail
    assert seconds < DEADLINE + SLACK


def test_a_receiver_that_reads_slowly_gains_no_time(timed_post):
    def sips(line):
        while line.pause(0.02) and line.receive():
            pass

    with RecordingReceiver(greeting=sips) as receiver:
        outcome, seconds = timed_post(receiver.url, body=b"x" * 100_000_000, timeout=DEADLINE)

    assert outcome.error is ErrorCode.TIMEOUT
    assert seconds < DEADLINE + SLACK


def test_a_tls_handshake_that_never_begins_is_a_timeout_with_nothing_sent(timed_post):
    with RecordingReceiver(greeting=never_reads) as receiver:
        outcome, seconds = timed_post(receiver.url.replace("http:", "https:"), timeout=DEADLINE)

    assert outcome.error is ErrorCode.TIMEOUT
    assert outcome.detail.endswith("nothing was sent")
    assert seconds < DEADLINE + SLACK


def test_a_tls_handshake_that_drips_gains_no_time(timed_post):
    def drips_a_record(line):
        line.send(b"\x16\x03\x03\x40\x00")
        with contextlib.suppress(OSError):
            while line.pause(0.05):
                line.send(b"\x02")

    with RecordingReceiver(greeting=drips_a_record) as receiver:
        outcome, seconds = timed_post(receiver.url.replace("http:", "https:"), timeout=DEADLINE)

    assert outcome.error in {ErrorCode.TIMEOUT, ErrorCode.TLS}
    assert seconds < DEADLINE + SLACK


def test_a_resolver_that_hangs_is_a_dns_failure_in_time(timed_post, senders):
    """The deadline counts from the first question to the resolver (case 52)."""
    answered = threading.Event()

    def slow(_host):
        answered.wait()
        return ["127.0.0.1"]

    outcome, seconds = timed_post("http://slow.test/", timeout=DEADLINE, sender=senders(resolve=slow))
    answered.set()

    assert outcome.error is ErrorCode.DNS
    assert outcome.detail == "slow.test was not resolved in time; nothing was sent"
    assert seconds < DEADLINE + SLACK


@pytest.fixture
def full_port():
    """A port whose queue of connections is full: further ones get no answer at all."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            knocking = stack.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_host_that_does_not_take_connections_is_a_connect_timeout(timed_post, full_port):
    outcome, seconds = timed_post(f"http://127.0.0.1:{full_port}/", timeout=DEADLINE)

    assert outcome.error is ErrorCode.CONNECT_TIMEOUT
    assert outcome.detail == "no connection to 127.0.0.1 in time; nothing was sent"
    assert seconds < DEADLINE + SLACK


def test_a_dead_first_address_leaves_time_for_the_second(post, senders, full_port):
    taken = socket.create_server(("127.0.0.2", full_port))
    with taken:
        sender = senders(resolve=lambda _host: ["127.0.0.1", "127.0.0.2"])
        outcome = post(f"http://two.test:{full_port}/", timeout=2.0, sender=sender)
        connection, _ = taken.accept()
        connection.close()

    assert outcome.error is ErrorCode.TIMEOUT  # connected to the second, which says nothing


def test_no_time_at_all_is_an_outcome_too(post):
    with RecordingReceiver() as receiver:
        outcome = post(receiver.url, timeout=0)

    assert outcome.error is ErrorCode.CONNECT_TIMEOUT
    assert receiver.arrivals == []


def test_one_receiver_that_hangs_delays_no_other(senders, post):
    """Case 51, the wire's half."""
    sender = senders()
    with RecordingReceiver(hangs) as silent, RecordingReceiver(answer()) as healthy:
        stuck = threading.Thread(target=post, args=(silent.url,), kwargs={"timeout": 5.0, "sender": sender})
        stuck.start()
        silent.wait_for(1)
        outcome = post(healthy.url, sender=sender)
        still_waiting = stuck.is_alive()
        silent.hang_up_all()
        stuck.join()

    assert outcome.verdict is Verdict.DELIVERED
    assert still_waiting


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n",
    ],
)
def test_of_a_body_of_50_mib_little_is_read_and_the_connection_is_closed(post, head):
    """Cases 54 and 55."""
    gave_up = threading.Event()

    def pours(_arrival, line):
        line.send(head)
        try:
            for _ in range(800):
                line.send(b"z" * 65_536)
        except OSError:
            gave_up.set()
            raise

    with RecordingReceiver(pours) as receiver:
        outcome = post(receiver.url)
        closed_early = gave_up.wait(10)

    assert (outcome.verdict, outcome.response.body) == (Verdict.DELIVERED, b"z" * 16 * 1024)
    assert (outcome.response.truncated, outcome.response.bytes_read) == (True, 16 * 1024 + 1)
    assert closed_early


def test_chunks_without_end_are_cut_too(post):
    """Case 54."""
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with RecordingReceiver(drips(head, b"1000\r\n" + b"c" * 4096 + b"\r\n", every_seconds=0)) as receiver:
        began = time.monotonic()
        outcome = post(receiver.url, timeout=30.0)
        seconds = time.monotonic() - began

    assert (outcome.response.body, outcome.response.truncated) == (b"c" * 16 * 1024, True)
    assert seconds < 20


def test_a_body_of_exactly_what_is_kept_is_whole(post):
    with RecordingReceiver(answer(200, b"k" * 16 * 1024)) as receiver:
        outcome = post(receiver.url)

    assert (len(outcome.response.body), outcome.response.truncated) == (16 * 1024, False)
