"""A way out through an egress proxy: it is told the address that was checked, and what the URL says stays its own."""

import socket
import threading

import pytest

from tests.certificates import Authority
from tests.receivers import RecordingReceiver
from webhooks.adapters.tunnelling import EgressProxy
from webhooks.model import ErrorCode, Verdict
from webhooks.url_policy import UrlPolicy


class Proxy:
    """Tunnels to loopback, whatever address is asked for; `answer` instead of 200 if it is told so."""

    def __init__(self, answer=None):
        self.heads = []
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._tunnel, args=(connection,), daemon=True).start()

    def _tunnel(self, connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            self.heads.append(head.decode())
            if self._answer is not None:
                connection.sendall(self._answer)
                return
            port = int(head.split(b" ")[1].rpartition(b":")[2])
            try:
                receiver = socket.create_connection(("127.0.0.1", port))
            except OSError:
                connection.sendall(b"HTTP/1.1 502 nobody there\r\n\r\n")
                return
            with receiver:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n")
                back = threading.Thread(target=pump, args=(receiver, connection), daemon=True)
                back.start()
                pump(connection, receiver)
                back.join()

    def close(self):
        self._listener.close()


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        """One side has gone; so will the other."""


@pytest.fixture
def proxies():
    made = []

    def make(answer=None):
        made.append(Proxy(answer))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


def test_a_request_leaves_through_the_proxy_to_the_address_that_was_checked(post, senders, proxies):
    proxy = proxies()
    sender = senders(resolve=lambda _host: ["127.0.0.1"], proxy=EgressProxy.from_url(proxy.url))
    with RecordingReceiver() as receiver:
        outcomes = [post(receiver.url_at("hooks.test"), sender=sender) for _ in range(2)]

    assert [outcome.verdict for outcome in outcomes] == [Verdict.DELIVERED] * 2
    assert receiver.arrivals[0].header("host") == f"hooks.test:{receiver.port}"
    authority = f"127.0.0.1:{receiver.port}"
    assert proxy.heads == [f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n\r\n"]  # the connection is kept


def test_tls_through_the_proxy_is_with_the_receiver_by_the_urls_name(post, senders, proxies, tmp_path):
    authority = Authority(tmp_path)
    sender = senders(ca_bundle=authority.bundle, proxy=EgressProxy.from_url(proxies().url))
    with RecordingReceiver(tls=authority.server("hooks.test")) as receiver:
        outcome = post(receiver.url_at("hooks.test"), sender=sender)

    assert outcome.verdict is Verdict.DELIVERED


def test_the_proxys_credentials_go_to_the_proxy_alone(post, senders, proxies):
    proxy = proxies()
    url = proxy.url.replace("http://", "http://team:p%40ss@")
    with RecordingReceiver() as receiver:
        post(receiver.url_at("hooks.test"), sender=senders(proxy=EgressProxy.from_url(url)))

    assert "Proxy-Authorization: Basic dGVhbTpwQHNz\r\n" in proxy.heads[0]
    assert receiver.arrivals[0].header("proxy-authorization") is None


def test_a_refused_address_is_not_asked_of_the_proxy_either(post, senders, proxies):
    proxy = proxies()
    sender = senders(UrlPolicy(), resolve=lambda _host: ["10.0.0.1"], proxy=EgressProxy.from_url(proxy.url))
    outcome = post("http://hooks.test/in", sender=sender)

    assert (outcome.error, proxy.heads) == (ErrorCode.ADDRESS_REFUSED, [])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", "the egress proxy answered 407 for hooks.test"),
        (b"HTTP/1.1 503 no\r\n\r\n", "the egress proxy answered 503 for hooks.test"),
        (b"SSH-2.0-x\r\n\r\n", "the egress proxy did not answer in HTTP/1 for hooks.test"),
        (b"", "the egress proxy gave no whole answer for hooks.test"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000, "the egress proxy gave no whole answer for hooks.test"),
    ],
)
def test_a_proxy_that_opens_no_tunnel_is_a_failure_that_is_retried(post, senders, proxies, answer, said):
    outcome = post("http://hooks.test/in", sender=senders(proxy=EgressProxy.from_url(proxies(answer).url)))

    assert (outcome.error, outcome.final) == (ErrorCode.CONNECT_REFUSED, False)
    assert said in outcome.detail


def test_a_proxy_that_is_not_there_is_a_failure_that_is_retried(post, senders, proxies):
    proxy = proxies()
    proxy.close()
    outcome = post("http://hooks.test/in", sender=senders(proxy=EgressProxy.from_url(proxy.url)))

    assert (outcome.error, outcome.final) == (ErrorCode.CONNECT_REFUSED, False)
