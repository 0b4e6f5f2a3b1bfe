"""A gunicorn worker whose threads are not held by slow clients: a request gets a thread once it has arrived.

gunicorn's threaded worker gives a thread to a connection as soon as the first byte of a request is there; a few
clients that send a byte now and then (slowloris) would hold all of them. And there a poller hands each request to
a thread, which hands the connection back: here the threads wait for requests themselves (docs/benchmarks.md).
"""

import contextlib
import errno
import re
import selectors
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from gunicorn.workers.gthread import _DEFER, STOP_KEEPALIVE_LINGER, TConn, ThreadWorker  # type: ignore[import-untyped]

from api.arrivals import arrivals
from api.together import Answering

READ_SECONDS = 10.0
"""How long a request may take to arrive; a longer one is cut off."""
BUFFERED_BYTES = 32 * 1024
"""A request that is no longer arrives whole before it gets a thread; of a longer one so much."""

CLOSERS = 16
"""Threads in which closing waits for a client to hang up, two seconds at most."""
SWEEP_SECONDS, LAST_SWEEP_SECONDS = 1.0, 0.1
"""How often connections are looked through for those that wait too long; and while the worker ends."""
GONE = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)

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


class Connection(TConn):
    """A connection, and until when it may wait for a request or for the rest of one."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.data_ready = True  # nobody serves it before
        self.began: float | None = None
        """When the request that is arriving began to."""
        self.low_mark = 1
        """So many bytes must be there before the socket counts as readable."""

    def waits(self) -> bool:
        """Whether the request is to wait; then the socket is readable only when more of it is there."""
        try:
            arrived = self.sock.recv(BUFFERED_BYTES, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._readable_from(1)
            return True
        except OSError:
            return False  # it is gone, which the parser will notice
        waits = arrived != b"" and missing(arrived)
        self._readable_from(len(arrived) + 1 if waits else 1)
        return waits

    def pipelined(self) -> bool:
        """Whether the parser holds bytes of a next request, which no peek would show."""
        return self.initialized and bool(self.parser.unreader.buf.getvalue())

    def read_to_its_end(self) -> bool:
        """Whether nothing is left of the request's body; where its length was not told, never."""
        return getattr(self.parser.mesg.body.reader, "length", None) == 0

    def cut_off(self) -> None:
        """Nothing more is read; an answer that is being made can still be written."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RD)

    def _readable_from(self, size: int) -> None:
        if size != self.low_mark:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, size)
            self.low_mark = size


class Worker(ThreadWorker):
    """Threads wait for requests and serve what has arrived; the main thread accepts, and closes what is too slow."""

    read_seconds = READ_SECONDS
    alive: bool

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._waiting: dict[int, Connection] = {}
        """Whoever takes a connection out of it, by its descriptor, has it for himself."""
        self.keepalived_conns = self._waiting  # gunicorn keeps no more alive than fit beside its threads
        self._reading: dict[Connection, float] = {}
        self._closers = ThreadPoolExecutor(CLOSERS, thread_name_prefix="closer")
        self._next_sweep = 0.0

    def run(self) -> None:
        """Serve until told to end; then what is under way, for as long as gunicorn grants."""
        self._arrivals = arrivals()
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        for number in range(self.cfg.threads):
            threading.Thread(target=self._serve, name=f"serving-{number}", daemon=True).start()
        while self.alive and self.is_parent_alive():
            self.set_accept_enabled(self.nr_conns < self.worker_connections)
            self._look_after(SWEEP_SECONDS)
        self.alive = False
        self.set_accept_enabled(False)
        now = time.monotonic()
        for conn in [each for each in list(self._waiting.values()) if each.began is None]:
            conn.timeout = min(conn.timeout, now + STOP_KEEPALIVE_LINGER)
        while self.nr_conns > 0 and time.monotonic() < now + self.cfg.graceful_timeout:
            self._look_after(LAST_SWEEP_SECONDS)
        for listener in self.sockets:
            listener.close()

    def _look_after(self, every_seconds: float) -> None:
        """What the main thread does: accept, close, and now and then look for what waits too long."""
        self.notify()
        self.wait_for_and_dispatch_events(timeout=every_seconds)
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + every_seconds
            self._sweep(now)

    def accept(self, listener: socket.socket) -> None:
        """A new connection waits for its first request."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in GONE:
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, client, address, listener.getsockname())
        conn.began = time.monotonic()
        conn.timeout = conn.began + self.read_seconds
        self._waiting[client.fileno()] = conn
        self._arrivals.add(client.fileno())

    def _serve(self) -> None:
        """One thread: whatever arrives next."""
        while True:
            for descriptor in self._arrivals.next():
                conn = self._waiting.pop(descriptor, None)
                if conn is not None:
                    self._attend(conn)

    def _attend(self, conn: Connection) -> None:
        """Serve what has arrived; then the connection waits for more, or is closed."""
        try:
            kept = self.handle(conn)
            while kept is True and conn.pipelined():
                kept = self.handle(conn)
            if kept:
                self._await(conn)
                return
        except Exception:
            self.log.exception("Error handling a connection")
        self.method_queue.defer(self._close, conn)

    def _await(self, conn: Connection) -> None:
        """From now on any thread may have it."""
        if conn.began is not None:
            conn.timeout = conn.began + self.read_seconds
        else:
            conn.timeout = time.monotonic() + (self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        descriptor = conn.sock.fileno()
        self._waiting[descriptor] = conn
        with contextlib.suppress(OSError):  # closed at this moment, since its time was up
            self._arrivals.again(descriptor)

    def handle(self, conn: Connection) -> Any:
        """Serve the request; or, while it has not arrived, give the thread back."""
        now = time.monotonic()
        if conn.began is None:
            conn.began = now
        if not conn.pipelined() and conn.waits():
            return _DEFER if now < conn.began + self.read_seconds else False
        conn.began = None
        self._reading[conn] = now + self.read_seconds
        try:
            return super().handle(conn)
        finally:
            del self._reading[conn]

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """As gunicorn does, but for how the answer is sent."""
        answering = Answering(conn)
        kept = super().handle_request(req, answering)
        answering.sock.flush()
        return kept

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:  # noqa: FBT001 - as gunicorn has it
        return keepalive and (conn.read_to_its_end() or bool(super()._keepalive_after(conn, keepalive)))

    def _sweep(self, now: float) -> None:
        """Close what waited too long; cut off what a thread reads for too long, who then sees its end."""
        for descriptor in [each for each, conn in list(self._waiting.items()) if now > conn.timeout]:
            taken = self._waiting.pop(descriptor, None)
            if taken is not None and now > taken.timeout:
                self._close(taken)
            elif taken is not None:  # it was served just now
                self._await(taken)
        for conn, deadline in list(self._reading.items()):
            if now > deadline:
                conn.cut_off()

    def _close(self, conn: Connection) -> None:
        """Close it where nobody waits for a client that does not hang up; at once if it was amid a request."""
        self.nr_conns -= 1
        self._closers.submit(conn.close, graceful=conn.began is None)
