"""The form of an endpoint: its fields as a person types them, and as the API's schema takes them."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from api.ui import credential_forms
from webhooks import strict_json, variables
from webhooks.credentials import MASK, masked
from webhooks.errors import InvalidEndpoint
from webhooks.model import Endpoint
from webhooks.registering import same_place

Problems = dict[str, list[str]]

PLAIN = ("url", "description", "filter")
CREDENTIALS = {"auth": "type", "tls": "certificate", "signing": "scheme"}
"""Objects with a field of the form for each member, and the one that has the problems of the whole."""


def typed(endpoint: Endpoint) -> dict[str, str]:
    """The endpoint as its form shows it; credentials are masked."""
    schedule, limit = endpoint.retry_schedule, endpoint.rate_limit
    return {
        "url": endpoint.url,
        "description": endpoint.description,
        "event_types": "\n".join(endpoint.event_types),
        "channels": ", ".join(endpoint.channels),
        "filter": endpoint.filter or "",
        "headers": "\n".join(f"{name}: {value}" for name, value in masked(endpoint.headers).items()),
        "retry_schedule": "" if schedule is None else _written(schedule),
        "timeout_seconds": f"{endpoint.timeout_seconds:g}",
        "max_in_flight": str(endpoint.max_in_flight),
        "rate": str(limit.limit) if limit else "",
        "period_seconds": f"{limit.period_seconds:g}" if limit else "1",
        "ordered": "on" if endpoint.ordered else "",
        "metadata": _indented(endpoint.metadata) if endpoint.metadata else "",
        **credential_forms.typed(endpoint),
    }


def body(given: Mapping[str, str], *, present: Endpoint | None = None) -> dict[str, Any]:
    """What the API's schema is to judge; `present` has what masks and empty fields keep.

    Raises InvalidEndpoint that names the fields which cannot be read at all, and those that another address would
    have to keep: whoever changes the address need not know the credentials, and shall not have them sent there.
    """
    problems: Problems = {}
    read = {**dict(_read(given, present, problems)), **dict(credential_forms.read(given, present, problems))}
    if problems:
        raise InvalidEndpoint("see `errors`: " + ", ".join(problems), problems)
    return read


def field_of(name: str) -> str:
    """The field of the form that the API's name of a problem is about: an item's is its list's."""
    whole, _, part = name.partition(".")
    if whole in CREDENTIALS:
        return f"{whole}_{part or CREDENTIALS[whole]}"
    return "rate" if whole == "rate_limit" else whole


def _read(given: Mapping[str, str], present: Endpoint | None, problems: Problems) -> Iterator[tuple[str, Any]]:
    for name in PLAIN:
        yield name, given.get(name, "").strip() or (None if name != "url" else "")
    yield "event_types", given.get("event_types", "").replace(",", " ").split()
    yield "channels", variables.entries(given.get("channels", ""))
    yield "ordered", bool(given.get("ordered"))
    stays = present if present and same_place(present.url, given.get("url", "").strip()) else None
    yield "headers", _headers(given.get("headers", ""), stays, problems)
    yield "retry_schedule", _schedule(given.get("retry_schedule", "").strip(), problems)
    yield "timeout_seconds", _number("timeout_seconds", given, problems)
    yield "max_in_flight", _number("max_in_flight", given, problems)
    yield "metadata", _object(given.get("metadata", "").strip(), problems)
    limit = _number("rate", given, problems)
    period = _number("period_seconds", given, problems) or 1
    yield "rate_limit", None if limit is None else {"limit": limit, "period_seconds": period}


def _headers(text: str, present: Endpoint | None, problems: Problems) -> dict[str, str]:
    """A mask that was left as it was stands for the value that it masks."""
    kept = present.headers if present else {}
    found = {}
    for line in filter(str.strip, text.splitlines()):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon or not name:
            problems["headers"] = [f"write each as `Name: value`, one a line; this is none: {line.strip()[:60]}"]
            return {}
        found[name] = kept[name] if value == MASK and name in kept else value
    return found


def _schedule(text: str, problems: Problems) -> list[float] | None:
    try:
        return list(variables.schedule(text)) if text else None
    except ValueError as error:
        problems["retry_schedule"] = [str(error)]
        return None


def _object(text: str, problems: Problems) -> Any:
    try:
        strict_json.members(text.encode() or b"{}")
    except strict_json.NotStrict as error:
        problems["metadata"] = [str(error)]
        return {}
    return msgspec.json.decode(text or "{}")


def _number(name: str, given: Mapping[str, str], problems: Problems) -> float | int | None:
    text = given.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        problems[name] = ["must be a number"]
        return None
    return int(value) if value.is_integer() else value


def _indented(value: Mapping[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _written(schedule: tuple[float, ...]) -> str:
    return ", ".join(_duration(seconds) for seconds in schedule) or variables.NO_RETRIES


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds and seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
