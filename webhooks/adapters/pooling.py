"""Connections kept for the next request to the same host, none for another host on the same address."""

import threading
from typing import Any

from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from webhooks.adapters.connecting import PlainConnection, TlsConnection
from webhooks.adapters.deadline import Monotonic
from webhooks.adapters.dialling import Dialler
from webhooks.adapters.tls import context_of, tls_context
from webhooks.credentials import TlsIdentity

MOST_POOLS = 500
CONNECTIONS_PER_POOL = 100
IDLE_SECONDS = 30.0
SWEEP_SECONDS = 5.0


Place = tuple[str, str, int, TlsIdentity | None]


class PlainPool(HTTPConnectionPool):
    """urllib3's pool of our connections."""

    ConnectionCls = PlainConnection


class TlsPool(HTTPSConnectionPool):
    """The same over TLS."""

    ConnectionCls = TlsConnection


class Pools:
    """One pool for each scheme, host, port and TLS identity: no endpoint speaks over another one's connection."""

    def __init__(self, dialler: Dialler, *, ca_bundle: str | None = None, monotonic: Monotonic) -> None:
        self._connection: dict[str, Any] = {"dialler": dialler, "monotonic": monotonic}
        self._ca_bundle = ca_bundle
        self._tls = tls_context(ca_bundle)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._pools: dict[Place, HTTPConnectionPool] = {}
        self._closed = threading.Event()
        self._sweeper: threading.Thread | None = None

    def pool(self, scheme: str, host: str, port: int, identity: TlsIdentity | None = None) -> HTTPConnectionPool:
        """The pool of that place. The one that was not asked for the longest makes room for a new one.

        It closes its connections when the last request that uses it is over, as urllib3's pools do.
        Raises SendFailure for an identity that cannot be used.
        """
        place = (scheme, host, port, identity)
        # Reading an identity takes milliseconds, in which others should not stand at the lock.
        new = None if place in self._pools else self._new_pool(*place)
        with self._lock:
            pool = self._pools.pop(place, None) or new or self._new_pool(*place)
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

    def _new_pool(self, scheme: str, host: str, port: int, identity: TlsIdentity | None) -> HTTPConnectionPool:
        if scheme == "https":
            context = self._tls if identity is None else context_of(identity, self._ca_bundle)
            return TlsPool(host, port, maxsize=CONNECTIONS_PER_POOL, ssl_context=context, **self._connection)
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
