"""The head of an answer goes out with the first part of its body: one system call, one packet, one wake-up."""

from typing import Any


class HeadAndBody:
    """Stands in for the socket of an answer: holds back the first thing that is sent until the second one is."""

    def __init__(self, sock: Any) -> None:
        self._sock = sock
        self._held: bytes | None = None
        self._open = False

    def sendall(self, data: bytes) -> None:
        """Send it, the head not by itself."""
        if not self._open:
            self._open, self._held = True, data
            return
        if self._held is not None:
            data, self._held = self._held + data, None
        self._sock.sendall(data)

    def flush(self) -> None:
        """Nothing is held back any more."""
        if self._held is not None:
            held, self._held = self._held, None
            self._sock.sendall(held)

    def __getattr__(self, name: str) -> Any:
        """Whatever else a socket can; what was held back goes first."""
        self.flush()
        return getattr(self._sock, name)


class Answering:
    """Stands in for a connection while it is answered."""

    def __init__(self, conn: Any) -> None:
        self.sock = HeadAndBody(conn.sock)
        self.client = conn.client
        self.server = conn.server
