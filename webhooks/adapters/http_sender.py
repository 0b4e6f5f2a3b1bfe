"""The sender port: one HTTP request under a total deadline; whatever the network does becomes an outcome."""

import http.client
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import requests
import structlog
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from webhooks.adapters import dialling
from webhooks.errors import InvalidEndpoint
from webhooks.lifecycle import is_success
from webhooks.model import ErrorCode, Outcome, Request, Response, Verdict
from webhooks.url_policy import AddressVerdict, UrlPolicy, well_formed

KEEP_BYTES = 16 * 1024
HEADER_BYTES = 64 * 1024
TIDY_EVERY_SECONDS = 10.0
REDIRECTS = range(300, 400)

log = structlog.get_logger()


class HttpSender:
    """`ports.Sender` on requests' adapter, with connections of our own (dialling.py)."""

    def __init__(
        self,
        policy: UrlPolicy,
        *,
        get_addresses: dialling.GetAddresses = dialling.system_addresses,
        ca_file: str | None = None,
    ) -> None:
        self._adapter = _Adapter(dialling.Dialler(policy, get_addresses), dialling.tls_context(ca_file))
        self._tidy_at = time.monotonic() + TIDY_EVERY_SECONDS

    def send(self, request: Request, *, timeout_seconds: float) -> Outcome:
        """See `ports.Sender.send`."""
        self._tidy()
        began = time.monotonic()

        def outcome(verdict: Verdict, **fields: Any) -> Outcome:
            return Outcome(verdict=verdict, duration_ms=(time.monotonic() - began) * 1000, **fields)

        try:
            with dialling.DEADLINE.within(timeout_seconds):
                response = self._exchange(request)
        except Exception as error:  # noqa: BLE001 - nothing the network does may raise; what we cannot name is logged
            code, detail = _classify(error)
            if code is ErrorCode.INTERNAL:
                log.error("send.unclassified", host=urlsplit(request.url).hostname, error=type(error).__name__)
            final = code in (ErrorCode.ADDRESS_REFUSED, ErrorCode.INVALID_URL)
            return outcome(Verdict.FAILED, error=code, detail=detail, final=final)
        if is_success(response.status_code):
            return outcome(Verdict.DELIVERED, response=response)
        return outcome(Verdict.FAILED, response=response, detail=_redirect_hint(response))

    def _exchange(self, request: Request) -> Response:
        prepared = requests.PreparedRequest()
        prepared.method = "POST"
        prepared.url = well_formed(request.url)
        prepared.headers = CaseInsensitiveDict({**request.headers, "content-length": str(len(request.body))})
        prepared.headers["connection"] = "keep-alive"
        prepared.body = request.body
        answer = self._adapter.send(prepared, stream=True, timeout=None)
        try:
            return _read(answer)
        finally:
            _finish(answer)

    def _tidy(self) -> None:
        if time.monotonic() < self._tidy_at:
            return
        self._tidy_at = time.monotonic() + TIDY_EVERY_SECONDS
        self._adapter.close_idle()


class _Adapter(HTTPAdapter):
    """requests' adapter over our pools; certificates are the pools' affair."""

    def __init__(self, dialler: dialling.Dialler, context: ssl.SSLContext) -> None:
        self._dialler, self._context = dialler, context
        super().__init__(max_retries=0)

    def init_poolmanager(self, *_: Any, **__: Any) -> None:
        self.poolmanager = dialling.pools(self._dialler, self._context)

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> Any:
        return self.poolmanager.connection_from_url(request.url or "")

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The pool's TLS context verifies."""

    def close_idle(self) -> None:
        """Close connections that nobody has used for long."""
        for key in list(self.poolmanager.pools.keys()):
            pool = self.poolmanager.pools.get(key)
            if pool is not None:
                pool.close_idle()


class _HeadersTooLarge(Exception):
    """More than we keep."""


