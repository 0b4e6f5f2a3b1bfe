"""A way out through an egress proxy: a tunnel to the address that was checked (RFC 9110, section 9.3.6, CONNECT)."""

import base64
from dataclasses import dataclass
from socket import socket
from urllib.parse import unquote, urlsplit

LONGEST_HEAD = 8192


class TunnelRefused(OSError):
    """The proxy did not open the tunnel; the text says what it answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressProxy:
    """A forward proxy that all requests leave through, itself exempt from the address policy."""

    host: str
    port: int
    authorization: str | None = None
    """The value of Proxy-Authorization."""

    @classmethod
    def from_url(cls, url: str) -> "EgressProxy":
        """`http://[user:password@]host:port`, as the setting has it."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        given = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        basic = f"Basic {base64.b64encode(given.encode()).decode()}" if parts.username else None
        return cls(host=parts.hostname, port=parts.port or 80, authorization=basic)


def open_tunnel(connection: socket, address: str, port: int, *, authorization: str | None) -> None:
    """From now on the connection leads to that address. Raises TunnelRefused, and OSError for a broken connection."""
    authority = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    lines += [f"Proxy-Authorization: {authorization}"] if authorization else []
    connection.sendall("\r\n".join([*lines, "", ""]).encode())
    words = _head(connection).split(b"\r\n", 1)[0].split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():  # noqa: PLR2004
        raise TunnelRefused("did not answer in HTTP/1")
    if not words[1].startswith(b"2"):
        raise TunnelRefused(f"answered {words[1].decode()}")


def _head(connection: socket) -> bytes:
    """The answer's head; nothing follows it, since the other end of a new tunnel does not speak first."""
    head, part = b"", bytearray(1024)
    while b"\r\n\r\n" not in head:
        size = connection.recv_into(part)
        if not size or len(head) > LONGEST_HEAD:
            raise TunnelRefused("gave no whole answer")
        head += part[:size]
    return head
