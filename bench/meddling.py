"""What operators do while everything is killed: rotate, disable, replay, recover, delete; and what came of it."""

import contextlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests

from bench.receiver import Arrival, RecordingReceiver
from bench.stack import Stack, wait_until
from bench.troubled import SCHEDULE, TIMEOUT_SECONDS
from webhooks import signing
from webhooks.errors import BadSignature

TENANT = "meddled"
PATH = "/meddled"
SINCE = "2020-01-01T00:00:00Z"
EACH_TIME = 5
"""Events posted in each half of a round: while the endpoint is enabled, and while it is not."""
PAUSE_SECONDS = 0.5
OVERLAP_SECONDS = 2


@dataclass(slots=True)
class Meddling:
    """A tenant of its own, beside the load; each call again until it is answered."""

    stack: Stack
    receiver: RecordingReceiver
    rounds: int = 0
    posted: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    """Tenants that were there for a moment."""
    signed_by: list[str] = field(default_factory=list)
    """Every secret that the endpoint ever had."""
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _id: str = ""

    def start(self) -> None:
        """From now on, until `finish`."""
        settings = {"url": f"{self.receiver.url}{PATH}", "tenant": TENANT}
        common = {"retry_schedule": SCHEDULE, "timeout_seconds": TIMEOUT_SECONDS}
        made = self._insist("POST", "/v1/endpoints", {**settings, **common})
        self._id = made["id"]
        self.signed_by.append(made["secret"])
        self._thread = threading.Thread(target=self._run, name="meddling")
        self._thread.start()

    def finish(self, *, seconds: float) -> list[str]:
        """What went wrong, once the last recovery is through or that time is over."""
        self._over.set()
        if self._thread:
            self._thread.join()
        with contextlib.suppress(TimeoutError):
            wait_until("everything arrived", self._all_arrived, seconds=seconds)
        with contextlib.suppress(TimeoutError):
            wait_until("the tenants are gone", lambda: not self._left_behind(), seconds=seconds)
        return [*self._undelivered(), *self._badly_signed(), *self._left_behind()]

    def _run(self) -> None:
        while not self._over.is_set():
            self._round()
            self.rounds += 1
            self._over.wait(PAUSE_SECONDS)

    def _round(self) -> None:
        path = f"/v1/endpoints/{self._id}"
        self._post()
        self._insist("PATCH", path, {"enabled": False})
        self._post()
        self._insist("PATCH", path, {"enabled": True})
        self._rotate(path)
        for _ in range(2):
            self._insist("POST", f"{path}/recover", {"since": SINCE})
        passing = self._insist("POST", "/v1/endpoints", {"url": f"{self.receiver.url}/passing", "tenant": TENANT})
        self._post()
        self._insist("POST", f"/v1/events/{self.posted[-1]}/replay?tenant={TENANT}")
        self._insist("DELETE", f"/v1/endpoints/{passing['id']}")
        self._delete_tenant(f"passing{self.rounds}")

    def _delete_tenant(self, tenant: str) -> None:
        """While its event is on the way."""
        self._insist("POST", "/v1/endpoints", {"url": f"{self.receiver.url}/passing", "tenant": tenant})
        self._insist("POST", "/v1/events", {"id": "evt_passing", "type": "passing.by", "data": {}, "tenant": tenant})
        self._insist("DELETE", f"/v1/tenants/{tenant}", absent_is_fine=True)  # its answer may have been lost
        self.deleted.append(tenant)

    def _rotate(self, path: str) -> None:
        """With a secret of our own, so that a call that is repeated after a lost answer makes no second one."""
        secret = signing.generate_secret(secrets.token_bytes(32))
        self.signed_by.append(secret)
        overlap = OVERLAP_SECONDS if self.rounds % 2 else 0
        self._insist("POST", f"{path}/secret/rotate", {"secret": secret, "overlap_seconds": overlap})

    def _post(self) -> None:
        for _ in range(EACH_TIME):
            event_id = f"evt_meddled_{len(self.posted)}"
            self._insist("POST", "/v1/events", {"id": event_id, "type": "meddled.with", "data": {}, "tenant": TENANT})
            self.posted.append(event_id)

    def _insist(self, method: str, path: str, body: Any = None, *, absent_is_fine: bool = False) -> Any:
        """The answer, however often it takes; each of these calls bears being repeated."""
        while True:
            with contextlib.suppress(requests.RequestException):
                answer = requests.request(
                    method, f"{self.stack.url}{path}", json=body, headers=self.stack.http.headers, timeout=5
                )
                if answer.ok:
                    return answer.json() if answer.content else None
                if answer.status_code == requests.codes.not_found and absent_is_fine:
                    return None
                if answer.status_code < 500:  # noqa: PLR2004 - a 4xx would be our own mistake
                    raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text}")
            time.sleep(0.2)

    def _left(self) -> list[dict[str, Any]]:
        path = f"/v1/deliveries?tenant={TENANT}&endpoint_id={self._id}&status=undelivered&limit=250"
        found: list[dict[str, Any]] = self._insist("GET", path)["data"]
        return found

    def _all_arrived(self) -> bool:
        """What failed in between is recovered once more."""
        left = self._left()
        if any(each["status"] in ("exhausted", "cancelled", "skipped") for each in left):
            self._insist("POST", f"/v1/endpoints/{self._id}/recover", {"since": SINCE})
            time.sleep(1)
        return not left

    def _arrivals(self) -> list[Arrival]:
        return [each for each in self.receiver.arrivals if each.path == PATH]

    def _undelivered(self) -> list[str]:
        arrived = {each.event_id for each in self._arrivals()}
        left = [f"{each['id']} is {each['status']}" for each in self._left()]
        return left + [f"{each} never arrived" for each in self.posted if each not in arrived]

    def _left_behind(self) -> list[str]:
        there = [each for each in self.deleted if self._insist("GET", f"/v1/tenants/{each}", absent_is_fine=True)]
        return [f"the tenant {each} was not deleted" for each in there]

    def _badly_signed(self) -> list[str]:
        keys = [signing.decode_secret(each) for each in self.signed_by]
        wrong = [each.event_id for each in self._arrivals() if not _signed(each, keys)]
        return [f"{each} was signed by none of the secrets" for each in wrong]


def _signed(arrival: Arrival, keys: list[bytes]) -> bool:
    try:
        signing.verify(arrival.headers, arrival.body, keys=keys, now=datetime.fromtimestamp(arrival.at, UTC))
    except BadSignature:
        return False
    return True
