"""A receiver that answers at once until it is told to hang, in a process of its own; `GET /` says how many it holds."""

import asyncio
import subprocess
import sys
import urllib.request
from types import TracebackType
from typing import Any, Self

from bench.stack import free_port, wait_until

HANG_SECONDS = 15.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Hanging:
    """The receiver's process; use it as a context."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([sys.executable, "-m", "bench.hanging", str(self.port)])
        wait_until("the receiver answers", self._answers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)

    def hang(self, *, on: bool) -> None:
        """From now on each request is answered after 15 s, or at once."""
        self._call("PUT" if on else "DELETE")

    def held(self) -> int:
        """How many requests it has not answered yet."""
        return int(self._call("GET"))

    def _answers(self) -> bool:
        try:
            self._call("GET")
        except OSError:
            return False
        return True

    def _call(self, method: str) -> bytes:
        request = urllib.request.Request(self.url, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            body: bytes = answer.read()
        return body


class _Server:
    def __init__(self) -> None:
        self._hangs = False
        self._held = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, request after request."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(_content_length(head))
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


def _content_length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def _serve(port: int) -> None:
    handle: Any = _Server().serve
    server = await asyncio.start_server(handle, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
