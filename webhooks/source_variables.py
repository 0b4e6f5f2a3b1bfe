"""The variables of sources: `HOOKLINE_SOURCE_<NAME>_SCHEME`, `…_SECRET`, and what else a source may have."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from webhooks import variables
from webhooks.errors import InvalidRequest
from webhooks.model import RateLimit
from webhooks.schemes import SCHEMES, STANDARD
from webhooks.sources import Source, source

PREFIX = "HOOKLINE_SOURCE_"
OPTIONS = tuple(sorted({name.upper() for scheme in SCHEMES.values() for name in scheme.options}))
FIELDS = ("SCHEME", "SECRET", "NETWORKS", "RATE_LIMIT", "RETENTION")
SOURCE_VARIABLE = re.compile(rf"{PREFIX}([A-Z0-9](?:[A-Z0-9_]*?[A-Z0-9])??)_({'|'.join((*FIELDS, *OPTIONS))})")
"""The name is the shortest that leaves a known ending: SHOP_ID_HEADER is the ID_HEADER of SHOP."""
_RATE = re.compile(r"([1-9][0-9]{0,6})/(.+)", re.ASCII)


def read_rate(text: str) -> RateLimit:
    """So many in a duration of 1s to 1h, such as 100/1s."""
    match = _RATE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is no rate; write a number, a slash and a duration, such as 100/1s")
    return RateLimit(limit=int(match[1]), period_seconds=variables.duration_between("1s", "1h")(match[2]))


READERS: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "NETWORKS": ("networks", variables.networks),
    "RATE_LIMIT": ("rate_limit", read_rate),
    "RETENTION": ("retention_seconds", variables.duration_between("1m", "3650d")),
}


def read_sources(environ: Mapping[str, str], problems: list[str]) -> tuple[Source, ...]:
    """The sources that these variables describe; what is wrong with them is added to the problems."""
    given: dict[str, dict[str, str]] = {}
    for name in sorted(environ):
        match = SOURCE_VARIABLE.fullmatch(name)
        if match and environ[name].strip():
            given.setdefault(match[1], {})[match[2]] = environ[name].strip()
    return tuple(found for name, fields in given.items() for found in _read(name, fields, problems))


def _read(name: str, fields: Mapping[str, str], problems: list[str]) -> Iterator[Source]:
    extra: dict[str, Any] = {}
    for field, (word, read) in READERS.items():
        try:
            if field in fields:
                extra[word] = read(fields[field])
        except ValueError as error:
            problems.append(f"{PREFIX}{name}_{field}: {error}")
    try:
        yield source(
            name.lower().replace("_", "-"),
            scheme=fields.get("SCHEME", STANDARD).lower(),
            secrets=variables.entries(fields.get("SECRET", "")),
            options={option.lower(): fields[option] for option in OPTIONS if option in fields},
            **extra,
        )
    except InvalidRequest as error:
        problems.extend(_told(name, error))


def _told(name: str, error: InvalidRequest) -> Iterator[str]:
    for field, messages in error.errors.items():
        word = {"scheme": "_SCHEME", "secrets": "_SECRET", "name": ""}.get(field)
        variable = word if word is not None else "_" + field.removeprefix("options.").upper()
        for message in messages:
            yield f"{PREFIX}{name}{variable}: {message}"
