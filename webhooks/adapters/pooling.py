"""Connections kept for the next request to the same host, none for another host on the same address."""

import ssl
import threading
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from webhooks.adapters.connecting import PlainConnection, TlsConnection
from webhooks.adapters.deadline import DeadlineTlsSocket, Monotonic
from webhooks.adapters.dialling import Dialler

MOST_POOLS = 500
CONNECTIONS_PER_POOL = 100
IDLE_SECONDS = 30.0
SWEEP_SECONDS = 5.0


class PlainPool(HTTPConnectionPool):
    """urllib3's pool of our connections."""

    ConnectionCls = PlainConnection


class TlsPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = TlsConnection


class Pools:
    """One pool for each scheme, host and port. All of them share one TLS identity: that of the context."""

    def __init__(self, dialler: Dialler, *, tls: ssl.SSLContext, monotonic: Monotonic) -> None:
        self._connection: dict[str, Any] = {"dialler": dialler, "monotonic": monotonic}
        self._tls = tls
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, str, int], HTTPConnectionPool] = {}
        self._closed = threading.Event()
        self._sweeper: threading.Thread | None = None

    def pool(self, scheme: str, host: str, port: int) -> HTTPConnectionPool:
        """The pool of that place. The one that was not asked for the longest makes room for a new one.

        It closes its connections when the last request that uses it is over, as urllib3's pools do.
        """
        place = (scheme, host, port)
        with self._lock:
            pool = self._pools.pop(place, None) or self._new_pool(scheme, host, port)
            self._pools[place] = pool
            if len(self._pools) > MOST_POOLS:
                del self._pools[next(iter(self._pools))]
            if self._sweeper is None:
                self._sweeper = threading.Thread(target=self._sweep, name="idle-connections", daemon=True)
                self._sweeper.start()
        return pool

    def close_idle(self) -> None:
        """Connections that nobody used for `IDLE_SECONDS` are closed."""
        before = self._monotonic() - IDLE_SECONDS
        with self._lock:
            pools = list(self._pools.values())
        for pool in pools:
            _close_idle_in(pool, before)

    def clear(self) -> None:
        """Every connection that is not in use is closed, and the sweeping ends."""
        self._closed.set()
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            pool.close()

    def _new_pool(self, scheme: str, host: str, port: int) -> HTTPConnectionPool:
        if scheme == "https":
            return TlsPool(host, port, maxsize=CONNECTIONS_PER_POOL, ssl_context=self._tls, **self._connection)
        return PlainPool(host, port, maxsize=CONNECTIONS_PER_POOL, **self._connection)

    def _sweep(self) -> None:
        while not self._closed.wait(SWEEP_SECONDS):
            self.close_idle()


def _close_idle_in(pool: HTTPConnectionPool, before: float) -> None:
    """Closed under the shelf's own lock, so that nobody takes a connection from it meanwhile."""
    shelf = pool.pool
    if shelf is None:
        return
    with shelf.mutex:
        for connection in shelf.queue:
            if connection is not None and connection.idle_since < before:
                connection.close()


def tls_context(ca_bundle: str | None = None) -> ssl.SSLContext:
    """Certificates are verified, TLS 1.2 or later.

    Trusted are the authorities of the bundle alone; without one the system's, and those that come with
    requests, since a bare container has none of its own.
    """
    context = ssl.create_default_context(cafile=ca_bundle)
    if ca_bundle is None:
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = DeadlineTlsSocket
    return context
