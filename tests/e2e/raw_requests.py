"""Requests over bare sockets: what no HTTP library would send."""

import contextlib
import socket
from base64 import b64encode
from datetime import UTC, datetime

from tests.unit.samples import code

KEY = bytes(range(32))


def signed(body, *, message_id="msg_1", timestamp=None, signed_timestamp=None):
    """The headers of Standard Webhooks for a body, by an independent library."""
    at = str(int(datetime.now(UTC).timestamp())) if timestamp is None else timestamp
    content = f"{message_id}.{signed_timestamp or at}.".encode("latin-1") + body
    return {
        "webhook-id": message_id,
        "webhook-timestamp": at,
        "webhook-signature": "v1," + b64encode(code(KEY, content)).decode(),
    }


def head(headers, *, path="/webhooks/standard", method="POST", host="h"):
    """The bytes before the body; header values in latin-1, bytes as they are."""
    lines = [f"{method} {path} HTTP/1.1".encode(), b"Host: " + host.encode()]
    for name, value in headers.items() if isinstance(headers, dict) else headers:
        lines.append(name.encode("latin-1") + b": " + (value if isinstance(value, bytes) else value.encode("latin-1")))
    return b"\r\n".join(lines) + b"\r\n\r\n"


def talk(stack, *parts, timeout=20, ends=False):
    """Sends the parts, each in a packet of its own, and reads one answer: its status, headers and body.

    With `ends`, nothing more will be sent, and the server can see so.
    """
    with socket.create_connection(("127.0.0.1", stack.api_port), timeout=timeout) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            try:
                line.sendall(part)
            except (BrokenPipeError, ConnectionResetError):
                break  # refused before all of it was sent
        if ends:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_WR)
        return read_answer(line)


def read_answer(line):
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = line.recv(65536)
        if not chunk:
            return None, {}, received
        received += chunk
    first, *lines = received.partition(b"\r\n\r\n")[0].split(b"\r\n")
    headers = dict(each.decode("latin-1").lower().split(": ", 1) for each in lines)
    body = received.partition(b"\r\n\r\n")[2]
    while len(body) < int(headers.get("content-length", 0)):
        body += line.recv(65536)
    return int(first.split()[1]), headers, body


def post(stack, body, headers=None, *, path="/webhooks/standard", **more):
    """One request with a Content-Length; the status it is answered."""
    sent = {**(signed(body) if headers is None else headers), "Content-Length": str(len(body)), **more}
    return talk(stack, head(sent, path=path), body)[0]


def chunked(*chunks):
    """A body in chunks."""
    return [f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n" for chunk in chunks] + [b"0\r\n\r\n"]
