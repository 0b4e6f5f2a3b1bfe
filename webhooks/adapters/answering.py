"""The head of an HTTP answer: read up to a limit, and forgiving about header lines that are none."""

import http.client
import re

MOST_HEAD_BYTES = 64 * 1024
MOST_HEADERS = 100

_STATUS_LINE = re.compile(rb"HTTP/1\.([0-9]) +([1-9][0-9][0-9])(?:[ \t][^\r\n]*)?\r?\n")
_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
_BLANK = frozenset({b"\r\n", b"\n", b""})
_SWITCHING_PROTOCOLS = 101
_FIRST_FINAL = 200
_BODILESS = frozenset({_SWITCHING_PROTOCOLS, 204, 304})


class HeadTooLarge(http.client.HTTPException):
    """The status line and the headers are more than is worth reading."""


class Answer(http.client.HTTPResponse):
    """http.client's response, but for the head: that one has no limit and takes ten times the work."""

    def begin(self) -> None:
        """Status, headers and the end of the body are known; interim answers were skipped (RFC 9110 §15.2).

        Raises HeadTooLarge, BadStatusLine for what is not HTTP/1, RemoteDisconnected where nothing came.
        """
        self._head_left = MOST_HEAD_BYTES
        minor, self.status = self._final_status()
        self.version = 11 if minor else 10
        self.reason = ""
        self.headers = self.msg = self._header_lines()
        self._settle_framing()

    def _final_status(self) -> tuple[int, int]:
        while True:
            minor, status = self._status_line()
            if status >= _FIRST_FINAL or status == _SWITCHING_PROTOCOLS:
                return minor, status
            self._header_lines()

    def _status_line(self) -> tuple[int, int]:
        line = self._line()
        if not line:
            raise http.client.RemoteDisconnected("closed without an answer")
        match = _STATUS_LINE.fullmatch(line)
        if match is None:
            raise http.client.BadStatusLine("not HTTP/1")
        return int(match[1]), int(match[2])

    def _header_lines(self) -> http.client.HTTPMessage:
        headers = http.client.HTTPMessage()
        for _ in range(MOST_HEADERS + 1):
            line = self._line()
            if line in _BLANK:
                return headers
            name, colon, value = line.partition(b":")
            if colon and _NAME.fullmatch(name):
                headers[name.decode()] = value.strip().decode("latin-1")
        raise HeadTooLarge(f"more than {MOST_HEADERS} headers")

    def _line(self) -> bytes:
        line = self.fp.readline(self._head_left + 1)
        self._head_left -= len(line)
        if self._head_left < 0:
            raise HeadTooLarge(f"more than {MOST_HEAD_BYTES} bytes")
        return line

    def _settle_framing(self) -> None:
        """RFC 9112 §6.3 and §9.3: how the body ends, and whether the connection can be used again."""
        said = self.headers.get("content-length", "")
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        self.length = int(said) if _LENGTH.fullmatch(said) and not self.chunked else None
        if self.status in _BODILESS:
            self.length = 0
        unframed = self.length is None and not self.chunked
        contradictory = self.chunked and bool(said)
        self.will_close = unframed or contradictory or not self._persistent()

    def _persistent(self) -> bool:
        wish = self.headers.get("connection", "").lower()
        return "close" not in wish if self.version > 10 else "keep-alive" in wish  # noqa: PLR2004 - HTTP/1.0
