"""The fields that shapes of answers are made of; each is always present."""

from enum import StrEnum

from marshmallow import fields


def text(*, null: bool = False) -> fields.String:
    """A string."""
    return fields.String(required=True, allow_none=null)


def moment(*, null: bool = False) -> fields.String:
    """A time as RFC 3339 writes it."""
    return fields.String(required=True, allow_none=null, metadata={"format": "date-time"})


def whole(*, null: bool = False) -> fields.Integer:
    """A whole number."""
    return fields.Integer(required=True, allow_none=null)


def decimal(*, null: bool = False) -> fields.Float:
    """A number."""
    return fields.Float(required=True, allow_none=null)


def flag() -> fields.Boolean:
    """A boolean."""
    return fields.Boolean(required=True)


def one_of(kind: type[StrEnum], *, null: bool = False) -> fields.String:
    """One of the values of an enumeration."""
    values: list[str | None] = [each.value for each in kind]
    return fields.String(required=True, allow_none=null, metadata={"enum": [*values, None] if null else values})


def texts() -> fields.List[str]:
    """A list of strings."""
    return fields.List(fields.String(), required=True)


def mapping(*, null: bool = False) -> fields.Dict:
    """An object with any members."""
    return fields.Dict(required=True, allow_none=null)
