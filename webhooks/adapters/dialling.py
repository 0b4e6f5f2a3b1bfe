"""A connected socket to an address of a host, after every address of it was checked."""

import errno
import socket
from collections.abc import Sequence

from webhooks.adapters.deadline import DeadlineSocket, Monotonic, limit, seconds_left
from webhooks.adapters.failure import NOTHING_SENT, SendFailure
from webhooks.adapters.resolving import Resolver
from webhooks.adapters.tunnelling import EgressProxy, TunnelRefused, open_tunnel
from webhooks.model import ErrorCode
from webhooks.url_policy import AddressVerdict, UrlPolicy, refusal

CONNECT_SECONDS = 5.0
"""The most that connecting may take, all addresses of the host together."""

_OUR_TROUBLE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})
"""This machine ran out of something; the receiver has no part in it."""


class Dialler:
    """Resolves, checks, connects; the address that was checked is the one that is dialled."""

    def __init__(
        self, policy: UrlPolicy, resolver: Resolver, *, monotonic: Monotonic, proxy: EgressProxy | None = None
    ) -> None:
        self._policy = policy
        self._resolver = resolver
        self._monotonic = monotonic
        self._proxy = proxy

    def dial(self, host: str, port: int) -> socket.socket:
        """A connected socket that keeps the deadline. Raises SendFailure; refused hosts get no packet."""
        addresses = self._resolver.addresses(host, seconds=seconds_left())
        for address in addresses:
            verdict = self._policy.check_address(address)
            if verdict is not AddressVerdict.ALLOWED:
                raise SendFailure(
                    ErrorCode.ADDRESS_REFUSED,
                    f"{host} points to {refusal(verdict)}; {NOTHING_SENT}",
                    final=True,
                )
        return self._connect_to_one_of(addresses, host, port)

    def _connect_to_one_of(self, addresses: Sequence[str], host: str, port: int) -> socket.socket:
        """Each address gets its share of the time: a dead first one leaves the others theirs."""
        give_up = self._monotonic() + min(CONNECT_SECONDS, seconds_left())
        trouble: OSError = TimeoutError()
        for tried, address in enumerate(addresses):
            share = (give_up - self._monotonic()) / (len(addresses) - tried)
            if share <= 0:
                break
            try:
                return self._open(address, port, seconds=share)
            except OSError as error:
                trouble = error
        raise _failure(trouble, host)

    def _open(self, address: str, port: int, *, seconds: float) -> socket.socket:
        """A connection to the address, through the proxy if there is one."""
        proxy = self._proxy
        if proxy is None:
            return _connect(address, port, seconds=seconds)
        [entrance, *_] = self._resolver.addresses(proxy.host, seconds=seconds_left())
        connection = _connect(entrance, proxy.port, seconds=seconds)
        try:
            open_tunnel(connection, address, port, authorization=proxy.authorization)
        except BaseException:
            connection.close()
            raise
        return connection


def _connect(address: str, port: int, *, seconds: float) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = DeadlineSocket(family, socket.SOCK_STREAM)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.settimeout(seconds)
        connection.connect((address, port))
        limit(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _failure(trouble: OSError, host: str) -> SendFailure:
    if isinstance(trouble, TimeoutError):
        return SendFailure(ErrorCode.CONNECT_TIMEOUT, f"no connection to {host} in time; {NOTHING_SENT}")
    if isinstance(trouble, TunnelRefused):
        return SendFailure(ErrorCode.CONNECT_REFUSED, f"the egress proxy {trouble} for {host}; {NOTHING_SENT}")
    reason = (trouble.strerror or type(trouble).__name__).lower()
    if trouble.errno in _OUR_TROUBLE:
        return SendFailure(ErrorCode.INTERNAL, f"no connection can be opened here: {reason}; {NOTHING_SENT}")
    code = ErrorCode.RESET if isinstance(trouble, ConnectionResetError) else ErrorCode.CONNECT_REFUSED
    return SendFailure(code, f"no connection to {host}: {reason}; {NOTHING_SENT}")
