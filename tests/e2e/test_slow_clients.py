"""Clients that send a byte now and then must not keep the API from others."""

import socket
import subprocess
import sys

import pytest

from api.slow_clients import BUFFERED_BYTES, Worker, missing
from bench.stack import ROOT, free_port, wait_until

THREADS = 4
POST = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"


class HastyWorker(Worker):
    """The same with less patience, so that tests need not wait."""

    read_seconds = 1.0


def app(environ, start_response):
    """Answers with how many bytes it could read."""
    size = len(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(str(size))))])
    return [str(size).encode()]


def start(worker, *, keep_alive=5):
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "tests.e2e.test_slow_clients:app", "-b", f"127.0.0.1:{port}"]
    command += ["-k", worker, "--threads", str(THREADS), "--keep-alive", str(keep_alive), "--no-control-socket"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until("the server listens", lambda: connects(port))
    return process, port


def connects(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def server():
    process, port = start("api.slow_clients.Worker")
    yield port
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def hasty():
    process, port = start("tests.e2e.test_slow_clients.HastyWorker")
    yield port
    process.terminate()
    process.wait(20)


@pytest.fixture
def connect():
    opened = []

    def make(port, sent=b""):
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        opened[-1].sendall(sent)
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def answer(connection):
    """The status line and the body of one answer with a Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            return None
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return head.split(b"\r\n")[0].decode(), body.decode()


def hung_up(connection, sent):
    """Whether the server closed it, after one more byte was sent."""
    connection.settimeout(0.05)
    try:
        connection.sendall(sent)
        return connection.recv(65536) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@pytest.mark.parametrize(
    "begun",
    [b"", b"P", b"POST /echo HTTP/1.1\r\nHost: x\r\nX-Slow", POST % 10, POST % 10 + b"12345"],
    ids=["nothing", "a byte", "half a head", "no body", "half a body"],
)
def test_many_more_slow_clients_than_threads_keep_nobody_waiting(server, connect, begun):
    slow = [connect(server, begun) for _ in range(THREADS * 10)]
    for _ in range(3):
        assert answer(connect(server, POST % 3 + b"abc")) == ("HTTP/1.1 200 OK", "3")

    if begun.startswith(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length"):
        slow[0].sendall(b"1234567890"[len(begun) - len(POST % 10) :])
        assert answer(slow[0]) == ("HTTP/1.1 200 OK", "10")


def test_a_request_that_comes_byte_by_byte_is_served(server, connect):
    connection = connect(server)
    for byte in POST % 5 + b"hello":
        connection.sendall(bytes([byte]))

    assert answer(connection) == ("HTTP/1.1 200 OK", "5")


@pytest.mark.parametrize("size", [BUFFERED_BYTES, 10 * BUFFERED_BYTES])
def test_a_body_larger_than_what_is_buffered_arrives_whole(server, connect, size):
    assert answer(connect(server, POST % size + b"x" * size)) == ("HTTP/1.1 200 OK", str(size))


def test_a_kept_connection_serves_request_after_request_pipelined_ones_too(server, connect):
    connection = connect(server, POST % 1 + b"a")
    assert answer(connection) == ("HTTP/1.1 200 OK", "1")
    connection.sendall((POST % 2 + b"bb") * 3)
    received = b""
    while received.count(b"HTTP/1.1 200 OK") < 3 or not received.endswith(b"\r\n\r\n2"):
        received += connection.recv(65536)

    assert received.count(b"Content-Length: 1") == 3


def test_a_client_that_waits_for_100_continue_is_told_to_go_on(server, connect):
    head = POST.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n") % 4
    connection = connect(server, head)
    assert connection.recv(65536).startswith(b"HTTP/1.1 100 Continue")
    connection.sendall(b"body")

    assert answer(connection) == ("HTTP/1.1 200 OK", "4")


@pytest.mark.parametrize("size", [10, 10 * BUFFERED_BYTES])
def test_a_request_that_takes_too_long_is_cut_off_however_often_a_byte_comes(hasty, connect, size):
    connection = connect(hasty, POST % size + b"x" * min(size - 9, 2 * BUFFERED_BYTES))

    assert wait_until("it is cut off", lambda: hung_up(connection, b"x" if size > 10 else b""))


def test_a_worker_that_is_told_to_end_answers_what_is_under_way_and_closes_what_is_idle(connect):
    process, port = start("api.slow_clients.Worker")
    kept = {size: connect(port, POST % 1 + b"a") for size in (0, 10, 2 * BUFFERED_BYTES)}
    assert [answer(each) for each in kept.values()] == [("HTTP/1.1 200 OK", "1")] * 3
    under_way = {size: each for size, each in kept.items() if size}
    for size, each in under_way.items():
        each.sendall(POST % size + b"x" * (size // 2))
    process.terminate()
    assert wait_until("the idle one is closed", lambda: hung_up(kept[0], b""))
    for size, each in under_way.items():
        each.sendall(b"x" * (size // 2))

        assert answer(each) == ("HTTP/1.1 200 OK", str(size))
    assert process.wait(20) == 0


def test_a_kept_connection_that_stays_idle_is_closed(connect):
    process, port = start("api.slow_clients.Worker", keep_alive=1)
    connection = connect(port, POST % 1 + b"a")
    assert answer(connection) == ("HTTP/1.1 200 OK", "1")

    assert wait_until("it is closed", lambda: hung_up(connection, b""))
    process.terminate()
    process.wait(20)


def test_clients_that_do_not_hang_up_keep_nobody_waiting(server, connect):
    closing = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    lingering = [connect(server, closing) for _ in range(THREADS * 2)]
    for each in lingering:
        assert answer(each) == ("HTTP/1.1 200 OK", "0")

    assert answer(connect(server, POST % 3 + b"abc")) == ("HTTP/1.1 200 OK", "3")


@pytest.mark.parametrize(
    ("arrived", "wanted"),
    [
        (b"GET / HTTP/1.1\r\n", True),
        (b"GET / HTTP/1.1\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\ncontent-length:  3 \r\n\r\nab", True),
        (b"POST / HTTP/1.1\r\nCONTENT-LENGTH:3\r\n\r\nabc", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", False),
        (b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n", False),
        (b"x" * BUFFERED_BYTES, False),
    ],
)
def test_a_request_is_worth_a_thread_once_it_has_arrived(arrived, wanted):
    assert missing(arrived) is wanted
