"""An event's data as the type that its handler asked for: a dataclass, whatever else msgspec reads, or a schema."""

from collections.abc import Callable
from typing import Any

import msgspec
from marshmallow import Schema, ValidationError

Read = Callable[[Any], Any]


class Misshapen(ValueError):
    """The data is not what the handler asked for; trying again cannot help."""


def as_it_is(data: Any) -> Any:
    """The data, for a handler that asked for nothing."""
    return data


def reader_of(wanted: Any) -> Read:
    """What makes of data the wanted: a dataclass or another type, or what a marshmallow schema loads.

    Raises TypeError for what is no type and no schema; the reader raises Misshapen.
    """
    if isinstance(wanted, type) and issubclass(wanted, Schema):
        wanted = wanted()
    if isinstance(wanted, Schema):
        return _loader(wanted)
    try:
        msgspec.json.schema(wanted)
    except TypeError as error:
        raise TypeError(f"a handler's schema is a dataclass or a marshmallow schema: {error}") from None
    return _converter(wanted)


def _loader(schema: Schema) -> Read:
    def read(data: Any) -> Any:
        try:
            return schema.load(data)
        except ValidationError as error:
            raise Misshapen(f"the data does not fit {type(schema).__name__}: {error.messages}") from None

    return read


def _converter(wanted: Any) -> Read:
    def read(data: Any) -> Any:
        try:
            return msgspec.convert(data, wanted)
        except msgspec.ValidationError as error:
            raise Misshapen(f"the data does not fit {getattr(wanted, '__name__', wanted)}: {error}") from None

    return read
