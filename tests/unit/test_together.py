"""The head of an answer goes out with its body, and nothing stays behind."""

import pytest

from api.together import HeadAndBody


class RecordingSocket:
    """Remembers what was sent, piece by piece."""

    def __init__(self):
        self.sent = []

    def sendall(self, data):
        self.sent.append(data)

    def shutdown(self, how):
        self.sent.append(how)


@pytest.fixture
def real():
    return RecordingSocket()


def test_the_head_waits_for_the_first_part_of_the_body_and_the_rest_for_nothing(real):
    sock = HeadAndBody(real)
    for part in (b"head ", b"one ", b"two"):
        sock.sendall(part)
    sock.flush()

    assert real.sent == [b"head one ", b"two"]


def test_a_head_without_a_body_is_sent_at_the_end(real):
    sock = HeadAndBody(real)
    sock.sendall(b"head")
    assert real.sent == []
    sock.flush()
    sock.flush()

    assert real.sent == [b"head"]


def test_whatever_else_is_done_with_the_socket_comes_after_the_head(real):
    sock = HeadAndBody(real)
    sock.sendall(b"head")
    sock.shutdown("both")

    assert real.sent == [b"head", "both"]
