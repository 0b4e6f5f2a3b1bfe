"""The examples of docs/receiving.md for other frameworks, run as they stand there."""

import asyncio
import re
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.test import RequestFactory

from tests.unit.samples import github

PAGE = Path(__file__).resolve().parents[2] / "docs" / "receiving.md"


def example(framework):
    """What the example that imports this framework defines."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    [code] = [block for block in blocks if f"from {framework}." in block]
    namespace = {}
    exec(code, namespace)
    return namespace


def starlette(sample, headers, body):
    """The status that the ASGI app answers, called as a server calls it."""
    sent = []
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/github",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(example("starlette")["app"](scope, receive, send))
    return sent[0]["status"]


def in_django(sample, headers, body):
    if not settings.configured:
        settings.configure(SECRET_KEY="for tests", ALLOWED_HOSTS=["testserver"])
        django.setup()
    request = RequestFactory().post("/github", data=body, content_type="application/json", headers=headers)
    return example("django")["receive"](request).status_code


@pytest.mark.parametrize("ask", [starlette, in_django])
def test_the_example_takes_what_is_genuine_and_refuses_the_rest(ask):
    sample = github()

    assert ask(sample, sample.headers, sample.body) == 200
    assert ask(sample, sample.headers, sample.body + b" ") == 401
    assert ask(sample, {}, sample.body) == 401
