"""The sender port (node n4): one request, one total deadline; whatever the network does is an outcome."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse
from urllib3.util import SKIP_HEADER

from webhooks.adapters.deadline import Monotonic, within
from webhooks.adapters.dialling import Dialler
from webhooks.adapters.failure import NOTHING_SENT, SendFailure
from webhooks.adapters.pooling import Pools
from webhooks.adapters.resolving import Resolve, Resolver, system_addresses
from webhooks.adapters.tokens import Token, Tokens
from webhooks.adapters.tunnelling import EgressProxy
from webhooks.errors import InvalidEndpoint
from webhooks.lifecycle import is_success
from webhooks.model import ErrorCode, Outcome, Request, Response, Verdict
from webhooks.url_policy import UrlPolicy, WebUrl, parse_url

KEPT_BYTES = 16 * 1024
"""The most of an answer's body that is read and kept."""

_REDIRECTS = range(300, 400)
_OURS = frozenset({"host", "content-length", "connection", "transfer-encoding"})
"""Headers that say how the request is framed; whatever an endpoint asks for, they are the wire's."""
_FRAMING = {
    "connection": ("Connection", "keep-alive"),
    "user-agent": ("User-Agent", SKIP_HEADER),
    "accept-encoding": ("Accept-Encoding", SKIP_HEADER),
}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]*")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
"""RFC 9110 §5.5."""

log = structlog.get_logger()


