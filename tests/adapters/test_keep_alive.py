"""Connections that are kept: reused for the same host, and never the cause of a failure."""

import threading

import pytest

from tests.clocks import ManualMonotonic
from tests.receivers import RecordingReceiver, answer, says
from webhooks.adapters.connecting import PlainConnection
from webhooks.adapters.pooling import CONNECTIONS_PER_POOL, IDLE_SECONDS, MOST_POOLS, Pools
from webhooks.model import ErrorCode, Verdict


def connections(receiver):
    return [arrival.connection for arrival in receiver.arrivals]


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(200),
        answer(204),
        answer(503, b"busy"),
        answer(200, b""),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
        says(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
    ],
)
def test_a_connection_whose_answer_was_read_to_its_end_is_used_again(post, senders, behaviour):
    sender = senders()
    with RecordingReceiver(behaviour) as receiver:
        for _ in range(3):
            post(receiver.url, sender=sender)

    assert connections(receiver) == [1, 1, 1]


@pytest.mark.parametrize(
    "behaviour",
    [
        answer(200, headers=[("Connection", "close")]),
        answer(200, b"x" * 20_000),
        says(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
        says(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
    ],
)
def test_a_connection_that_cannot_be_trusted_to_be_at_an_end_is_closed(post, senders, behaviour):
    sender = senders()
    with RecordingReceiver(behaviour) as receiver:
        outcomes = [post(receiver.url, sender=sender) for _ in range(2)]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.DELIVERED] * 2
    assert connections(receiver) == [1, 2]


def test_bytes_after_the_answer_do_not_become_the_next_answer(post, senders):
    sender = senders()
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with RecordingReceiver(says(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno" + smuggled), answer(503)) as receiver:
        outcomes = [post(receiver.url, sender=sender) for _ in range(2)]

    assert [outcome.status_code for outcome in outcomes] == [500, 503]


def test_host_names_on_one_address_share_no_connection(post, senders):
    sender = senders()
    with RecordingReceiver() as receiver:
        for host in ("a.test", "b.test", "a.test"):
            post(receiver.url_at(host), sender=sender)

    assert connections(receiver) == [1, 2, 1]


def test_a_kept_connection_that_the_receiver_closed_is_no_failed_attempt(post, senders):
    sender = senders()
    with RecordingReceiver() as receiver:
        post(receiver.url, sender=sender)
        receiver.hang_up_all()
        outcome = post(receiver.url, sender=sender)

    assert outcome.verdict is Verdict.DELIVERED
    assert connections(receiver) == [1, 2]


def test_a_reset_of_a_kept_connection_after_the_request_was_written_is_not_sent_again(post, senders):
    sender = senders()
    with RecordingReceiver(answer(), lambda _arrival, line: line.reset(), answer()) as receiver:
        post(receiver.url, sender=sender)
        outcome = post(receiver.url, sender=sender)

    assert outcome.error is ErrorCode.RESET
    assert connections(receiver) == [1, 1]


def test_threads_that_send_at_once_each_have_a_connection_of_their_own(post, senders):
    sender, together = senders(), threading.Barrier(8)

    def meets_the_others(arrival, line):
        together.wait(10)
        answer()(arrival, line)

    with RecordingReceiver(meets_the_others) as receiver:
        threads = [threading.Thread(target=post, args=(receiver.url,), kwargs={"sender": sender}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(connections(receiver)) == [1, 2, 3, 4, 5, 6, 7, 8]


class UnusedDialler:
    """For pools whose connections are never opened."""


@pytest.fixture
def clock():
    return ManualMonotonic()


@pytest.fixture
def pools(clock):
    pools = Pools(UnusedDialler(), monotonic=clock)
    yield pools
    pools.clear()


class KeptConnection(PlainConnection):
    """A connection that remembers whether it was closed."""

    closed = False

    def close(self):
        self.closed = True
        super().close()


def test_connections_that_nobody_used_for_long_are_closed(pools, clock):
    pool = pools.pool("http", "hooks.test", 80)
    old = KeptConnection("hooks.test", dialler=UnusedDialler(), monotonic=clock)
    clock.seconds += IDLE_SECONDS
    young = KeptConnection("hooks.test", dialler=UnusedDialler(), monotonic=clock)
    for _ in range(2):
        pool.pool.get()
    for connection in (old, young):
        pool.pool.put(connection)
    clock.seconds += 1
    pools.close_idle()

    assert (old.closed, young.closed) == (True, False)
    assert pool.pool.qsize() == CONNECTIONS_PER_POOL


def test_a_place_has_one_pool_and_scheme_host_and_port_tell_places_apart(pools):
    places = [("http", "a.test", 80), ("https", "a.test", 80), ("http", "b.test", 80), ("http", "a.test", 81)]

    assert len({id(pools.pool(*place)) for place in places}) == 4
    assert pools.pool(*places[0]) is pools.pool(*places[0])


def test_the_pool_that_was_not_asked_for_the_longest_makes_room(pools):
    first, second = pools.pool("http", "first.test", 80), pools.pool("http", "second.test", 80)
    for number in range(MOST_POOLS - 2):
        pools.pool("http", f"{number}.test", 80)
    pools.pool("http", "first.test", 80)
    pools.pool("http", "one-more.test", 80)

    assert pools.pool("http", "first.test", 80) is first
    assert pools.pool("http", "second.test", 80) is not second
