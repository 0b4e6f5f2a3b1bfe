"""Access tokens by OAuth 2.0 client credentials: asked for once, kept until shortly before they expire."""

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec

from webhooks.adapters.deadline import Monotonic, seconds_left
from webhooks.adapters.failure import SendFailure
from webhooks.credentials import OAuth2Auth, token_request
from webhooks.errors import InvalidEndpoint
from webhooks.lifecycle import is_success
from webhooks.model import ErrorCode, Request, Response

MOST_KEPT = 1000
KEPT_SECONDS = 300.0
"""Where the answer does not say how long it is good."""
EARLY_SECONDS = 30.0
"""A token is asked for anew so long before it expires, or at half of its life where that is shorter."""
_WORD = re.compile(r"[a-z_]{1,40}")
_TOKEN = re.compile(r"[!-~]{1,8192}")


class _Answer(msgspec.Struct):
    """RFC 6749 §5.1 and §5.2, as far as it matters."""

    access_token: str = ""
    token_type: str = "bearer"  # noqa: S105 - a kind of token, not one
    expires_in: float | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token; `fresh` where it was asked for just now."""

    text: str = field(repr=False)
    fresh: bool


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    text: str = ""
    until: float = 0.0


class Tokens:
    """One token for each set of client credentials, shared by threads; one of them asks, the others wait."""

    def __init__(self, exchange: Callable[[Request], Response], *, monotonic: Monotonic) -> None:
        self._exchange = exchange
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[OAuth2Auth, _Kept] = OrderedDict()

    def token(self, auth: OAuth2Auth) -> Token:
        """A token that is good now, within the deadline of the present request. Raises SendFailure."""
        with self._own(auth) as kept:
            if self._monotonic() < kept.until:
                return Token(text=kept.text, fresh=False)
            kept.text, lasts = self._ask(auth)
            kept.until = self._monotonic() + max(lasts - EARLY_SECONDS, lasts / 2)
            return Token(text=kept.text, fresh=True)

    def forget(self, auth: OAuth2Auth, token: Token) -> None:
        """That token is not used again; a newer one stays."""
        with self._own(auth) as kept:
            if kept.text == token.text:
                kept.until = 0.0

    @contextmanager
    def _own(self, auth: OAuth2Auth) -> Iterator[_Kept]:
        kept = self._entry(auth)
        if not kept.lock.acquire(timeout=seconds_left()):
            raise _failure(auth, "another attempt still waits for its answer")
        try:
            yield kept
        finally:
            kept.lock.release()

    def _entry(self, auth: OAuth2Auth) -> _Kept:
        with self._lock:
            kept = self._kept.setdefault(auth, _Kept())
            self._kept.move_to_end(auth)
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return kept

    def _ask(self, auth: OAuth2Auth) -> tuple[str, float]:
        headers, body = token_request(auth)
        try:
            response = self._exchange(Request(url=auth.token_url, headers=headers, body=body))
        except SendFailure as failure:
            raise _failure(auth, failure.detail, final=failure.final) from failure
        except InvalidEndpoint as error:
            raise _failure(auth, str(error), final=True) from error
        answer = _read(response)
        if not is_success(response.status_code):
            reason = f" ({answer.error})" if _WORD.fullmatch(answer.error) else ""
            raise _failure(auth, f"it answered {response.status_code}{reason}")
        if answer.token_type.lower() != "bearer" or not _TOKEN.fullmatch(answer.access_token):
            raise _failure(auth, "its answer holds no bearer token")
        return answer.access_token, KEPT_SECONDS if answer.expires_in is None else max(0.0, answer.expires_in)


def _read(response: Response) -> _Answer:
    try:
        return msgspec.json.decode(response.body, type=_Answer, strict=False)
    except msgspec.DecodeError:
        return _Answer()


def _failure(auth: OAuth2Auth, why: str, *, final: bool = False) -> SendFailure:
    host = urlsplit(auth.token_url).hostname
    return SendFailure(ErrorCode.AUTH_FAILED, f"no token from {host}: {why}", final=final)
