"""A receiver that answers 200 at once for as little as Python can, in a process of its own; `GET /` says what came."""

import asyncio
import json
import sys
import time
from typing import Any

from bench.apart import ReceiverApart, content_length

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"
LATENCIES_KEPT = 200_000
STAMP = b'"sent_at": '
"""Where a body holds the monotonic moment at which its event was posted, the way to its arrival is timed."""


class Tally:
    """What arrived since the last reset."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Nothing arrived."""
        self.count = 0
        self.first = self.last = 0.0
        self.latencies: list[float] = []

    def add(self, body: bytes) -> None:
        """One more arrived just now."""
        now = time.monotonic()
        self.first = self.first or now
        self.last = now
        self.count += 1
        at = body.find(STAMP)
        if at >= 0 and len(self.latencies) < LATENCIES_KEPT:
            end = at + len(STAMP)
            while body[end] in b"0123456789.":
                end += 1
            self.latencies.append(now - float(body[at + len(STAMP) : end]))

    def report(self) -> bytes:
        """As a JSON answer."""
        known = {"count": self.count, "first": self.first, "last": self.last, "latencies": self.latencies}
        text = json.dumps(known).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)


class Connection(asyncio.Protocol):
    """Reads requests with a Content-Length, several on one connection."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._buffer = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where the answers go."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = content_length(self._buffer[:end])
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._answer(self._buffer[:4], body)
            self._buffer = self._buffer[end + 4 + length :]

    def _answer(self, verb: bytes, body: bytes) -> None:
        if verb == b"GET ":
            self._transport.write(self._tally.report())
        elif verb == b"DELE":
            self._tally.reset()
            self._transport.write(OK)
        else:
            self._tally.add(body)
            self._transport.write(OK)


class Sink(ReceiverApart):
    """That receiver's process."""

    module = "bench.sink"

    def reset(self) -> None:
        """Forget what came."""
        self.ask("DELETE")

    def report(self) -> dict[str, Any]:
        """What came: `count`, `first` and `last` by the monotonic clock, `latencies` in seconds."""
        found: dict[str, Any] = json.loads(self.ask("GET"))
        return found


async def _serve(port: int) -> None:
    tally = Tally()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(tally), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
