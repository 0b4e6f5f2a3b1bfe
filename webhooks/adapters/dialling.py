"""Connections under a total deadline, to an address that was checked: names, sockets, pools."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from webhooks.url_policy import AddressVerdict, UrlPolicy

CONNECT_SECONDS = 5.0
"""The most that resolving a name and connecting may take, all addresses together."""
REMEMBER_SECONDS = 30.0
"""How long the answer of the resolver is believed."""
IDLE_SECONDS = 30.0
RESOLVER_THREADS = 16
MOST_NAMES = 10_000
POOLS = 500
CONNECTIONS_PER_HOST = 100

GetAddresses = Callable[[str], list[str]]


class DialError(Exception):
    """A connection that was not made; these are no OSErrors, so urllib3 lets them through."""


class AddressRefused(DialError):
    """The policy refuses an address of this host."""

    def __init__(self, verdict: AddressVerdict) -> None:
        super().__init__(str(verdict))
        self.verdict = verdict


class NameFailed(DialError):
    """The resolver knows no address."""


class DialTimeout(DialError):
    """Resolving or connecting took too long."""


class DialRefused(DialError):
    """Nothing listens there, or there is no way to it."""


class Deadline(threading.local):
    """When the request of this thread must be over, by the monotonic clock."""

    at = float("inf")

    def remaining(self) -> float:
        """Seconds left; raises TimeoutError when none are."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Everything that this thread does on its sockets inside is over after so many seconds in all."""
        self.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self.at = float("inf")


DEADLINE = Deadline()


def _left() -> float | None:
    left = DEADLINE.remaining()
    return None if left == float("inf") else left


class DeadlineSocket(socket.socket):
    """A read timeout would begin anew with each byte; here each call gets what is left of the whole."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """As socket.recv_into. Raises TimeoutError at the deadline."""
        self.settimeout(_left())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """As socket.sendall. Raises TimeoutError at the deadline."""
        self.settimeout(_left())
        super().sendall(*args, **kwargs)


class DeadlineSSLSocket(ssl.SSLSocket):
    """The same for TLS, the handshake included."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """As SSLSocket.recv_into. Raises TimeoutError at the deadline."""
        self.settimeout(_left())
        return super().recv_into(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """As SSLSocket.sendall. Raises TimeoutError at the deadline."""
        self.settimeout(_left())
        super().sendall(*args, **kwargs)

    def do_handshake(self, *args: Any, **kwargs: Any) -> None:
        """As SSLSocket.do_handshake. Raises TimeoutError at the deadline."""
        self.settimeout(_left())
        super().do_handshake(*args, **kwargs)


def tls_context(ca_file: str | None = None) -> ssl.SSLContext:
    """Certificates are always verified, by the system's authorities unless a file is given; TLS 1.2 or later."""
    context = ssl.create_default_context(cafile=ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineSSLSocket
    return context


def system_addresses(host: str) -> list[str]:
    """All addresses that the system's resolver knows. Raises OSError when it knows none."""
    rows = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


class Dialler:
    """Resolves a name, checks every address of it, and connects to the one that was checked."""

    def __init__(self, policy: UrlPolicy, get_addresses: GetAddresses = system_addresses) -> None:
        self._policy = policy
        self._get_addresses = get_addresses
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolver")
        self._known: dict[str, tuple[float, list[str]]] = {}

    def dial(self, host: str, port: int) -> socket.socket:
        """A connected socket. Raises DialError."""
        give_up = time.monotonic() + min(CONNECT_SECONDS, DEADLINE.remaining())
        addresses = self._resolve(host, give_up)
        for address in addresses:
            verdict = self._policy.check_address(address)
            if verdict is not AddressVerdict.ALLOWED:
                raise AddressRefused(verdict)
        return self._connect_to_any(addresses, port, give_up)

    def _resolve(self, host: str, give_up: float) -> list[str]:
        known = self._known.get(host)
        if known and known[0] > time.monotonic():
            return known[1]
        try:
            addresses = self._threads.submit(self._get_addresses, host).result(max(0.0, give_up - time.monotonic()))
        except FutureTimeout:
            raise DialTimeout("the name was not resolved in time") from None
        except (OSError, UnicodeError) as error:
            raise NameFailed("the name does not resolve") from error
        if not addresses:
            raise NameFailed("the name has no address")
        if len(self._known) >= MOST_NAMES:
            self._known.clear()
        self._known[host] = (time.monotonic() + REMEMBER_SECONDS, addresses)
        return addresses

    def _connect_to_any(self, addresses: list[str], port: int, give_up: float) -> socket.socket:
        trouble: DialError = DialTimeout("no connection in time")
        for address in addresses:
            left = give_up - time.monotonic()
            if left <= 0:
                break
            try:
                return _connect(address, port, left)
            except TimeoutError:
                trouble = DialTimeout("no connection in time")
            except OSError as error:
                trouble = DialRefused(error.strerror or type(error).__name__)
        raise trouble


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = DeadlineSocket(family, socket.SOCK_STREAM)
    try:
        connection.settimeout(seconds)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.connect((address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def pools(dialler: Dialler, context: ssl.SSLContext) -> urllib3.PoolManager:
    """Pools by scheme, host and port, so that no connection is shared between host names."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return dialler.dial(self._dns_host, self.port or 80)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return dialler.dial(self._dns_host, self.port or 443)

    class PlainPool(_IdleMixin, HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(_IdleMixin, HTTPSConnectionPool):
        ConnectionCls = Secure

    manager = urllib3.PoolManager(num_pools=POOLS, maxsize=CONNECTIONS_PER_HOST, block=False, ssl_context=context)
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return manager


class _IdleMixin:
    """Connections remember when they were last used; those idle for long are closed."""

    pool: Any

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)  # type: ignore[misc]

    def _get_conn(self, timeout: float | None = None) -> Any:
        conn = super()._get_conn(timeout)  # type: ignore[misc]
        if time.monotonic() - getattr(conn, "idle_since", float("inf")) > IDLE_SECONDS:
            conn.close()
        return conn

    def close_idle(self) -> None:
        """Close those that nobody used for `IDLE_SECONDS`."""
        for conn in list(self.pool.queue):
            if conn is not None and time.monotonic() - getattr(conn, "idle_since", float("inf")) > IDLE_SECONDS:
                conn.close()
