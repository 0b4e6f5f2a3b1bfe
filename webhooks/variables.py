"""How the text of a variable becomes a value; each reader raises ValueError saying what to write."""

import ipaddress
import math
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from webhooks import sentinel_url

SENTINEL = sentinel_url.SCHEME
UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
SIZES = {"": 1, "KiB": 1024, "MiB": 1024**2}
DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)", re.ASCII)
SIZE = re.compile(r"(\d+)\s*(KiB|MiB|)", re.ASCII)

MOST_RETRIES, LONGEST_DELAY, LONGEST_SCHEDULE = 20, 7 * 86400, 30 * 86400
"""What a retry schedule may be (DESIGN §5): entries, seconds of one, seconds in all."""
LEAST_KEY_LENGTH = 16
NO_RETRIES = "none"


def entries(text: str) -> list[str]:
    """The entries of a comma list, without the white space around them; empty ones are left out."""
    return [entry for part in text.split(",") if (entry := part.strip())]


def duration(text: str) -> float:
    """Seconds, from a number with its unit."""
    match = DURATION.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no duration; write a number with its unit, such as 500ms, 15s, 5m, 2h, 30d")
    return float(match[1]) * UNITS[match[2]]


def duration_between(least: str, most: str) -> Callable[[str], float]:
    """A reader of durations within these two."""

    def read(text: str) -> float:
        seconds = duration(text)
        if not duration(least) <= seconds <= duration(most):
            raise ValueError(f"{text} is not between {least} and {most}")
        return seconds

    return read


def integer(least: int, most: int) -> Callable[[str], int]:
    """A reader of whole numbers within these two."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text.strip()) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is no whole number between {least} and {most}")
        return int(text)

    return read


def size(least: int, most: int) -> Callable[[str], int]:
    """A reader of byte counts within these two; KiB and MiB are understood."""

    def read(text: str) -> int:
        match = SIZE.fullmatch(text.strip())
        count = int(match[1]) * SIZES[match[2]] if match else math.inf
        if not least <= count <= most:
            raise ValueError(f"{text!r} is no size between {least} and {most} bytes; write such as 512KiB or 1MiB")
        return int(count)

    return read


def choice(*words: str) -> Callable[[str], str]:
    """A reader of one of these words."""

    def read(text: str) -> str:
        if text.strip().lower() not in words:
            raise ValueError(f"{text!r} is none of: {', '.join(words)}")
        return text.strip().lower()

    return read


def switch(text: str) -> bool:
    """On or off."""
    return choice("on", "off")(text) == "on"


def schedule(text: str) -> tuple[float, ...]:
    """One delay for each retry; `none` for no retries."""
    if text.strip() == NO_RETRIES:
        return ()
    delays = tuple(duration(entry) for entry in entries(text))
    if not 1 <= len(delays) <= MOST_RETRIES:
        raise ValueError(f"{len(delays)} delays; give 1 to {MOST_RETRIES}, or `{NO_RETRIES}`")
    if max(delays) > LONGEST_DELAY or sum(delays) > LONGEST_SCHEDULE:
        raise ValueError("a delay may be 7d at most, all of them together 30d")
    return delays


def networks(text: str) -> tuple[str, ...]:
    """CIDR blocks as `ipaddress` writes them."""
    return tuple(_network(entry) for entry in entries(text))


def _network(entry: str) -> str:
    try:
        return str(ipaddress.ip_network(entry))
    except ValueError:
        raise ValueError(
            f"{entry!r} is no network; write it such as 192.168.3.0/24 or fd00::/8{_meant(entry)}"
        ) from None


def _meant(entry: str) -> str:
    """The network that an address with host bits belongs to, as a suggestion."""
    try:
        return f"; did you mean {ipaddress.ip_network(entry, strict=False)}?"
    except ValueError:
        return ""


def url_of(*schemes: str) -> Callable[[str], str]:
    """A reader of URLs with one of these schemes; it repeats nothing, since there may be a password."""

    def read(text: str) -> str:
        url = text.strip()
        if SENTINEL in schemes and url.startswith(f"{SENTINEL}://"):
            sentinel_url.parse(url)
            return url
        try:
            parts = urlsplit(url)
            usable = parts.scheme in schemes and (parts.hostname or parts.path) and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            raise ValueError(f"is no URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return url

    return read


def host(text: str) -> str:
    """An address or a host name to listen on."""
    name = text.strip().strip("[]")
    if not re.fullmatch(r"[A-Za-z0-9._:%-]+", name):
        raise ValueError(f"{text!r} is no address to listen on, such as 127.0.0.1")
    return name


def module(text: str) -> str:
    """The dotted name of a Python module."""
    if not all(part.isidentifier() for part in text.strip().split(".")):
        raise ValueError(f"{text!r} is no name of a Python module, such as shop.handlers")
    return text.strip()


def header_name(text: str) -> str:
    """The name of a header (RFC 9110 §5.6.2)."""
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^`|~-]{1,128}", text.strip()):
        raise ValueError(f"{text!r} is no name of a header, such as X-Signature; underscores do not pass servers")
    return text.strip()


def visible_text(text: str) -> str:
    """Printable ASCII without spaces."""
    if not re.fullmatch(r"[\x21-\x7e]{1,256}", text.strip()):
        raise ValueError("must be 1 to 256 characters of printable ASCII, and no spaces")
    return text.strip()


def path(text: str) -> str:
    """A folder or a file."""
    return text.strip()


def api_key(text: str) -> str:
    """A bearer token of sufficient length; what it refuses is not repeated."""
    key = text.strip()
    if len(key) < LEAST_KEY_LENGTH or not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ValueError(f"must have at least {LEAST_KEY_LENGTH} characters of printable ASCII, and no spaces")
    return key


def login(text: str) -> str:
    """A name and a password, with a colon between them; what it refuses is not repeated."""
    name, _, password = text.strip().partition(":")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name) or not re.fullmatch(r"[\x21-\x7e]{8,}", password):
        raise ValueError("must be a name, a colon, and a password of at least 8 printable ASCII characters, no spaces")
    return text.strip()


def secret_keys(text: str) -> tuple[str, ...]:
    """Fernet keys, the first of which encrypts; what it refuses is not repeated."""
    keys = tuple(entries(text))
    for number, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ValueError(f"key {number} of {len(keys)} is not 32 bytes in url-safe base64") from None
    return keys
