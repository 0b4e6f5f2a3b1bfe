"""urllib3's connections over our dialler; trouble becomes a SendFailure where its meaning is known."""

import http.client
import ssl
from socket import socket
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import HTTPResponse
from urllib3.util import SKIP_HEADER

from webhooks.adapters.answering import Answer, HeadTooLarge
from webhooks.adapters.deadline import Monotonic
from webhooks.adapters.dialling import Dialler
from webhooks.adapters.failure import NOTHING_SENT, OUTCOME_UNKNOWN, SendFailure
from webhooks.model import ErrorCode


class PlainConnection(HTTPConnection):
    """A connection to one host; `idle_since` says when its last answer began."""

    response_class = Answer
    _buffer: list[bytes]
    """http.client's head."""

    def __init__(self, *args: Any, dialler: Dialler, monotonic: Monotonic, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._dialler = dialler
        self._monotonic = monotonic
        self._unsent: list[bytes] = []
        self.idle_since = monotonic()

    def _new_conn(self) -> socket:
        return self._dialler.dial(self.host, self.port)

    def putheader(self, header: str | bytes, *values: Any) -> None:
        """The header stands in the head; what is text goes there as it is, for `http_sender` checks all of it."""
        if isinstance(header, str) and isinstance(values[0], str) and values[0] != SKIP_HEADER:
            self._buffer.append(f"{header}: {values[0]}".encode("latin-1"))
        else:
            super().putheader(header, *values)  # type: ignore[arg-type]  # urllib3 narrows it to texts

    def send(self, data: Any) -> None:
        """Keep it for `request`, which writes head and body in one call."""
        self._unsent.append(data)

    def request(self, *args: Any, **kwargs: Any) -> None:
        """The request is written, or the receiver hung up on us meanwhile. Raises SendFailure."""
        self._unsent.clear()
        super().request(*args, **kwargs)
        if self.sock is None:
            self.connect()
        try:
            self.sock.sendall(b"".join(self._unsent))
        except TimeoutError:
            raise self._timeout("did not take the whole request") from None
        except OSError:
            pass  # an answer may have come all the same, such as a 413; reading it will tell

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 has it
        """The answer up to its body. Raises SendFailure."""
        try:
            answer = super().getresponse()
        except TimeoutError:
            raise self._timeout("gave no whole answer") from None
        except HeadTooLarge as error:
            raise SendFailure(
                ErrorCode.RESPONSE_HEADERS_TOO_LARGE, f"the headers of {self.host}'s answer are {error}"
            ) from None
        except ssl.SSLError as error:
            raise self._broken_tls(error) from error
        except OSError:
            raise SendFailure(
                ErrorCode.RESET, f"{self.host} closed the connection before it answered; {OUTCOME_UNKNOWN}"
            ) from None
        except (http.client.HTTPException, HTTPError):
            raise SendFailure(ErrorCode.INVALID_RESPONSE, f"what {self.host} answered is not HTTP/1") from None
        self.idle_since = self._monotonic()
        return answer

    def _timeout(self, what: str) -> SendFailure:
        return SendFailure(ErrorCode.TIMEOUT, f"{self.host} {what} within the deadline; {OUTCOME_UNKNOWN}")

    def _broken_tls(self, error: ssl.SSLError) -> SendFailure:
        if isinstance(error, ssl.SSLEOFError):
            detail = f"{self.host} closed the connection before it answered; {OUTCOME_UNKNOWN}"
            return SendFailure(ErrorCode.RESET, detail)
        return SendFailure(ErrorCode.TLS, f"TLS with {self.host} broke: {_reason(error)}; {OUTCOME_UNKNOWN}")


class TlsConnection(PlainConnection, HTTPSConnection):
    """The same over TLS; the URL's host is the name that is asked for and that the certificate must bear."""

    def connect(self) -> None:
        """Connected, and the certificate verified. Raises SendFailure."""
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            message = error.verify_message.rstrip(".")
            raise self._refused(f"the certificate of {self.host} is not accepted: {message}") from error
        except TimeoutError:
            detail = f"{self.host} did not finish the TLS handshake within the deadline; {NOTHING_SENT}"
            raise SendFailure(ErrorCode.TIMEOUT, detail) from None
        except ssl.SSLError as error:
            raise self._refused(f"no TLS with {self.host}: {_reason(error)}") from error
        except OSError:
            detail = f"{self.host} closed the connection during the TLS handshake; {NOTHING_SENT}"
            raise SendFailure(ErrorCode.RESET, detail) from None

    @staticmethod
    def _refused(detail: str) -> SendFailure:
        return SendFailure(ErrorCode.TLS, f"{detail}; {NOTHING_SENT}")


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or "the peer went away").replace("_", " ").lower()
