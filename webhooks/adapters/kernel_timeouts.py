"""Timeouts that the kernel keeps (socket(7), SO_RCVTIMEO and SO_SNDTIMEO).

Python's own make up to three system calls of each read and write, and each lets other threads in: with a hundred
threads that is a quarter of what a delivery costs the worker (docs/benchmarks.md).
"""

import socket
import struct
from typing import Any


def set_timeout(connection: socket.socket, seconds: float) -> None:
    """The socket blocks; a read or write that waits for so long ends with BlockingIOError."""
    if connection.gettimeout() is not None:
        connection.setblocking(True)
    whole, fraction = divmod(max(1, round(seconds * 1_000_000)), 1_000_000)  # 0 would mean for ever
    interval = struct.pack("@ll", whole, fraction)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, interval)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, interval)


class TimedSocket(socket.socket):
    """A blocking socket whose reads and writes raise TimeoutError after what `set_timeout` allowed."""

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """As socket.recv_into. Raises TimeoutError."""
        try:
            return super().recv_into(*args, **kwargs)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def send(self, *args: Any, **kwargs: Any) -> int:
        """As socket.send. Raises TimeoutError."""
        try:
            return super().send(*args, **kwargs)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """As socket.sendall, the time being for each part that the kernel takes. Raises TimeoutError."""
        try:
            super().sendall(*args, **kwargs)
        except BlockingIOError:
            raise TimeoutError("timed out") from None
