"""`hookline listen`: a receiver on this machine that prints, verifies and forwards."""

import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click
import msgspec
import requests
from rich.console import Console

from webhooks import signing
from webhooks.cli.connection import Terminal, connected
from webhooks.errors import BadSignature

MOST_BYTES = 16 * 1024**2
FORWARD_SECONDS = 30
OWN_HOP = frozenset({"host", "content-length", "connection", "transfer-encoding"})
"""Headers of one hop (RFC 9110 §7.6.1), which are made anew when forwarding."""
UNAUTHORIZED, TOO_LARGE, BAD_GATEWAY = 401, 413, 502


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """What is done with what arrives."""

    console: Console
    key: bytes | None = None
    """None: nothing is verified."""
    forward: str | None = None
    answer: int = 200

    def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """It is printed, and forwarded where that is asked for; what comes back is the status to answer with."""
        verdict = self._judged(headers, body)
        status = self._answer(headers, body, verdict)
        self._print(headers, body, verdict, status)
        return status

    def _judged(self, headers: Mapping[str, str], body: bytes) -> str:
        if self.key is None:
            return "unverified"
        now = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - a receiver goes by its own clock
        try:
            signing.verify(headers, body, keys=[self.key], now=now)
        except BadSignature as error:
            return f"refused: {error}"
        return "verified"

    def _answer(self, headers: Mapping[str, str], body: bytes, verdict: str) -> int:
        if verdict.startswith("refused"):
            return UNAUTHORIZED
        if self.forward is None:
            return self.answer
        passed_on = {name: value for name, value in headers.items() if name.lower() not in OWN_HOP}
        try:
            return requests.post(
                self.forward, data=body, headers=passed_on, timeout=FORWARD_SECONDS, allow_redirects=False
            ).status_code
        except requests.RequestException as error:
            self.console.print(f"{self.forward} does not answer ({type(error).__name__})", style="red", markup=False)
            return BAD_GATEWAY

    def _print(self, headers: Mapping[str, str], body: bytes, verdict: str, status: int) -> None:
        lowered = {name.lower(): value for name, value in headers.items()}
        first = f"{lowered.get('webhook-id', '(no webhook-id)')} {len(body)} bytes, {verdict} → {status}"
        self.console.print(first, markup=False, style=None if verdict != "unverified" and status < 400 else "yellow")  # noqa: PLR2004
        self.console.print(_readable(body), markup=False, highlight=False)


def server(listening: Listening, *, host: str, port: int) -> ThreadingHTTPServer:
    """A server that hands what is posted to `listening`; raises OSError where the port is taken."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > MOST_BYTES:
                self.close_connection = True
                self._say(TOO_LARGE)
                return
            self._say(listening.receive(dict(self.headers.items()), self.rfile.read(length)))

        def _say(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """What arrived is printed already."""

    return ThreadingHTTPServer((host, port), Handler)


@click.command(
    help="Receive webhooks on this machine and print them, until Ctrl-C. Needs no API but with --register.",
    short_help="Receive webhooks on this machine and print them, until Ctrl-C.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, default=9000, show_default=True, help="The port to listen on.")
@click.option("--secret", help="Verify with this whsec_…; what fails is answered with 401.")
@click.option("--forward", metavar="URL", help="Pass what is right on, and answer what comes back.")
@click.option(
    "--answer", type=click.IntRange(200, 599), default=200, show_default=True, help="The status to answer with."
)
@click.option("--register", is_flag=True, help="Be an endpoint of the API for as long as this runs, and verify.")
@click.option("--event-type", "event_types", multiple=True, help="What to register for, else all; may be repeated.")
@click.option("--tenant", help="Whose endpoint to register.")
@partial(connected, when="register")
def listen(
    terminal: Terminal,
    *,
    host: str,
    port: int,
    secret: str | None,
    forward: str | None,
    answer: int,
    register: bool,
    event_types: tuple[str, ...],
    tenant: str | None,
) -> None:
    """Exit code 0 after Ctrl-C, 1 where the port is taken."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the endpoint goes then, too
    console = Console(highlight=False)
    url = f"http://{host}:{port}/"
    with _registered(terminal, url, register=register, event_types=event_types, tenant=tenant) as made:
        key = _key(secret or made)
        try:
            serving = server(Listening(console=console, key=key, forward=forward, answer=answer), host=host, port=port)
        except OSError as error:
            raise click.ClickException(f"cannot listen on {host}:{port}: {error.strerror}") from None
        with serving:
            console.print(f"listening at {url}, {'verifying' if key else 'not verifying: give --secret'}", markup=False)
            try:
                serving.serve_forever(poll_interval=0.2)
            except KeyboardInterrupt:
                console.print("stopped")


@contextmanager
def _registered(
    terminal: Terminal, url: str, *, register: bool, event_types: tuple[str, ...], tenant: str | None
) -> Iterator[str | None]:
    """The secret of an endpoint that there is for so long; None where none is asked for."""
    if not register:
        yield None
        return
    fields: dict[str, Any] = {"event_types": list(event_types)} if event_types else {}
    if tenant:
        fields["tenant"] = tenant
    endpoint = terminal.client.endpoints.create(url, description="hookline listen", **fields)
    try:
        yield endpoint["secret"]
    finally:
        terminal.client.endpoints.delete(endpoint["id"])


def _key(secret: str | None) -> bytes | None:
    if secret is None:
        return None
    try:
        return signing.decode_secret(secret)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--secret") from None


def _readable(body: bytes) -> str:
    """Laid out for people, every number and string as it came."""
    try:
        return msgspec.json.format(body, indent=2).decode()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return repr(body[:2000])
