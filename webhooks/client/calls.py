"""One call of the API: bearer key, JSON both ways, repeated where repeating it is safe."""

import ipaddress
import json
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import SystemRandom  # noqa: TID251 - the pause between two tries is the caller's luck
from typing import Any
from urllib.parse import urlsplit

import requests

Json = dict[str, Any]

WORTH_REPEATING = frozenset({429, 502, 503, 504})
SAFE_TO_REPEAT = frozenset({"GET", "PUT", "PATCH", "DELETE"})
IDEMPOTENCY_KEY = "Idempotency-Key"
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 10.0
LONGEST_RETRY_AFTER_SECONDS = 60.0


class Trouble(Exception):
    """The call did not do what it was to do."""


class Refused(Trouble):
    """The API answered with a problem document (RFC 9457)."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.errors: dict[str, list[str]] = dict(problem.get("errors") or {})
        """What to do, by field."""
        self.request_id = str(problem.get("request_id", ""))
        by_field = "; ".join(f"{name}: {', '.join(messages)}" for name, messages in self.errors.items())
        super().__init__(f"{status} {self.code}: {self.detail}" + (f" ({by_field})" if by_field else ""))


class NoAnswer(Trouble):
    """The API could not be reached, or said nothing in time; whether it did something is not known."""


class _Bearer(requests.auth.AuthBase):
    """Sets the header itself, so that no `.netrc` of the environment replaces it."""

    def __init__(self, api_key: str) -> None:
        self._header = f"Bearer {api_key}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a call is tried."""

    timeout_seconds: float = 10.0
    """For each try to connect and, again, for its answer."""
    tries: int = 5
    pause: Callable[[float], None] = time.sleep
    luck: Callable[[], float] = SystemRandom().random


class Calls:
    """Makes calls; safe with threads and after a fork, since each gets connections of its own."""

    def __init__(self, url: str, api_key: str, *, patience: Patience) -> None:
        self._url = url.rstrip("/")
        self._auth = _Bearer(api_key)
        host = urlsplit(url).hostname or ""
        # A proxy of the environment knows nothing of this machine's loopback.
        self._proxies = {"no_proxy": host} if _is_loopback(host) else {}
        self._patience = patience
        self._local = threading.local()

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        repeatable: bool = False,
    ) -> Any:
        """The answer's JSON, None where it is empty. Raises Refused, NoAnswer, ValueError for what is no JSON.

        A body of bytes is JSON already. A POST is tried once, unless its body or its key makes it `repeatable`.
        """
        sent = body if body is None or isinstance(body, bytes) else encoded(body)
        headers = {} if sent is None else {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers[IDEMPOTENCY_KEY] = idempotency_key
        repeat = repeatable or method in SAFE_TO_REPEAT or idempotency_key is not None
        given = {name: value for name, value in (query or {}).items() if value is not None}
        return self._tried(
            lambda: self._session().request(
                method,
                self._url + path,
                data=sent,
                headers=headers,
                params=given,
                auth=self._auth,
                timeout=self._patience.timeout_seconds,
                allow_redirects=False,
                proxies=self._proxies,
            ),
            tries=self._patience.tries if repeat else 1,
        )

    def _tried(self, send: Callable[[], requests.Response], *, tries: int) -> Any:
        for number in range(1, tries + 1):
            last = number == tries
            try:
                answer = send()
            except requests.RequestException as error:
                if last:
                    raise NoAnswer(f"{self._url} does not answer ({type(error).__name__})") from error
                self._pause(number)
                continue
            if last or answer.status_code not in WORTH_REPEATING:
                return _said(answer)
            self._pause(number, at_least=_retry_after(answer))
        raise NoAnswer("no try was allowed")

    def _pause(self, number: int, *, at_least: float = 0.0) -> None:
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**number)
        self._patience.pause(max(at_least, longest * (1 + self._patience.luck()) / 2))

    def _session(self) -> requests.Session:
        """This thread's, made anew in a process that was forked."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.process = os.getpid()
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session


def encoded(value: Any) -> bytes:
    """The value as JSON; raises ValueError or TypeError for what is none."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def encoded_event(event: Mapping[str, Any]) -> bytes:
    """The event as JSON; `data` of bytes is JSON already and stays as it is. Raises ValueError, TypeError."""
    data = event.get("data")
    if not isinstance(data, bytes):
        return encoded(event)
    encoded(json.loads(data.decode()))  # one value and no more, or what follows it would become members of the event
    others = encoded({name: value for name, value in event.items() if name != "data"})
    return others[:-1] + (b', "data": ' if len(others) > len(b"{}") else b'"data": ') + data + b"}"


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _said(answer: requests.Response) -> Any:
    if not answer.ok or answer.is_redirect:
        raise Refused(answer.status_code, _problem(answer))
    return answer.json() if answer.content else None


def _problem(answer: requests.Response) -> Json:
    try:
        said = answer.json()
    except requests.JSONDecodeError:
        said = None
    return said if isinstance(said, dict) else {"detail": answer.text[:200] or answer.reason}


def _retry_after(answer: requests.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST_RETRY_AFTER_SECONDS) if text.isdecimal() else 0.0
