"""A gunicorn worker whose threads are not held by slow clients: a request gets a thread once it has arrived.

gunicorn's threaded worker gives a thread to a connection as soon as the first byte of a request is there; a few
clients that send a byte now and then (slowloris) would hold all of them.
"""

import contextlib
import re
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from gunicorn.workers.gthread import _DEFER, ThreadWorker  # type: ignore[import-untyped]

READ_SECONDS = 10.0
"""How long a request may take to arrive; a longer one is cut off."""
BUFFERED_BYTES = 32 * 1024
"""A request that is no longer arrives whole before it gets a thread; of a longer one so much."""

CLOSERS = 16
"""Threads in which closing waits for a client to hang up, two seconds at most."""

_LENGTH = re.compile(rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_EXPECT = re.compile(rb"^expect:", re.IGNORECASE | re.MULTILINE)
_HEAD_END = b"\r\n\r\n"


def missing(arrived: bytes) -> bool:
    """Whether more of the request must arrive before it is worth a thread.

    One that expects `100 Continue` (RFC 9110, section 10.1.1) sends its body only after it was read.
    """
    head, end, body = arrived.partition(_HEAD_END)
    if len(arrived) >= BUFFERED_BYTES or (end and _EXPECT.search(head)):
        return False
    length = _LENGTH.search(head)
    return not end or (length is not None and int(length[1]) > len(body))


class Worker(ThreadWorker):
    """Threads serve requests that have arrived; what is slow waits in the poller, for a while."""

    read_seconds = READ_SECONDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._reading: dict[Any, float] = {}
        self._closers = ThreadPoolExecutor(CLOSERS, thread_name_prefix="closer")

    def handle(self, conn: Any) -> Any:
        """Serve the request; or, while it has not arrived, give the thread back."""
        began = conn.__dict__.setdefault("began", time.monotonic())
        if not self._pipelined(conn) and _waits(conn.sock):
            return _DEFER if time.monotonic() < began + self.read_seconds else False
        del conn.began
        self._reading[conn] = time.monotonic() + self.read_seconds
        try:
            return super().handle(conn)
        finally:
            del self._reading[conn]

    @staticmethod
    def _pipelined(conn: Any) -> bool:
        """Whether the parser holds bytes of a next request, which no peek would show."""
        return conn.initialized and bool(conn.parser.unreader.buf.getvalue())

    def finish_request(self, conn: Any, fs: "Future[Any]") -> None:
        """Go on waiting, keep the connection, or close it where nobody waits for a client that does not hang up."""
        if not fs.cancelled() and not fs.exception() and not fs.result():
            self.nr_conns -= 1
            self._closers.submit(conn.close, graceful="began" not in conn.__dict__)
            return
        super().finish_request(conn, fs)
        if "began" in conn.__dict__:
            conn.timeout = conn.began + self.read_seconds

    def murder_pending(self) -> None:
        """Cut off what takes too long, also what a thread is reading: the thread then sees its end."""
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in list(self._reading.items()):
            if now > deadline:
                _cut_off(conn.sock)


def _waits(sock: socket.socket) -> bool:
    """Whether the request is to wait; then the socket is readable only when more of it is there."""
    try:
        arrived = sock.recv(BUFFERED_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        _readable_from(sock, 1)
        return True
    except OSError:
        return False  # it is gone, which the parser will notice
    waits = arrived != b"" and missing(arrived)
    _readable_from(sock, len(arrived) + 1 if waits else 1)
    return waits


def _readable_from(sock: socket.socket, size: int) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)


def _cut_off(sock: socket.socket) -> None:
    """Nothing more is read; an answer that is being made can still be written."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_RD)
