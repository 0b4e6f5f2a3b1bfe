"""Which URLs may be registered and which addresses may be dialled, each refusal with its reason."""

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

import idna

from webhooks.address_ranges import AddressVerdict, Network, judge
from webhooks.errors import InvalidEndpoint

__all__ = ["AddressVerdict", "UrlPolicy", "WebUrl", "parse_url", "refusal"]

URL_LIMIT = 2048
HOST_LIMIT = 253
"""Characters of a name (RFC 1035 §2.3.4, without the root's dot)."""
DEFAULT_PORTS = {"http": 80, "https": 443}
REFUSED_PORTS = frozenset(
    {
        *(0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104),
        *(109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515),
        *(526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049),
        *(3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211),
    }
)
"""Ports of other protocols, which might take a request for their own: those of the Fetch standard ("bad port"), and
Redis and memcached, which read lines."""

_OUTER_SPACE = " \t\r\n"
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebUrl:
    """A URL that passed; `host` is ASCII and lower case, an IPv6 address stands there without brackets."""

    text: str
    scheme: str
    host: str
    port: int
    target: str
    """What the request line asks for: path and query."""


@dataclass(frozen=True, slots=True)
class UrlPolicy:
    """The rules, and the networks (CIDR) exempt from them on purpose. Raises ValueError naming a bad one."""

    allow_networks: Sequence[str] = ()
    _allowed: tuple[Network, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_allowed", tuple(_network(text) for text in self.allow_networks))

    def check_url(self, url: str) -> str:
        """The URL as it will be used. A literal address is judged here, a name at each attempt.

        Raises InvalidEndpoint that says what is wrong and what to do.
        """
        checked = parse_url(url)
        address = _literal_address(checked.host)
        verdict = self.check_address(address) if address else AddressVerdict.ALLOWED
        _require(verdict is AddressVerdict.ALLOWED, f"points to {refusal(verdict)}")
        return checked.text

    def check_address(self, address: str) -> AddressVerdict:
        """What the address is; `allowed` where it may be dialled. Raises ValueError for no address."""
        return judge(address, allowed=self._allowed)


def refusal(verdict: AddressVerdict) -> str:
    """The end of a sentence about an address that is not dialled: which kind, and what lifts the refusal."""
    kind = f"{verdict.replace('_', '-')} address"
    article = "an" if kind[0] in "aeiou" else "a"
    if verdict is AddressVerdict.METADATA:
        return f"{article} {kind}, which is never dialled"
    return f"{article} {kind}, which is not dialled unless HOOKLINE_ALLOW_NETWORKS lists its network"


@lru_cache(maxsize=4096)
def parse_url(url: str) -> WebUrl:
    """The parts of the URL, outer white space and fragment gone. Raises InvalidEndpoint for any odd spelling.

    What parsers read differently is refused, not repaired: else one host is checked and another dialled.
    """
    text = url.strip(_OUTER_SPACE)
    _require(len(text) <= URL_LIMIT, f"is longer than {URL_LIMIT} characters; shorten it")
    _require(" " not in text and text.isprintable(), "has white space or a control character inside; remove it")
    _require("\\" not in text, "has a backslash inside; write it as %5C")
    parts = _split(text)
    host = _host(parts.hostname or "")
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    authority = shown if port is None else f"{shown}:{port}"
    return WebUrl(
        text=parts._replace(netloc=authority, fragment="").geturl(),
        scheme=parts.scheme,
        host=host,
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        target=target,
    )


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _invalid("is not a URL: its host or port cannot be read; correct it") from None
    _require(parts.scheme in DEFAULT_PORTS, "does not begin with http:// or https://; only these are sent to")
    _require("@" not in parts.netloc, "holds credentials; put them into a header of the endpoint instead")
    _require(bool(parts.hostname), "has no host; write it as https://host/path")
    _require(
        "[" not in parts.netloc or ":" in (parts.hostname or ""),
        "has brackets around what is no IPv6 address",
    )
    _require(port not in REFUSED_PORTS, f"has port {port}, which is not one for HTTP; choose another")
    return parts


def _host(host: str) -> str:
    if ":" in host:
        return _address(host)
    name = _ascii(host).removesuffix(".")
    labels = name.split(".")
    _require(len(name) <= HOST_LIMIT, f"has a host name longer than {HOST_LIMIT} characters; correct it")
    _require(
        all(_LABEL.fullmatch(label) for label in labels),
        "has a host name with an empty, an overlong or a malformed label; correct it",
    )
    # A name whose last label is a number is an address to some resolvers (URL standard, "ends in a number").
    return _address(host) if _NUMBER.fullmatch(labels[-1]) else name


def _address(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise _invalid("has an address in an unusual spelling; write it as 203.0.113.7 or [2001:db8::7]") from None
    _require("%" not in host, "has an address with a zone id; leave the zone out")
    return str(address)


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return idna.encode(host, uts46=True).decode()
    except idna.IDNAError:
        raise _invalid("has a host name that is not a valid international name; correct it") from None


def _literal_address(host: str) -> str | None:
    """The address that a host stands for without asking anybody; `localhost` is one too (RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1"
    return host if ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) else None


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip())
    except ValueError as error:
        raise ValueError(f"{text.strip()!r} is not a network in CIDR form: {error}") from None


def _require(holds: bool, problem: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise _invalid(problem)


def _invalid(problem: str) -> InvalidEndpoint:
    return InvalidEndpoint(f"The URL {problem}.", {"url": [problem]})
