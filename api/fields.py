"""Marshmallow fields that take a value for what it is: no "5" for a number, no 1 for true."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields, missing

_RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""An event's id and a tenant's."""
MOST_ITEMS, DEFAULT_LIMIT = 250, 50
_DIGITS = re.compile(r"[0-9]{1,3}")


class Number(fields.Field[float]):
    """A finite JSON number between two bounds."""

    def __init__(self, *, least: float, most: float, **options: Any) -> None:
        super().__init__(metadata={"type": "number", "minimum": least, "maximum": most}, **options)
        self.least, self.most = least, most

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # noqa: PLR0124 - NaN
            raise ValidationError("must be a number")
        if not self.least <= value <= self.most:
            raise ValidationError(f"must be from {self.least:g} to {self.most:g}")
        return value


class WholeNumber(Number):
    """A JSON number without a fraction."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> float:
        if isinstance(value, float):
            raise ValidationError("must be a whole number")
        return super()._deserialize(value)


class Flag(fields.Field[bool]):
    """true or false, and nothing that only looks like it."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Switch(fields.Field[bool]):
    """true or false, as a query writes it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "boolean"}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if value not in ("true", "false"):
            raise ValidationError("must be true or false")
        return bool(value == "true")


class Text(fields.Field[str]):
    """A string up to a length, which `check` may judge further by raising ValueError."""

    def __init__(
        self, *, most: int, least: int = 0, check: Callable[[str], object] | None = None, **options: Any
    ) -> None:
        super().__init__(metadata={"type": "string", "maxLength": most}, **options)
        self.least, self.most, self.check = least, most, check

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("must be a string")
        if not self.least <= len(value) <= self.most:
            raise ValidationError(f"must have {self.least} to {self.most} characters")
        if self.check:
            self._judge(value, self.check)
        return value

    def _judge(self, value: str, check: Callable[[str], object]) -> None:
        try:
            check(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class Choice(fields.Field[str]):
    """One of the values of an enumeration, as its member."""

    def __init__(self, kind: type[StrEnum], **options: Any) -> None:
        super().__init__(metadata={"type": "string", "enum": [each.value for each in kind]}, **options)
        self.kind = kind

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str) or value not in set(self.kind):
            raise ValidationError("must be one of " + " ".join(self.kind))
        return self.kind(value)


class Tuple(fields.List[Any]):
    """A JSON array of at most `most` items, as a tuple."""

    def __init__(self, item: fields.Field[Any], *, most: int, **options: Any) -> None:
        super().__init__(item, metadata={"maxItems": most}, **options)
        self.most = most

    def _deserialize(self, value: Any, *rest: Any, **options: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError("must be a list")
        if len(value) > self.most:
            raise ValidationError(f"must have {self.most} items at most")
        return tuple(super()._deserialize(value, *rest, **options))


class Object(fields.Field[dict[str, Any]]):
    """A JSON object, whatever is in it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "object"}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValidationError("must be an object")
        return value


class Moment(fields.Field[datetime]):
    """A time as RFC 3339 §5.6 writes it, with its offset."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date-time"}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str) or not _RFC_3339.fullmatch(value):
            raise ValidationError("must be a time such as 2026-11-25T09:00:00.000Z")
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError("is not a time that exists") from error


class Fixed(fields.Field[Any]):
    """A field that is there to be read, never to be changed."""

    def __init__(self, why: str = "cannot be changed") -> None:
        super().__init__(allow_none=True, metadata={"readOnly": True})
        self.why = why

    def deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        """Refuses whatever is given, null too."""
        if value is missing:
            return missing
        raise ValidationError(self.why)


class Limit(fields.Field[int]):
    """How many items a page may have, as a query writes it."""

    def __init__(self) -> None:
        super().__init__(
            load_default=DEFAULT_LIMIT,
            metadata={"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": DEFAULT_LIMIT},
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not _DIGITS.fullmatch(value) or not 1 <= int(value) <= MOST_ITEMS:
            raise ValidationError(f"must be a whole number from 1 to {MOST_ITEMS}")
        return int(value)


def check_name(text: str) -> None:
    """Nothing for a name that may stand in an id; else ValueError."""
    if not NAME.fullmatch(text):
        raise ValueError("must be 1 to 64 letters, digits, `_` or `-`")
