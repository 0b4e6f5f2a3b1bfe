"""How often an address may fail to authenticate: a bucket each, as many as fit."""

import ipaddress
import math
import threading
from collections import OrderedDict
from collections.abc import Callable

BURST = 20
REFILL_SECONDS = 3.0
"""After the burst one more failure in so many seconds."""
MOST_ADDRESSES = 10_000
"""Buckets that are kept; the one that was used longest ago goes first."""
IPV6_PREFIX = 64
"""One customer's network: within it addresses cost nothing."""


class FailureLimit:
    """Counts the failures of each client address; safe with many threads."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._empty_at: OrderedDict[str, float] = OrderedDict()
        """When each bucket will be empty again; a bucket holds `BURST` refills."""
        self._lock = threading.Lock()

    def wait_seconds(self, address: str) -> int:
        """0 while the address may still fail, else the whole seconds until it may again."""
        if not self._empty_at:
            return 0
        with self._lock:
            level = self._empty_at.get(_network(address), 0.0) - self._monotonic()
        return max(0, math.ceil(level - (BURST - 1) * REFILL_SECONDS))

    def note(self, address: str) -> None:
        """One more failure of that address."""
        network = _network(address)
        with self._lock:
            now = self._monotonic()
            self._empty_at[network] = max(self._empty_at.get(network, 0.0), now) + REFILL_SECONDS
            self._empty_at.move_to_end(network)
            if len(self._empty_at) > MOST_ADDRESSES:
                self._empty_at.popitem(last=False)


def _network(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004 - the protocol's own number
        return address
    return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
