"""The wire: what leaves this machine and what is made of what comes back, on real sockets."""

import gzip
import os
import socket
import threading

import pytest

from webhooks.adapters.http_sender import HttpSender
from webhooks.model import ErrorCode, Request, Verdict
from webhooks.url_policy import UrlPolicy

LOOPBACK = UrlPolicy(("127.0.0.0/8",))


class Server:
    """Answers each connection once with these bytes, and keeps what was sent."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(whole_request(connection))
                try:
                    connection.sendall(self.answer)
                except OSError:
                    """The sender has read as much as it wants."""


def whole_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def server():
    servers = []

    def start(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        servers.append(Server(answer))
        return servers[-1]

    yield start
    for each in servers:
        each.listener.close()


@pytest.fixture
def sender():
    sender = HttpSender(LOOPBACK)
    yield sender
    sender.close()


def send(sender, server, *, host="127.0.0.1", body=b"{}", headers=None, timeout=5):
    url = f"http://{host}:{server.port}/in"
    return sender.send(Request(url=url, headers=headers or {}, body=body), timeout_seconds=timeout)


def test_a_body_beyond_ascii_is_counted_in_bytes_and_arrives_whole(sender, server):
    """Case 4."""
    receiver, body = server(), '{"t":"👍👎 ř"}'.encode()
    outcome = send(sender, receiver, body=body)

    assert outcome.verdict is Verdict.DELIVERED
    assert receiver.requests[0].endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_that_names_where_it_points_and_nothing_follows_it(sender, server, status):
    """Cases 48, 135, 160."""
    target = server()
    location = f"http://127.0.0.1:{target.port}/login?token=T0KEN"
    receiver = server(f"HTTP/1.1 {status} Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())
    outcome = send(sender, receiver)

    assert (outcome.verdict, outcome.status_code) == (Verdict.FAILED, status)
    assert "redirects are not followed" in outcome.detail
    assert "T0KEN" not in outcome.detail
    assert (len(receiver.requests), target.requests) == (1, [])


def test_a_compressed_bomb_is_never_unpacked(sender, server):
    """Case 55."""
    packed = gzip.compress(b"\0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    outcome = send(sender, server(head.encode() + packed))

    assert outcome.verdict is Verdict.DELIVERED
    assert (outcome.response.body, outcome.response.truncated) == (packed[: 16 * 1024], True)


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer mine"}, {}])
def test_a_netrc_of_the_machine_changes_no_header(sender, server, tmp_path, monkeypatch, headers):
    """Case 65."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login other password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    receiver = server()
    send(sender, receiver, headers=headers)
    lines = [line for line in receiver.requests[0].split(b"\r\n") if line.lower().startswith(b"authorization")]

    assert lines == ([b"Authorization: Bearer mine"] if headers else [])
    assert os.environ["HOME"] == str(tmp_path)


def test_proxies_of_the_environment_are_passed_over(sender, server, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert send(sender, server()).verdict is Verdict.DELIVERED


def test_an_answer_with_a_huge_body_and_many_large_headers_becomes_a_record_that_can_be_kept(sender, server):
    """Case 112."""
    headers = b"".join(b"X-%d: %s\r\n" % (n, b"v" * 500) for n in range(90))
    outcome = send(
        sender, server(b"HTTP/1.1 200 OK\r\n" + headers + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5_000_000)
    )
    too_many = send(sender, server(b"HTTP/1.1 200 OK\r\n" + headers.replace(b"v" * 500, b"v" * 8000) + b"\r\n"))

    assert (outcome.verdict, len(outcome.response.body)) == (Verdict.DELIVERED, 16 * 1024)
    assert too_many.error is ErrorCode.RESPONSE_HEADERS_TOO_LARGE


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["203.0.113.7", "10.0.0.1"], ["::ffff:169.254.169.254"]])
def test_a_public_name_with_any_private_address_is_refused_before_a_connection(server, addresses):
    """Case 132."""
    receiver = server()
    strict = HttpSender(UrlPolicy(()), resolve=lambda _host: addresses)
    outcome = send(strict, receiver, host="a.127.0.0.1.nip.test")
    strict.close()

    assert (outcome.error, outcome.final, receiver.requests) == (ErrorCode.ADDRESS_REFUSED, True, [])


def test_a_name_without_addresses_is_a_failure_that_is_retried(server):
    """Case 132."""
    empty = HttpSender(LOOPBACK, resolve=lambda _host: [])
    outcome = send(empty, server(), host="hooks.test")
    empty.close()

    assert (outcome.error, outcome.final) == (ErrorCode.DNS, False)


def test_the_address_that_was_checked_is_dialled_and_the_host_stays_the_urls(server):
    """Case 134: what the resolver would say a moment later does not matter."""
    receiver, asked = server(), []

    def rebinding(host):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    sender = HttpSender(LOOPBACK, resolve=rebinding)
    outcome = send(sender, receiver, host="hooks.test")
    sender.close()

    assert (outcome.verdict, asked) == (Verdict.DELIVERED, ["hooks.test"])
    assert f"Host: hooks.test:{receiver.port}".encode() in receiver.requests[0]
