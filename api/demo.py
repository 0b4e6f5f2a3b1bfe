"""The demo receiver: answers an event's first attempt 503, the second 401, and passes the third to our own receiver."""

import os
import threading
from collections import OrderedDict

import requests
from flask import Flask, Response, request

REFUSALS = (503, 401)
EVENTS_KEPT = 10_000
PASSED_ON = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")


class Refusals:
    """How often each event was refused so far; the oldest are forgotten."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def next_status(self, event_id: str) -> int | None:
        """The status to refuse this one with; None when it has been refused often enough."""
        with self._lock:
            seen = self._seen.get(event_id, 0)
            self._seen[event_id] = seen + 1
            if len(self._seen) > EVENTS_KEPT:
                self._seen.popitem(last=False)
        return REFUSALS[seen] if seen < len(REFUSALS) else None


def create_app(receiver_url: str) -> Flask:
    """An app that passes what it does not refuse on to `receiver_url`."""
    app = Flask("demo")
    refusals = Refusals()

    @app.get("/")
    def describe() -> str:
        """What this is."""
        return "The demo receiver: POST /webhook answers 503, then 401, then receives.\n"

    @app.post("/webhook")
    def receive() -> Response:
        """Refuse twice, then receive."""
        status = refusals.next_status(request.headers.get("webhook-id", ""))
        if status:
            return Response(f"{status}, on purpose\n", status=status, content_type="text/plain")
        headers = {name: request.headers[name] for name in PASSED_ON if name in request.headers}
        answer = requests.post(receiver_url, data=request.get_data(), headers=headers, timeout=10)
        return Response(answer.content, status=answer.status_code, content_type=answer.headers.get("content-type"))

    return app


def __getattr__(name: str) -> Flask:
    """`app` is made when a server asks for it."""
    if name != "app":
        raise AttributeError(name)
    environ = os.environ  # noqa: TID251 - the composition root of this process
    base = environ.get("HOOKLINE_URL") or f"http://127.0.0.1:{environ.get('HOOKLINE_PORT', '8000')}"
    app = create_app(f"{base}/webhook")
    globals()["app"] = app
    return app
