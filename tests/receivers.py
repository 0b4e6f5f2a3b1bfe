"""Receivers on loopback that record every request as it was sent and answer, or misbehave, as they are told."""

import contextlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_RECEIVE_BYTES = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request, its headers in the order and spelling in which they came."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    at: float
    """Seconds since the epoch at which the whole request was there."""
    connection: int
    """Which connection it came on, counted from 1."""

    def header(self, name: str) -> str | None:
        """The first header of that name, in any spelling."""
        return next((value for each, value in self.headers if each.lower() == name.lower()), None)


class Line:
    """The receiver's end of one connection."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self._connection = connection
        self._closing = closing
        self.open = True

    def send(self, data: bytes) -> None:
        """Write it as it is; raises OSError when the other side has gone."""
        self._connection.sendall(data)

    def receive(self) -> bytes:
        """Some bytes, none when the other side has closed or gone."""
        try:
            return self._connection.recv(_RECEIVE_BYTES)
        except OSError:
            return b""

    def pause(self, seconds: float) -> bool:
        """Wait so long, or until the receiver closes; True as long as it has not."""
        return not self._closing.wait(seconds)

    def close(self) -> None:
        """End the connection in an orderly way."""
        self.open = False
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.open = False
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._connection.close()


Behaviour = Callable[[Arrival, Line], None]
Greeting = Callable[[Line], None]


def answer(
    status: int = 200, body: bytes = b"ok", *, headers: Iterable[tuple[str, str]] = (), reason: str = "Said"
) -> Behaviour:
    """A whole answer; the connection stays open."""
    bodiless = status in {204, 304}
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers)]
    if not bodiless:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return says(head if bodiless else head + body)


def says(data: bytes, *, close: bool = False) -> Behaviour:
    """Exactly these bytes."""

    def behave(_arrival: Arrival, line: Line) -> None:
        line.send(data)
        if close:
            line.close()

    return behave


def hangs(_arrival: Arrival, line: Line) -> None:
    """Says nothing until the receiver closes."""
    line.pause(threading.TIMEOUT_MAX)


def resets(_arrival: Arrival, line: Line) -> None:
    """Reads the request, then resets."""
    line.reset()


def hangs_up(_arrival: Arrival, line: Line) -> None:
    """Reads the request, then closes without a word."""
    line.close()


def drips(start: bytes, piece: bytes = b"x", *, every_seconds: float = 0.05) -> Behaviour:
    """The start at once, then a piece now and then without end."""

    def behave(_arrival: Arrival, line: Line) -> None:
        line.send(start)
        while line.pause(every_seconds):
            line.send(piece)

    return behave


class RecordingReceiver:
    """Serves HTTP until closed, over TLS where a context is given.

    Each request gets the next behaviour, the last one again and again. `greeting` sees a connection first, before
    TLS, and may keep it waiting or end it.
    """

    def __init__(
        self,
        *script: Behaviour,
        tls: ssl.SSLContext | None = None,
        greeting: Greeting | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self._script = list(script) or [answer()]
        self._tls = tls
        self._greeting = greeting
        self._arrivals: list[Arrival] = []
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._open: set[socket.socket] = set()
        self._host = f"[{host}]" if ":" in host else host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0

    @property
    def url(self) -> str:
        """Where it listens, by address."""
        return self.url_at(self._host)

    def url_at(self, host: str) -> str:
        """Where it listens, by a name that a test's resolver knows."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    @property
    def arrivals(self) -> list[Arrival]:
        """All requests so far."""
        with self._changed:
            return list(self._arrivals)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up_all()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int, timeout: float = 10.0) -> list[Arrival]:
        """The arrivals once there are so many; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._arrivals) >= count, timeout):
                raise TimeoutError(f"{len(self._arrivals)} of {count} arrived within {timeout} s")
            return list(self._arrivals)

    def hang_up_all(self) -> None:
        """Close every connection that is open now."""
        with self._changed:
            lingering = list(self._open)
        for connection in lingering:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # TLS or not, at once and without a word

    def _start(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), self._kept(connection):  # a sender that goes away is no error here
            line = Line(connection, self._closing)
            if self._greeting is not None:
                self._greeting(line)
            if self._tls is None or not line.open:
                self._converse(line, number)
                return
            with self._kept(self._tls.wrap_socket(connection, server_side=True)) as wrapped:
                self._converse(Line(wrapped, self._closing), number)

    @contextlib.contextmanager
    def _kept(self, connection: socket.socket) -> Iterator[socket.socket]:
        """Known to `hang_up_all` as long as it is open; closed in the end."""
        with self._changed:
            self._open.add(connection)
        try:
            yield connection
        finally:
            with self._changed:
                self._open.discard(connection)
            connection.close()

    def _converse(self, line: Line, number: int) -> None:
        rest = b""
        while line.open and not self._closing.is_set():
            arrival, rest = _read_request(line, rest, number)
            if arrival is None:
                break
            self._record(arrival)(arrival, line)
        if line.open:
            line.close()

    def _record(self, arrival: Arrival) -> Behaviour:
        with self._changed:
            self._arrivals.append(arrival)
            self._changed.notify_all()
            return self._script[min(len(self._arrivals), len(self._script)) - 1]


def _read_request(line: Line, rest: bytes, connection: int) -> tuple[Arrival | None, bytes]:
    while b"\r\n\r\n" not in rest:
        more = line.receive()
        if not more:
            return None, b""
        rest += more
    head, _, rest = rest.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = tuple((name, value.strip()) for name, _, value in (each.partition(":") for each in lines))
    length = int(next((value for name, value in headers if name.lower() == "content-length"), "0"))
    while len(rest) < length:
        more = line.receive()
        if not more:
            return None, b""
        rest += more
    method, path, _ = first.split(" ")
    arrival = Arrival(
        method=method,
        path=path,
        headers=headers,
        body=rest[:length],
        at=time.time(),
        connection=connection,
    )
    return arrival, rest[length:]
