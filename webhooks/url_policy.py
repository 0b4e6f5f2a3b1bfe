"""Which URLs may be registered and which addresses may be dialled, each refusal with a name."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from webhooks.errors import InvalidEndpoint

MOST_URL = 2048
MOST_HOST = 253
LABEL = re.compile(r"^(?!-)[a-z0-9_-]{1,63}(?<!-)$")
NUMERIC_LABEL = re.compile(r"^(0x[0-9a-f]*|[0-9]+)$")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class AddressVerdict(StrEnum):
    """What an address is, as far as sending is concerned."""

    ALLOWED = "allowed"
    METADATA = "metadata"
    UNSPECIFIED = "unspecified"
    LOOPBACK = "loopback"
    PRIVATE = "private"
    LINK_LOCAL = "link_local"
    CGNAT = "cgnat"
    MULTICAST = "multicast"
    DOCUMENTATION = "documentation"
    BENCHMARKING = "benchmarking"
    RESERVED = "reserved"


V = AddressVerdict
METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
    )
)
"""Cloud metadata services; refused under any allow list."""

# The IANA special-purpose registries (RFC 6890), the first match names the verdict. `ipaddress.is_private` misses
# several of these and differs between Python versions.
RANGES: tuple[tuple[Network, AddressVerdict], ...] = tuple(
    (ipaddress.ip_network(text), verdict)
    for text, verdict in (
        ("0.0.0.0/32", V.UNSPECIFIED),
        ("0.0.0.0/8", V.RESERVED),
        ("10.0.0.0/8", V.PRIVATE),
        ("100.64.0.0/10", V.CGNAT),
        ("127.0.0.0/8", V.LOOPBACK),
        ("169.254.0.0/16", V.LINK_LOCAL),
        ("172.16.0.0/12", V.PRIVATE),
        ("192.0.0.0/24", V.RESERVED),
        ("192.0.2.0/24", V.DOCUMENTATION),
        ("192.31.196.0/24", V.RESERVED),
        ("192.52.193.0/24", V.RESERVED),
        ("192.88.99.0/24", V.RESERVED),
        ("192.168.0.0/16", V.PRIVATE),
        ("192.175.48.0/24", V.RESERVED),
        ("198.18.0.0/15", V.BENCHMARKING),
        ("198.51.100.0/24", V.DOCUMENTATION),
        ("203.0.113.0/24", V.DOCUMENTATION),
        ("224.0.0.0/4", V.MULTICAST),
        ("240.0.0.0/4", V.RESERVED),
        ("::/128", V.UNSPECIFIED),
        ("::1/128", V.LOOPBACK),
        ("100::/64", V.RESERVED),
        ("2001:db8::/32", V.DOCUMENTATION),
        ("3fff::/20", V.DOCUMENTATION),
        ("2001:2::/48", V.BENCHMARKING),
        ("2001::/23", V.RESERVED),
        ("5f00::/16", V.RESERVED),
        ("fc00::/7", V.PRIVATE),
        ("fe80::/10", V.LINK_LOCAL),
        ("fec0::/10", V.PRIVATE),
        ("ff00::/8", V.MULTICAST),
    )
)
GLOBAL_V6 = ipaddress.ip_network("2000::/3")
NAT64 = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
COMPATIBLE = ipaddress.ip_network("::/96")


@dataclass(frozen=True, slots=True)
class UrlPolicy:
    """The rules, and the networks that are exempt from them on purpose. Raises ValueError for a bad network."""

    allow_networks: Sequence[str] = ()
    _allowed: tuple[Network, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_allowed", tuple(ipaddress.ip_network(text.strip()) for text in self.allow_networks))

    def check_url(self, url: str) -> str:
        """The URL as it will be used. A literal address is judged here, a name at each attempt.

        Raises InvalidEndpoint naming what is wrong.
        """
        checked = well_formed(url)
        host = urlsplit(checked).hostname or ""
        literal = "127.0.0.1" if host.split(".")[-1] == "localhost" else host
        verdict = self.check_address(literal) if _is_address(literal) else V.ALLOWED
        _require(
            verdict is V.ALLOWED,
            f"points to an address that is {verdict}; HOOKLINE_ALLOW_NETWORKS can exempt its network",
        )
        return checked

    def check_address(self, address: str) -> AddressVerdict:
        """What the address is, an embedded IPv4 one unwrapped; `allowed` where it may be dialled."""
        if "%" in address:
            return V.LINK_LOCAL
        return self._judge(ipaddress.ip_address(address))

    def _judge(self, address: Address) -> AddressVerdict:
        inner = _unwrap(address)
        if inner is not None:
            return self._judge(inner)
        if address in METADATA:
            return V.METADATA
        if any(address.version == network.version and address in network for network in self._allowed):
            return V.ALLOWED
        for network, verdict in RANGES:
            if address.version == network.version and address in network:
                return verdict
        if address.version == 6 and address not in GLOBAL_V6:  # noqa: PLR2004 - the protocol's name
            return V.RESERVED
        return V.ALLOWED


@lru_cache(maxsize=4096)
def well_formed(url: str) -> str:
    """The URL without outer white space and fragment, its host in ASCII. Raises InvalidEndpoint for odd spellings."""
    text = url.strip(" \t\r\n")
    _require(len(text) <= MOST_URL, f"is longer than {MOST_URL} characters")
    _require(
        not re.search(r"[\x00-\x20\x7f\\]", text),
        "has white space, a control character or a backslash inside",
    )
    parts = _split(text)
    host = _host(parts.hostname or "")
    shown = f"[{host}]" if ":" in host else host
    authority = shown if parts.port is None else f"{shown}:{parts.port}"
    return parts._replace(scheme=parts.scheme.lower(), netloc=authority, fragment="").geturl()


def _host(host: str) -> str:
    if ":" in host:
        return _literal(host)
    name = _ascii(host)
    labels = name.removesuffix(".").split(".")
    _require(len(name) <= MOST_HOST and all(LABEL.match(label) for label in labels), "has a host name that is none")
    return _literal(name) if NUMERIC_LABEL.match(labels[-1]) else name


def _literal(host: str) -> str:
    """An address written in the one usual way; `127.1`, hex, octal, decimal ones and zone ids are refused."""
    _require(
        _is_address(host) and "%" not in host,
        "has an address in an unusual spelling; write it as 203.0.113.7 or [2001:db8::7]",
    )
    return str(ipaddress.ip_address(host))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unwrap(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside a mapped, compatible, NAT64, 6to4 or Teredo one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    low = int(address) & 0xFFFFFFFF
    if any(address in network for network in NAT64) or (address in COMPATIBLE and low > 1):
        return ipaddress.IPv4Address(low)
    return None


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _invalid("is not a URL") from None
    _require(parts.scheme in ("http", "https"), "must begin with http:// or https://")
    _require(bool(parts.hostname), "has no host")
    _require("@" not in parts.netloc, "holds credentials; put them into a header of the endpoint")
    _require(port != 0 and not parts.netloc.endswith(":"), "has a port outside of 1 to 65535")
    return parts


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode().lower()
    except UnicodeError:
        raise _invalid("has a host name that is none") from None


def _require(true: bool, problem: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not true:
        raise _invalid(problem)


def _invalid(problem: str) -> InvalidEndpoint:
    return InvalidEndpoint(f"The URL {problem}.", {"url": [problem]})
