"""Timeouts that the kernel keeps end reads and writes as Python's own would."""

import socket

import pytest

from webhooks.adapters.kernel_timeouts import TimedSocket, set_timeout

SHORT = 0.05


@pytest.fixture
def pair():
    ours, theirs = socket.socketpair()
    with TimedSocket(fileno=ours.detach()) as ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize("seconds", [SHORT, 0.0])
def test_a_read_that_gets_nothing_ends_with_a_timeout(pair, seconds):
    ours, _ = pair
    set_timeout(ours, seconds)

    with pytest.raises(TimeoutError):
        ours.recv_into(bytearray(1))


def test_a_write_that_nobody_takes_ends_with_a_timeout(pair):
    ours, _ = pair
    set_timeout(ours, SHORT)

    with pytest.raises(TimeoutError):
        ours.sendall(b"x" * 10_000_000)
    with pytest.raises(TimeoutError):
        ours.send(b"x" * 10_000_000)


def test_a_socket_that_had_a_timeout_of_pythons_waits_for_what_comes_later(pair):
    ours, theirs = pair
    ours.settimeout(SHORT)
    set_timeout(ours, 30)
    theirs.sendall(b"late")
    got = bytearray(4)

    assert (ours.recv_into(got), bytes(got), ours.gettimeout()) == (4, b"late", None)
