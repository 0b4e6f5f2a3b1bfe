"""A receiver that answers at once until it is told to hang, in a process of its own; `GET /` says how many it holds."""

import asyncio
import sys
from typing import Any

from bench.apart import ReceiverApart, content_length

HANG_SECONDS = 15.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Hanging(ReceiverApart):
    """That receiver's process."""

    module = "bench.hanging"

    def hang(self, *, on: bool) -> None:
        """From now on each request is answered after 15 s, or at once."""
        self.ask("PUT" if on else "DELETE")

    def held(self) -> int:
        """How many requests it has not answered yet."""
        return int(self.ask("GET"))


class _Server:
    def __init__(self) -> None:
        self._hangs = False
        self._held = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(content_length(head))
                writer.write(await self._answer(head.split(b" ", 1)[0]))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()  # the sender gave up, which is what it is here for

    async def _answer(self, verb: bytes) -> bytes:
        if verb == b"GET":
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%d" % (len(str(self._held)), self._held)
        if verb != b"POST":
            self._hangs = verb == b"PUT"
        elif self._hangs:
            self._held += 1
            await asyncio.sleep(HANG_SECONDS)
            self._held -= 1
        return OK


async def _serve(port: int) -> None:
    handle: Any = _Server().serve
    server = await asyncio.start_server(handle, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