class HttpSender:
    """`ports.Sender` on requests' adapter with connections of our own. Threads may share it."""

    def __init__(
        self,
        policy: UrlPolicy,
        *,
        resolve: Resolve = system_addresses,
        monotonic: Monotonic = time.monotonic,
        ca_bundle: str | None = None,
        proxy: EgressProxy | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._resolver = Resolver(resolve, monotonic=monotonic)
        dialler = Dialler(policy, self._resolver, monotonic=monotonic, proxy=proxy)
        self._tokens = Tokens(self._exchange, monotonic=monotonic)
        self._adapter = _Adapter(Pools(dialler, ca_bundle=ca_bundle, monotonic=monotonic))

    def send(self, request: Request, *, timeout_seconds: float) -> Outcome:
        """See `ports.Sender.send`."""
        began = self._monotonic()
        with within(timeout_seconds, self._monotonic):
            outcome = self._outcome(request)
        return replace(outcome, duration_ms=(self._monotonic() - began) * 1000)

    def close(self) -> None:
        """Connections that are not in use are closed; nothing is sent any more."""
        self._adapter.close()
        self._resolver.close()

    def _outcome(self, request: Request) -> Outcome:
        try:
            response = self._answer(request)
        except SendFailure as failure:
            if failure.code is ErrorCode.INTERNAL:
                log.error("send.failed_here", detail=failure.detail)  # noqa: TRY400 - the sentence says it all
            return _failed(failure.code, failure.detail, final=failure.final)
        except InvalidEndpoint as error:
            return _failed(ErrorCode.INVALID_URL, f"{error} {NOTHING_SENT.capitalize()}.", final=True)
        except Exception as error:  # noqa: BLE001 - an attempt ends in an outcome, also where we have a bug
            log.error("send.unclassified", errors=_kinds(error))  # noqa: TRY400 - its text may hold the URL
            return _failed(ErrorCode.INTERNAL, f"an error of ours: {type(error).__name__}")
        if is_success(response.status_code):
            return Outcome(verdict=Verdict.DELIVERED, response=response)
        return Outcome(verdict=Verdict.FAILED, response=response, detail=_redirect_hint(response))

    def _answer(self, request: Request) -> Response:
        """The answer, to a request with a token where one is wanted.

        A kept token may have been withdrawn: after a 401 it goes once more with a new one, for that the first
        was refused is sure. Raises SendFailure, InvalidEndpoint.
        """
        if request.oauth2 is None:
            return self._exchange(request)
        token = self._tokens.token(request.oauth2)
        response = self._exchange(_with_token(request, token))
        if response.status_code != HTTPStatus.UNAUTHORIZED or token.fresh:
            return response
        self._tokens.forget(request.oauth2, token)
        return self._exchange(_with_token(request, self._tokens.token(request.oauth2)))

    def _exchange(self, request: Request) -> Response:
        """The answer; no redirect is followed, nothing is sent twice. Raises SendFailure, InvalidEndpoint."""
        prepared = requests.PreparedRequest()
        prepared.method = "POST"
        prepared.url = parse_url(request.url).text
        prepared.headers = _wire_headers(request)  # type: ignore[assignment]  # no name stands there twice
        prepared.body = request.body
        return _read(self._adapter.send(prepared, stream=True, cert=request.tls).raw)  # type: ignore[arg-type]  # ours


class _Adapter(HTTPAdapter):
    """requests' adapter over our pools, without what a POST of known bytes to a known place does not need."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools
        super().__init__(max_retries=0)

    def init_poolmanager(self, *_: Any, **__: Any) -> None:
        self.poolmanager = self._pools

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *_: Any, cert: Any = None, **__: Any
    ) -> HTTPConnectionPool:
        url = _parsed(request)
        return self._pools.pool(url.scheme, url.host, url.port, cert)

    def request_url(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> str:
        return _parsed(request).target

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The pools' TLS context verifies."""

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = requests.Response()
        response.request = req
        response.raw = resp
        return response


def _with_token(request: Request, token: Token) -> Request:
    return replace(request, headers={**request.headers, "authorization": f"Bearer {token.text}"})


def _parsed(request: requests.PreparedRequest) -> WebUrl:
    return parse_url(request.url or "")


def _wire_headers(request: Request) -> dict[str, str]:
    """The request's own headers and the two that frame it; urllib3 adds host, and would add two more."""
    own = {name.lower(): (name, value) for name, value in request.headers.items() if name.lower() not in _OURS}
    # all at once, which is a tenth of the work: the rule speaks of single characters
    names, values = "".join(name for name, _ in own.values()), "".join(value for _, value in own.values())
    if "" in own or not (_NAME.fullmatch(names) and _VALUE.fullmatch(values)):
        raise SendFailure(ErrorCode.INTERNAL, f"the header {_unsendable(own)!a} cannot be sent; {NOTHING_SENT}")
    framing = {"content-length": ("Content-Length", str(len(request.body))), **_FRAMING}
    return dict((framing | own).values())


def _unsendable(headers: Mapping[str, tuple[str, str]]) -> str:
    return next(
        name for name, value in headers.values() if not (name and _NAME.fullmatch(name) and _VALUE.fullmatch(value))
    )


def _read(raw: BaseHTTPResponse) -> Response:
    """The answer and what is kept of its body; its connection is in the pool again, closed if more would come.

    The status has arrived and is what counts: a body that breaks off or is late only leaves less to show.
    """
    body = bytearray()
    whole = True
    try:
        while len(body) <= KEPT_BYTES and (chunk := raw.read1(KEPT_BYTES + 1 - len(body), decode_content=False)):
            body += chunk
    except (HTTPError, OSError):
        whole = False
    if len(body) > KEPT_BYTES or not whole:
        raw.close()
    raw.release_conn()
    return Response(
        status_code=raw.status,
        headers=tuple(raw.headers.items()),
        body=bytes(body[:KEPT_BYTES]),
        truncated=len(body) > KEPT_BYTES or not whole,
        bytes_read=len(body),
    )


def _redirect_hint(response: Response) -> str | None:
    if response.status_code not in _REDIRECTS:
        return None
    location = next((value for name, value in response.headers if name.lower() == "location"), "")
    return f"the answer redirects{_place(location)}; redirects are not followed, update the endpoint's URL"


def _place(location: str) -> str:
    if not location:
        return " and does not say where"
    try:
        parts = urlsplit(location)
        host = parts.hostname
    except ValueError:
        return " to what is not a URL"
    if host:
        return f" to {parts.scheme}://{host}" if parts.scheme else f" to {host}"
    return " to what is not a web address" if parts.scheme else " to another path on the same host"


def _kinds(error: BaseException) -> list[str]:
    """What the error is and what it came of, without their texts."""
    kinds = []
    cause: BaseException | None = error
    while cause is not None:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return kinds


def _failed(code: ErrorCode, detail: str, *, final: bool = False) -> Outcome:
    return Outcome(verdict=Verdict.FAILED, error=code, detail=detail, final=final)
