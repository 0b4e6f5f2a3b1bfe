"""`/docs`: the OpenAPI document as one page that needs no network and no script."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flask_smorest
from flask import Blueprint, Response, make_response, render_template

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
BOUNDS = {"minimum": "\u2265", "maximum": "\u2264", "maxLength": "length \u2264", "maxItems": "items \u2264"}
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, as the page shows it."""

    method: str
    path: str
    summary: str
    parameters: list["Row"]
    body: list["Row"]
    example: str
    """Of the body, as JSON; empty where there is none."""
    answers: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A parameter, or a field of a body."""

    name: str
    kind: str
    required: bool = False
    says: str = ""


def blueprint_for(api: flask_smorest.Api) -> Blueprint:
    """The page over this API's document, which is read when the page is asked for."""
    blueprint = Blueprint("documentation", __name__, template_folder="templates")

    @blueprint.get("/docs")
    def show() -> Response:
        document = api.spec.to_dict()
        answer = make_response(render_template("docs.html", document=document, groups=_by_tag(document)))
        answer.headers["Content-Security-Policy"] = CONTENT_POLICY
        return answer

    return blueprint


def _by_tag(document: dict[str, Any]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = {tag["name"]: [] for tag in document.get("tags", [])}
    for tag, operation in _operations(document):
        groups[tag].append(operation)
    return groups


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield item[method]["tags"][0], _operation(document, path, method, item)


def _operation(document: dict[str, Any], path: str, method: str, item: dict[str, Any]) -> Operation:
    described = item[method]
    return Operation(
        method=method.upper(),
        path=path,
        summary=described.get("summary", ""),
        parameters=[
            Row(
                name=each["name"],
                kind=f"{each['in']}, {_kind(each.get('schema', {}))}",
                required=each.get("required", False),
                says=each.get("description", ""),
            )
            for each in [*item.get("parameters", []), *described.get("parameters", [])]
            if isinstance(each, dict) and "name" in each
        ],
        body=_body(document, described),
        example=_example(described),
        answers={
            status: answer.get("description", "")
            for status, answer in described["responses"].items()
            if status != "default" and "description" in answer
        },
    )


def _body(document: dict[str, Any], described: dict[str, Any]) -> list[Row]:
    content = described.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema: dict[str, Any] = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
    required = schema.get("required", [])
    return [
        Row(name=name, kind=_kind(each), required=name in required, says=each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    """A schema's type in words, with its bounds."""
    if "$ref" in schema:
        return "object"
    kinds = schema.get("type", "any")
    kind = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if "items" in schema:
        kind = kind.replace("array", f"list of {_kind(schema['items'])}")
    if "enum" in schema:
        kind = " | ".join(map(str, schema["enum"]))
    bounds = [f"{sign} {schema[name]:g}" for name, sign in BOUNDS.items() if name in schema]
    return ", ".join([kind, *bounds])


def _example(described: dict[str, Any]) -> str:
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    return json.dumps(content["example"], indent=2) if "example" in content else ""
