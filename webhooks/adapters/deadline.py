"""One deadline for a whole request, held by sockets that ask before every call how much of it is left."""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from socket import socket
from typing import Any

from webhooks.adapters.kernel_timeouts import TimedSocket, set_timeout

Monotonic = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The moment, by a monotonic clock, at which a request must be over."""

    at: float
    monotonic: Monotonic

    def left(self) -> float:
        """Seconds until then, 0 when it has passed."""
        return max(0.0, self.at - self.monotonic())


_CURRENT: ContextVar[Deadline] = ContextVar("deadline")
"""Of the request that this thread sends; urllib3 times single reads and has no way to hand this down."""


@contextlib.contextmanager
def within(seconds: float, monotonic: Monotonic) -> Iterator[None]:
    """Whatever this thread does on our sockets inside is over after so many seconds in all."""
    token = _CURRENT.set(Deadline(at=monotonic() + seconds, monotonic=monotonic))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def seconds_left() -> float:
    """Seconds that the current request still has, 0 when it is over."""
    return _CURRENT.get().left()


def limit(connection: socket) -> None:
    """The socket's next call ends with the deadline. Raises TimeoutError when that has passed."""
    connection.settimeout(_time_left())


def _time_left() -> float:
    seconds = seconds_left()
    if not seconds:
        raise TimeoutError("the deadline has passed")
    return seconds


class DeadlineSocket(TimedSocket):
    """A socket on which a peer that sends or takes a byte now and then gains no time by it."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """As socket.recv_into, within what is left. Raises TimeoutError."""
        set_timeout(self, _time_left())
        return super().recv_into(*args, **kwargs)

    def sendall(self, data: bytes, flags: int = 0) -> None:  # type: ignore[override]
        """As socket.sendall, within what is left. Raises TimeoutError."""
        rest = memoryview(data)
        while rest:
            set_timeout(self, _time_left())
            rest = rest[self.send(rest, flags) :]


class DeadlineTlsSocket(ssl.SSLSocket):
    """The same over TLS, where `sendall` is many sends; the handshake is one call, under the timeout set."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """As SSLSocket.recv_into, within what is left. Raises TimeoutError."""
        limit(self)
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """As SSLSocket.send, within what is left. Raises TimeoutError."""
        limit(self)
        return super().send(*args, **kwargs)
