"""The catalogue of event types: what each means, and by which JSON Schema its data is judged (draft 2020-12).

https://json-schema.org/draft/2020-12/json-schema-core
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, NoReturn

import jsonschema_rs
import msgspec

MOST_TYPES = 1000
"""Of an installation: each process keeps the schemas of those that are enforced."""
LARGEST_SCHEMA = LARGEST_EXAMPLE = 32 * 1024
"""Bytes of JSON."""
DEEPEST = 50
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MOST_VIOLATIONS = 20
"""So many are told of one event."""
LONGEST_MESSAGE = 200
MASK = "the value"
"""In messages, in place of what may be personal data."""


class Enforcement(StrEnum):
    """What publishing does with data that does not fit the schema of its type."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """One entry of the catalogue; all tenants share it."""

    name: str
    description: str = ""
    schema: dict[str, Any] | None = None
    """Of the event's `data`."""
    example: Any = None
    """A value for `data`; None where there is none."""
    deprecated: bool = False
    archived: bool = False
    """Kept out of lists unless they are asked for; publishing it goes on."""
    enforcement: Enforcement = Enforcement.OFF
    warned_count: int = 0
    """Events that were kept although their data does not fit."""
    refused_count: int = 0
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Violation(NamedTuple):
    """Where data does not fit, as a JSON pointer (RFC 6901), and why."""

    pointer: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the schema of its type says about an event: nothing, or violations and what is to follow."""

    violations: tuple[Violation, ...] = ()
    refused: bool = False

    @property
    def warnings(self) -> tuple[str, ...]:
        """The violations of an event that is kept all the same, as texts."""
        return () if self.refused else tuple(f"{where}: {why}" for where, why in self.violations)


NOTHING = Finding()


class DataSchema:
    """A compiled schema."""

    def __init__(self, schema: dict[str, Any]) -> None:
        # Linear-time patterns: the other kind would let a text of thirty characters stop the process.
        self._validator = jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=True,
            retriever=_refuse_reference,
            pattern_options=jsonschema_rs.RegexOptions(),
            mask=MASK,
        )

    def fits(self, data: Any) -> bool:
        """Whether there is no violation."""
        return bool(self._validator.is_valid(data))

    def violations(self, data: Any, *, root: str = "/data") -> tuple[Violation, ...]:
        """Where the data does not fit, at most `MOST_VIOLATIONS` of them; pointers begin with `root`."""
        return tuple(violation for _, violation in zip(range(MOST_VIOLATIONS), self._each(data, root), strict=False))

    def _each(self, data: Any, root: str) -> Iterator[Violation]:
        for error in self._validator.iter_errors(data):
            yield Violation(root + _pointer(error.instance_path), error.message[:LONGEST_MESSAGE])


def check_schema(schema: dict[str, Any]) -> None:
    """Nothing for a schema that an event type may have, else raises ValueError saying where and what to change."""
    if schema.get("$schema", DIALECT).rstrip("#") != DIALECT:
        raise ValueError(f"/$schema: only {DIALECT} is understood; leave it out")
    if len(msgspec.json.encode(schema)) > LARGEST_SCHEMA:
        raise ValueError(f"must have {LARGEST_SCHEMA} bytes of JSON at most")
    if _depth(schema) > DEEPEST:
        raise ValueError(f"must not be nested more than {DEEPEST} deep")
    try:
        DataSchema(schema)
    except jsonschema_rs.ValidationError as error:
        where = _pointer(error.instance_path)
        raise ValueError((f"{where}: " if where else "") + _reason(error.message)) from None


def check_example(example: Any, schema: dict[str, Any] | None) -> None:
    """Nothing for an example that fits the schema, if there is one; else raises ValueError saying where it does not."""
    if len(msgspec.json.encode(example)) > LARGEST_EXAMPLE:
        raise ValueError(f"must have {LARGEST_EXAMPLE} bytes of JSON at most")
    violations = DataSchema(schema).violations(example, root="") if schema is not None else ()
    if violations:
        raise ValueError("does not fit the schema: " + "; ".join(f"{where or '/'}: {why}" for where, why in violations))


def _refuse_reference(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is not within the schema")


def _reason(message: str) -> str:
    """The library's message, but for references, whose retrieval it calls a failure."""
    if "retrieving it failed" in message:
        return "a $ref must lead to somewhere within the schema, such as #/$defs/money"
    return message[:LONGEST_MESSAGE]


def _pointer(path: list[str | int]) -> str:
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _depth(value: Any) -> int:
    """Levels of lists and objects, by going through them level by level."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [child for each in level for child in _children(each)]
    return depth


def _children(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, dict | list)]


def json_text(value: Any) -> str:
    """The value as one JSON text, to be kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
