"""Event types out of the `webhooks` section of an OpenAPI document (3.1, https://spec.openapis.org/oas/v3.1.1#oas-webhooks)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from webhooks.errors import InvalidRequest
from webhooks.event_types import EventType, check_example, check_schema
from webhooks.matching import check_own_event_type

METHODS = ("post", "put", "patch")
LONGEST_DESCRIPTION = 4000
SCHEMAS = "#/components/schemas/"
MOST_REFERENCES = 20
"""From reference to reference, before a part is reached."""
ENVELOPE = frozenset({"type", "data"})
"""A schema with both describes the body that we send, not the event's data alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The event types that a document describes, and why others cannot be taken."""

    event_types: tuple[EventType, ...]
    refused: Mapping[str, str]


class _NotTaken(ValueError):
    """This entry is no event type that can be kept."""


def event_types_of(document: Any) -> Imported:
    """What each entry of `webhooks` says; raises InvalidRequest for a document that has no such section."""
    if not isinstance(document, dict) or not str(document.get("openapi", "")).startswith("3.1"):
        raise InvalidRequest(
            "the body must be an OpenAPI document of version 3.1", {"openapi": ["must begin with 3.1"]}
        )
    webhooks = document.get("webhooks")
    if not isinstance(webhooks, dict) or not webhooks:
        raise InvalidRequest("the document has no webhooks", {"webhooks": ["must be an object with an entry for each"]})
    found, refused = [], {}
    for name, item in webhooks.items():
        try:
            found.append(_event_type(document, name, item))
        except ValueError as error:
            refused[name] = str(error)
    return Imported(event_types=tuple(found), refused=refused)


def merged(imported: EventType, known: EventType | None) -> EventType:
    """What is kept of an event type that is imported again: how it is enforced and whether it is archived."""
    if known is None:
        return imported
    return replace(
        imported, enforcement=known.enforcement if imported.schema else imported.enforcement, archived=known.archived
    )


def same(one: EventType, other: EventType | None) -> bool:
    """Whether both say the same of the type."""
    return other is not None and _said(one) == _said(other)


def _said(event_type: EventType) -> tuple[Any, ...]:
    kept = event_type
    return kept.description, kept.schema, kept.example, kept.deprecated, kept.archived, kept.enforcement


def _event_type(document: Any, name: str, item: Any) -> EventType:
    check_own_event_type(name)
    item = _resolved(document, item)
    operation = next((_resolved(document, item[method]) for method in METHODS if method in item), None)
    if operation is None:
        raise _NotTaken(f"has none of: {', '.join(METHODS)}")
    content = _media(document, operation)
    schema = _data_schema(document, content.get("schema"))
    example = _example(document, content, schema)
    if schema is not None:
        check_schema(schema)
    check_example(example, schema if example is not None else None)
    return EventType(
        name=name,
        description=_description(operation, item),
        schema=schema,
        example=example,
        deprecated=operation.get("deprecated") is True,
    )


def _description(operation: Mapping[str, Any], item: Mapping[str, Any]) -> str:
    texts = (operation.get("description"), operation.get("summary"), item.get("description"), item.get("summary"))
    return next((text[:LONGEST_DESCRIPTION] for text in texts if isinstance(text, str) and text), "")


def _media(document: Any, operation: Mapping[str, Any]) -> Mapping[str, Any]:
    """The JSON body of the request; nothing where there is none."""
    body = _resolved(document, operation.get("requestBody", {}))
    content = _resolved(document, body.get("content", {}))
    return _resolved(document, content.get("application/json", {}))


def _resolved(document: Any, part: Any) -> Mapping[str, Any]:
    """The object that a part is, or that it refers to within the document; raises ValueError."""
    for _ in range(MOST_REFERENCES):
        if not isinstance(part, dict):
            raise _NotTaken("has a part that must be an object and is none")
        reference = part.get("$ref")
        if reference is None:
            return part
        part = _pointed(document, reference)
    raise _NotTaken("has references that lead in a circle")


def _pointed(document: Any, reference: Any) -> Any:
    if not isinstance(reference, str) or not reference.startswith("#/"):
        raise _NotTaken(f"refers to {str(reference)[:200]}, which is not within the document")
    found = document
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, dict) or name not in found:
            raise _NotTaken(f"refers to {reference[:200]}, which is not there")
        found = found[name]
    return found


def _data_schema(document: Any, schema: Any) -> dict[str, Any] | None:
    """The schema of the event's data, with all that it refers to under its own `$defs`."""
    if schema is None:
        return None
    whole = _resolved(document, schema)
    properties = whole.get("properties")
    of_data = properties["data"] if isinstance(properties, dict) and properties.keys() >= ENVELOPE else schema
    if not isinstance(of_data, dict):
        raise _NotTaken("has a schema that is no object")
    definitions: dict[str, Any] = {}
    found: dict[str, Any] = _moved(document, of_data, definitions)
    return {**found, "$defs": {**found.get("$defs", {}), **definitions}} if definitions else found


def _moved(document: Any, part: Any, definitions: dict[str, Any]) -> Any:
    """The part with its references to the document's schemas led to `definitions`, which are filled in passing."""
    if isinstance(part, list):
        return [_moved(document, each, definitions) for each in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    if isinstance(reference, str):
        return {**part, "$ref": _moved_reference(document, reference, definitions)}
    return {name: _moved(document, each, definitions) for name, each in part.items()}


def _moved_reference(document: Any, reference: str, definitions: dict[str, Any]) -> str:
    if not reference.startswith(SCHEMAS):
        raise _NotTaken(f"refers to {reference[:200]}; a schema may refer to {SCHEMAS}… alone")
    name = reference.removeprefix(SCHEMAS)
    if "/" in name:
        raise _NotTaken(f"refers to {reference[:200]}, a part of a schema; give that part a name under {SCHEMAS}")
    if name not in definitions:
        definitions[name] = None  # so that a schema may refer to itself
        definitions[name] = _moved(document, _pointed(document, reference), definitions)
    return f"#/$defs/{name}"


def _example(document: Any, content: Mapping[str, Any], schema: dict[str, Any] | None) -> Any:
    """The first example, of the data alone where it is one of the whole body."""
    examples = content.get("examples")
    named = next(iter(examples.values()), None) if isinstance(examples, dict) else None
    example = content.get("example") if "example" in content else _resolved(document, named or {}).get("value")
    if isinstance(example, dict) and example.keys() >= ENVELOPE and _is_envelope(document, content):
        return example["data"]
    if example is None and schema is not None:
        of_schema = schema.get("examples") or [schema.get("example")]
        return of_schema[0] if isinstance(of_schema, list) else None
    return example


def _is_envelope(document: Any, content: Mapping[str, Any]) -> bool:
    schema = _resolved(document, content.get("schema", {}))
    properties = schema.get("properties")
    return not schema or (isinstance(properties, dict) and properties.keys() >= ENVELOPE)
