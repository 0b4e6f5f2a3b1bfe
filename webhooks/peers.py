"""Who sent a request, where reverse proxies stand between: `X-Forwarded-For` is believed as far as they wrote it."""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache


def client_address(peer: str | None, forwarded_for: str, proxies: Sequence[str]) -> str | None:
    """The address that the nearest proxy which is not ours, or the client itself, came from.

    Read from the right, each address was written by the one behind it; from the first that is no proxy of ours on
    anybody may have written them.
    """
    address = peer
    for told in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if not is_within(address, proxies):
            return address
        address = told
    return address


def is_within(address: str | None, networks: Sequence[str]) -> bool:
    """Whether the address lies in one of the networks; what is no address lies in none."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    plain = getattr(found, "ipv4_mapped", None) or found
    return any(plain in _network(network) for network in networks)


_network = lru_cache(maxsize=4096)(ipaddress.ip_network)
