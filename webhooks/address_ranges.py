"""What an address is, from a list of our own: every Python version judges it alike."""

import ipaddress
from collections.abc import Collection
from enum import StrEnum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressVerdict(StrEnum):
    """What an address is, as far as sending is concerned; only `allowed` is dialled."""

    ALLOWED = "allowed"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    LINK_LOCAL = "link_local"
    CGNAT = "cgnat"
    METADATA = "metadata"
    MULTICAST = "multicast"
    RESERVED = "reserved"
    UNSPECIFIED = "unspecified"
    DOCUMENTATION = "documentation"
    BENCHMARKING = "benchmarking"
    TRANSLATED = "translated"
    """6to4, Teredo and the like: who is dialled in the end is a relay's choice."""


_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",  # most clouds
        "169.254.170.2",  # AWS, containers
        "169.254.170.23",  # AWS, pods
        "169.254.42.42",  # Scaleway
        "100.100.100.200",  # Alibaba
        "168.63.129.16",  # Azure
        "192.0.0.192",  # Oracle
        "fd00:ec2::254",  # AWS
        "fd00:ec2::23",  # AWS, pods
        "fd00:42::42",  # Scaleway
        "fd20:ce::254",  # Google
    )
)

# The IANA special-purpose address registries (RFC 6890 and its updates); the first match decides.
_RANGES: tuple[tuple[Network, AddressVerdict], ...] = tuple(
    (ipaddress.ip_network(text), verdict)
    for text, verdict in (
        ("0.0.0.0/32", AddressVerdict.UNSPECIFIED),
        ("0.0.0.0/8", AddressVerdict.RESERVED),
        ("10.0.0.0/8", AddressVerdict.PRIVATE),
        ("100.64.0.0/10", AddressVerdict.CGNAT),
        ("127.0.0.0/8", AddressVerdict.LOOPBACK),
        ("169.254.0.0/16", AddressVerdict.LINK_LOCAL),
        ("172.16.0.0/12", AddressVerdict.PRIVATE),
        ("192.0.0.0/24", AddressVerdict.RESERVED),
        ("192.0.2.0/24", AddressVerdict.DOCUMENTATION),
        ("192.31.196.0/24", AddressVerdict.RESERVED),
        ("192.52.193.0/24", AddressVerdict.RESERVED),
        ("192.88.99.0/24", AddressVerdict.TRANSLATED),
        ("192.168.0.0/16", AddressVerdict.PRIVATE),
        ("192.175.48.0/24", AddressVerdict.RESERVED),
        ("198.18.0.0/15", AddressVerdict.BENCHMARKING),
        ("198.51.100.0/24", AddressVerdict.DOCUMENTATION),
        ("203.0.113.0/24", AddressVerdict.DOCUMENTATION),
        ("224.0.0.0/4", AddressVerdict.MULTICAST),
        ("240.0.0.0/4", AddressVerdict.RESERVED),
        ("::/128", AddressVerdict.UNSPECIFIED),
        ("::1/128", AddressVerdict.LOOPBACK),
        ("64:ff9b:1::/48", AddressVerdict.TRANSLATED),
        ("2001::/32", AddressVerdict.TRANSLATED),
        ("2001:2::/48", AddressVerdict.BENCHMARKING),
        ("2001::/23", AddressVerdict.RESERVED),
        ("2001:db8::/32", AddressVerdict.DOCUMENTATION),
        ("2002::/16", AddressVerdict.TRANSLATED),
        ("2620:4f:8000::/48", AddressVerdict.RESERVED),
        ("3fff::/20", AddressVerdict.DOCUMENTATION),
        ("fc00::/7", AddressVerdict.PRIVATE),
        ("fe80::/10", AddressVerdict.LINK_LOCAL),
        ("fec0::/10", AddressVerdict.PRIVATE),
        ("ff00::/8", AddressVerdict.MULTICAST),
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_FIRST_COMPATIBLE = 2
"""::0 and ::1 lie in the same range and are addresses of their own."""


def judge(text: str, *, allowed: Collection[Network] = ()) -> AddressVerdict:
    """What the address is; `allowed` when it lies in one of those networks or is an ordinary public one.

    An IPv4 address inside an IPv6 one is judged itself, and no network list exempts a metadata service.
    A zone id makes any address link-local. Raises ValueError for what is no address.
    """
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv4Address):
        return _by_range(address, allowed)
    if address.scope_id is not None:
        return AddressVerdict.LINK_LOCAL
    return _judge_v6(address, allowed)


def _judge_v6(address: ipaddress.IPv6Address, allowed: Collection[Network]) -> AddressVerdict:
    plain = _same_in_v4(address)
    if plain is not None:
        return _by_range(plain, allowed)
    tunnelled = _carried_in(address)
    verdict = _by_range(tunnelled, allowed) if tunnelled is not None else AddressVerdict.ALLOWED
    return _by_range(address, allowed) if verdict is AddressVerdict.ALLOWED else verdict


def _by_range(address: Address, allowed: Collection[Network]) -> AddressVerdict:
    if address in _METADATA:
        return AddressVerdict.METADATA
    if any(address in network for network in allowed):
        return AddressVerdict.ALLOWED
    for network, verdict in _RANGES:
        if address in network:
            return verdict
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return AddressVerdict.RESERVED
    return AddressVerdict.ALLOWED


def _same_in_v4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that this one merely spells: mapped (RFC 4291), or for a NAT64 gateway (RFC 6052)."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


def _carried_in(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a tunnel would lead to: 6to4, Teredo, or the long abandoned compatible form."""
    if address.teredo:
        return address.teredo[1]
    if address in _COMPATIBLE and int(address) >= _FIRST_COMPATIBLE:
        return ipaddress.IPv4Address(int(address))
    return address.sixtofour
