"""The filters of a list, as they stand in its address and in its form."""

import re
from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import Schema

from api.auth import principal

MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")
"""What a browser's field for date and time sends: no zone; our forms say that it is UTC."""
MOMENTS = ("since", "until")


class Filters:
    """What this request's address asks for, judged by the API's own schema; raises InvalidRequest."""

    def __init__(self, schema: type[Schema], *, limit: int) -> None:
        known = schema().fields.keys()
        self.given = {name: value for name, value in request.args.items() if name in known and value.strip()}
        read = {
            name: with_zone(value.strip()) if name in MOMENTS else value.strip() for name, value in self.given.items()
        }
        self.query: dict[str, Any] = {**schema().load(read), "limit": limit}

    def __getattr__(self, name: str) -> str:
        """The filter as it was given; empty where it was not."""
        return self.given.get(name, "")

    def address(self, **changes: str | None) -> Mapping[str, str]:
        """These filters with others in their place, from the newest on; None takes one away."""
        kept = {name: value for name, value in self.given.items() if name != "cursor"} | changes
        return {name: value for name, value in kept.items() if value}

    @property
    def active(self) -> bool:
        """Whether anything but the tenant is asked for."""
        return bool(self.given.keys() - {"tenant", "cursor", "limit"})


def tenant_named() -> str | None:
    """The tenant that the address names, for the links of the navigation; None for the visitor's own."""
    named = request.args.get("tenant", "").strip()
    return named if named and principal().tenant is None else None


def with_zone(text: str) -> str:
    """What a browser's field for date and time sends, as UTC; anything else as it is."""
    if not MINUTE.fullmatch(text):
        return text
    return f"{text}Z" if text.count(":") > 1 else f"{text}:00Z"