def _read(answer: requests.Response) -> Response:
    headers = tuple((str(name), str(value)) for name, value in answer.raw.headers.items())
    if sum(len(name) + len(value) + 4 for name, value in headers) > HEADER_BYTES:
        raise _HeadersTooLarge
    body = b""
    cut = False
    try:
        for chunk in _chunks(answer.raw):
            body += chunk
    except (OSError, urllib3.exceptions.HTTPError, http.client.HTTPException):
        cut = True  # the status has arrived, and it is what counts
    return Response(
        status_code=answer.status_code,
        headers=headers,
        body=body[:KEEP_BYTES],
        truncated=cut or len(body) > KEEP_BYTES,
        bytes_read=len(body),
    )


def _chunks(raw: Any) -> Iterator[bytes]:
    """The body as it arrives, never decoded, until it ends or is longer than what is kept."""
    left = KEEP_BYTES + 1
    while left > 0:
        chunk = raw.read1(left, decode_content=False)
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _finish(answer: requests.Response) -> None:
    """Back to the pool if the body was read to its end, else the connection is closed."""
    if not answer.raw.isclosed():
        answer.raw.close()
    answer.raw.release_conn()


def _redirect_hint(response: Response) -> str | None:
    if response.status_code not in REDIRECTS:
        return None
    location = next((value for name, value in response.headers if name.lower() == "location"), "")
    try:
        host = urlsplit(location).hostname
    except ValueError:
        host = None
    where = f" to {host}" if host else ""
    return f"the answer redirects{where}; redirects are not followed, update the endpoint's URL"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and whatever requests and urllib3 wrapped, the innermost last."""
    seen: set[int] = set()
    todo: list[BaseException] = [error]
    while todo:
        current = todo.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        todo += [each for each in inner if isinstance(each, BaseException)]


_Rule = tuple[type[BaseException] | tuple[type[BaseException], ...], ErrorCode, Callable[[BaseException], str]]

UNKNOWN = "the outcome is unknown: the receiver may have got it"
_RULES: tuple[_Rule, ...] = (
    (dialling.NameFailed, ErrorCode.DNS, str),
    (dialling.DialTimeout, ErrorCode.CONNECT_TIMEOUT, str),
    (dialling.DialRefused, ErrorCode.CONNECT_REFUSED, str),
    (
        _HeadersTooLarge,
        ErrorCode.RESPONSE_HEADERS_TOO_LARGE,
        lambda _: "the answer's headers are over 64 KiB",
    ),
    (InvalidEndpoint, ErrorCode.INVALID_URL, str),
    (
        (urllib3.exceptions.LocationParseError, requests.exceptions.InvalidURL, UnicodeError),
        ErrorCode.INVALID_URL,
        lambda _: "the URL or a header cannot be sent",
    ),
    (TimeoutError, ErrorCode.TIMEOUT, lambda _: f"no whole answer within the deadline; {UNKNOWN}"),
    (
        ssl.SSLError,
        ErrorCode.TLS,
        lambda error: str(getattr(error, "verify_message", "") or getattr(error, "reason", "") or "TLS failed"),
    ),
    (
        (ConnectionError, http.client.IncompleteRead),
        ErrorCode.RESET,
        lambda _: f"the connection was cut; {UNKNOWN}",
    ),
    (http.client.HTTPException, ErrorCode.INVALID_RESPONSE, lambda _: "the answer is not HTTP"),
    (urllib3.exceptions.ProtocolError, ErrorCode.INVALID_RESPONSE, lambda _: "the answer is not HTTP"),
    (ssl.CertificateError, ErrorCode.TLS, lambda _: "the certificate is not for this host"),
    (OSError, ErrorCode.RESET, lambda _: f"the connection failed; {UNKNOWN}"),
)


def _classify(error: Exception) -> tuple[ErrorCode, str]:
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, dialling.AddressRefused):
            return ErrorCode.ADDRESS_REFUSED, _refused(cause.verdict)
    for kinds, code, detail in _RULES:
        for cause in reversed(causes):
            if isinstance(cause, kinds) and not isinstance(
                cause, requests.RequestException | urllib3.exceptions.HTTPError
            ):
                return code, detail(cause)
    for kinds, code, detail in _RULES:
        for cause in causes:
            if isinstance(cause, kinds):
                return code, detail(cause)
    return ErrorCode.INTERNAL, type(error).__name__


def _refused(verdict: AddressVerdict) -> str:
    return f"the address is {verdict}, which is not dialled; HOOKLINE_ALLOW_NETWORKS can exempt its network"
