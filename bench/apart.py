"""A receiver in a process of its own, so that what it costs is nobody else's: started, asked and ended here."""

import subprocess
import sys
import urllib.request
from types import TracebackType
from typing import ClassVar, Self

from bench.stack import free_port, wait_until


class ReceiverApart:
    """Runs `python -m <module> <port>`, a server that answers every method; use it as a context."""

    module: ClassVar[str]

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.process = subprocess.Popen([sys.executable, "-m", self.module, str(self.port)])
        wait_until("the receiver answers", self._answers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(10)

    def ask(self, method: str) -> bytes:
        """The body of its answer."""
        request = urllib.request.Request(self.url, method=method)  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            body: bytes = answer.read()
        return body

    def _answers(self) -> bool:
        try:
            self.ask("GET")
        except OSError:
            return False
        return True


def content_length(head: bytes) -> int:
    """What a request's head says of its body; 0 where it says nothing."""
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
