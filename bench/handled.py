"""What `make chaos` sends to the receiving side, and whether each acknowledged webhook had its effect once."""

import contextlib
import threading
import time
from dataclasses import dataclass, field

import redis
import requests

from bench.chaos_handlers import DATABASE, EFFECTS
from bench.stack import Stack, wait_until

ENVIRON = {
    "HOOKLINE_HANDLERS": "bench.chaos_handlers",
    "HOOKLINE_SOURCE_DEFAULT_SCHEME": "none",
    "HOOKLINE_HANDLER_TIMEOUT": "3s",
    "HOOKLINE_RETRY_SCHEDULE": ",".join(["1s"] * 10),
}


@dataclass(slots=True)
class Webhooks:
    """Posts webhooks, each again until it is acknowledged, as a provider does."""

    stack: Stack
    count: int
    per_second: float
    acknowledged: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """All of them, at their rate."""
        with requests.Session() as http:
            for number in range(self.count):
                self._post(http, f"msg_chaos_{number}")
                time.sleep(1 / self.per_second)

    def wait(self, *, seconds: float) -> None:
        """Every acknowledged one has had its effect, or the time is over."""
        with contextlib.suppress(TimeoutError):
            wait_until("all are handled", lambda: len(self._effects()) >= len(self.acknowledged), seconds=seconds)

    def unhandled(self) -> list[str]:
        """Those that were acknowledged and had no effect."""
        return sorted(set(self.acknowledged) - self._effects().keys())

    def handled_twice(self) -> list[str]:
        """Those whose guarded effect happened more than once."""
        return sorted(name for name, times in self._effects().items() if times != "1")

    def _effects(self) -> dict[str, str]:
        client = redis.Redis(port=self.stack.valkey.port, db=DATABASE, decode_responses=True, socket_timeout=5)
        with contextlib.closing(client):
            return dict(client.hgetall(EFFECTS))  # type: ignore[arg-type]

    def _post(self, http: requests.Session, event_id: str) -> None:
        body, headers = {"type": "load.received", "data": {}}, {"webhook-id": event_id}
        while not self.over.is_set():
            with contextlib.suppress(requests.RequestException):
                answer = http.post(f"{self.stack.url}/webhook", json=body, headers=headers, timeout=5)
                if answer.ok:
                    self.acknowledged.append(event_id)
                    return
                if answer.status_code < 500:  # noqa: PLR2004 - a 4xx would be our own mistake
                    raise AssertionError(f"{answer.status_code} {answer.text}")
            time.sleep(0.2)
