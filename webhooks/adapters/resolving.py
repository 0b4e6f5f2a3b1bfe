"""Names to addresses, within a time limit, in a few threads of their own, remembered for half a minute."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from webhooks.adapters.deadline import Monotonic
from webhooks.adapters.failure import NOTHING_SENT, SendFailure
from webhooks.model import ErrorCode

Resolve = Callable[[str], Sequence[str]]
"""From a host name to all its addresses. Raises OSError when there are none."""

REMEMBER_SECONDS = 30.0
THREADS = 16
MOST_NAMES = 10_000
"""Of which the oldest makes room."""


def system_addresses(host: str) -> Sequence[str]:
    """All addresses that the system's resolver gives, in its order. Raises OSError when there are none."""
    answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


class Resolver:
    """Looks names up, each once at a time: a name server that does not answer holds one thread per name."""

    def __init__(self, resolve: Resolve, *, monotonic: Monotonic) -> None:
        self._resolve = resolve
        self._monotonic = monotonic
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="resolver")
        self._lock = threading.Lock()
        self._asked: dict[str, Future[Sequence[str]]] = {}
        self._known: dict[str, tuple[float, Sequence[str]]] = {}

    def addresses(self, host: str, *, seconds: float) -> Sequence[str]:
        """At least one address of the host; an address stands for itself. Raises SendFailure in time."""
        if _is_address(host):
            return (host,)
        known = self._known.get(host)
        if known is not None and self._monotonic() < known[0]:
            return known[1]
        return self._ask(host, seconds)

    def close(self) -> None:
        """Ask no more; lookups under way are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, host: str, seconds: float) -> Sequence[str]:
        try:
            addresses = self._lookup(host).result(seconds)
        except TimeoutError:
            raise _failure(f"{host} was not resolved in time") from None
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or "the resolver does not take the name"
            raise _failure(f"{host} does not resolve: {reason}") from error
        if not addresses:
            raise _failure(f"{host} has no address")
        return addresses

    def _lookup(self, host: str) -> Future[Sequence[str]]:
        with self._lock:
            asked = self._asked.get(host)
            if asked is None:
                asked = self._asked[host] = self._threads.submit(self._look_up, host)
        return asked

    def _look_up(self, host: str) -> Sequence[str]:
        addresses: Sequence[str] = ()
        try:
            addresses = self._resolve(host)
        finally:
            self._remember(host, addresses)
        return addresses

    def _remember(self, host: str, addresses: Sequence[str]) -> None:
        """Failures are forgotten at once: the next attempt asks again."""
        with self._lock:
            del self._asked[host]
            if not addresses:
                return
            if len(self._known) >= MOST_NAMES:
                del self._known[next(iter(self._known))]
            self._known[host] = (self._monotonic() + REMEMBER_SECONDS, addresses)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _failure(what: str) -> SendFailure:
    return SendFailure(ErrorCode.DNS, f"{what}; {NOTHING_SENT}")
