"""The URL of a Redis with replicas whose master Sentinels name: `sentinel://[user:password@]host:port,…/db?master=name`."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

SCHEME = "sentinel"
PORT = 26379
PLACE = re.compile(r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
EXAMPLE = "sentinel://:password@one:26379,two:26379,three:26379/0?master=mymaster"
OPTIONS = frozenset({"master", "sentinel_password"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SentinelUrl:
    """Where the Sentinels are, and which database of which master is meant."""

    sentinels: tuple[tuple[str, int], ...]
    master: str
    database: int = 0
    username: str | None = None
    password: str | None = None
    sentinel_password: str | None = None
    """The Sentinels' own, where they ask for one."""


def parse(url: str) -> SentinelUrl:
    """The parts of the URL. Raises ValueError, which repeats nothing of it, since there may be a password."""
    parts = urlsplit(url)
    credentials, _, places = parts.netloc.rpartition("@")
    username, _, password = credentials.partition(":")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    database = re.fullmatch(r"/?([0-9]{0,4})", parts.path)
    if parts.scheme != SCHEME or not database or not options.get("master") or set(options) - OPTIONS:
        raise ValueError(f"is no URL of Sentinels, such as {EXAMPLE}")
    return SentinelUrl(
        sentinels=tuple(_place(place) for place in places.split(",")),
        master=options["master"],
        database=int(database[1] or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_password=options.get("sentinel_password") or None,
    )


def _place(text: str) -> tuple[str, int]:
    match = PLACE.fullmatch(text)
    port = int(match["port"] or PORT) if match else 0
    if not match or not 0 < port < 2**16:
        raise ValueError(f"has a Sentinel that is no host and port; write it such as {EXAMPLE}")
    return match["host"].strip("[]"), port
