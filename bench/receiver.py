"""A receiver on loopback that records what arrives and answers as it is told."""

import socketserver
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One request as it was read; `answered` is the status sent, 0 for none."""

    path: str
    event_id: str
    headers: dict[str, str]
    body: bytes
    at: float
    answered: int
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to do: a status after a delay, or with status 0 a reset."""

    status: int = 200
    delay_seconds: float = 0.0


Behaviour = Callable[[str, str], Answer]
"""From path and event id to the answer."""


def always_ok(_path: str, _event_id: str) -> Answer:
    """200 at once."""
    return Answer()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that went away is what we are here to see; say nothing."""


class RecordingReceiver:
    """Serves until closed; `arrivals` grows."""

    def __init__(self, behaviour: Behaviour = always_ok) -> None:
        self.behaviour = behaviour
        self.arrivals: list[Arrival] = []
        self._changed = threading.Condition()
        self._server: socketserver.TCPServer = _Server(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, count: int, *, seconds: float = 30.0) -> list[Arrival]:
        """The arrivals once there are so many; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.arrivals) >= count, seconds):
                raise TimeoutError(f"{len(self.arrivals)} of {count} arrived within {seconds} s")
            return list(self.arrivals)

    def record(self, arrival: Arrival) -> None:
        """Keep it and tell who waits."""
        with self._changed:
            self.arrivals.append(arrival)
            self._changed.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                at = time.time()
                event_id = self.headers.get("webhook-id", "")
                answer = receiver.behaviour(self.path, event_id)
                if answer.delay_seconds:
                    time.sleep(answer.delay_seconds)
                receiver.record(
                    Arrival(
                        path=self.path,
                        event_id=event_id,
                        headers=dict(self.headers.items()),
                        body=body,
                        at=at,
                        answered=answer.status,
                        delay_seconds=answer.delay_seconds,
                    )
                )
                if not answer.status:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the signature is given
                """Nothing: the arrivals are the log."""

        return Handler
