"""`/docs`: the OpenAPI document as one page that needs no network and no script."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import flask_smorest
from flask import Blueprint, render_template

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, as the page shows it."""

    method: str
    path: str
    summary: str
    parameters: list[dict[str, Any]]
    body: dict[str, Any]
    example: str
    """Of the body, as JSON; empty where there is none."""
    answers: dict[str, str]


def blueprint_for(api: flask_smorest.Api) -> Blueprint:
    """The page over this API's document, which is read when the page is asked for."""
    blueprint = Blueprint("documentation", __name__, template_folder="templates")

    @blueprint.get("/docs")
    def show() -> str:
        document = api.spec.to_dict()
        return render_template("docs.html", document=document, groups=_by_tag(document))

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
        parameters=[*item.get("parameters", []), *described.get("parameters", [])],
        body=_body(document, described),
        example=_example(described),
        answers={
            status: answer.get("description", "")
            for status, answer in described["responses"].items()
            if status != "default" and "description" in answer
        },
    )


def _body(document: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
    content = described.get("requestBody", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema: dict[str, Any] = document["components"]["schemas"].get(reference.rpartition("/")[2], {})
    properties: dict[str, Any] = schema.get("properties", {})
    return properties


def _example(described: dict[str, Any]) -> str:
    content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
    return json.dumps(content["example"], indent=2) if "example" in content else ""
