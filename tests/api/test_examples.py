"""Each body is documented with an example, and each example is one that the API takes."""

import json

import pytest

from api.examples import EXAMPLES
from api.schemas import StrictSchema


def schemas(kind=StrictSchema):
    for below in kind.__subclasses__():
        yield below
        yield from schemas(below)


BY_NAME = {each.__name__: each for each in schemas()}


def test_every_json_body_of_the_document_has_an_example(client):
    document = client.get("/openapi.json").json
    bodies = {
        f"{method} {path}": operation["requestBody"]["content"]["application/json"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method != "parameters"
        and "application/json" in operation.get("requestBody", {}).get("content", {})
        and "$ref" in operation["requestBody"]["content"]["application/json"]["schema"]
    }

    assert len(bodies) >= 10
    assert [name for name, content in bodies.items() if "example" not in content] == []


@pytest.mark.parametrize("name", EXAMPLES)
def test_each_example_is_read_by_its_schema(name, app):
    schema = BY_NAME[name]()

    assert schema.load(schema.read(json.dumps(EXAMPLES[name]).encode()))


def test_the_page_shows_them(client):
    page = client.get("/docs").text

    assert "shop backend" in page
