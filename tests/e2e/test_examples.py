"""The two example apps, run as they are: the shop sends, Hookline delivers, the bookkeeping app receives and books."""

import contextlib
import os
import subprocess
import sys

import pytest
import requests
from cryptography.fernet import Fernet

from bench import commands
from bench.commands import ROOT
from bench.stack import API_KEY, Stack, Valkey, free_port, wait_until
from tests.e2e.conftest import SOURCE_SECRET
from tests.unit.samples import standard


class Program:
    """A process of its own group, ended by its id."""

    def __init__(self, folder, name, command, environ):
        self.path = folder / f"{name}.log"
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HOOKLINE_")}
        with self.path.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**kept, "PYTHONPATH": str(ROOT), **environ},
                stdout=log,
                stderr=log,
            )

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    """The bookkeeping app: web and worker, on a server of its own."""
    folder = tmp_path_factory.mktemp("books")
    valkey = Valkey(folder / "redis")
    valkey.start()
    port = free_port()
    environ = {
        "BOOKS_REDIS": f"redis://127.0.0.1:{valkey.port}",
        "BOOKS_SECRET": SOURCE_SECRET,
        "BOOKS_SECRET_KEY": Fernet.generate_key().decode(),
    }
    web = Program(folder, "web", commands.api(port, app="examples.bookkeeping:app"), environ)
    worker = Program(
        folder,
        "worker",
        [sys.executable, "-m", "celery", "-A", "examples.bookkeeping:celery_app", "worker", "-c", "2"],
        environ,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until("the bookkeeping app answers", lambda: answers(f"{url}/balance"))
        yield url
    finally:
        worker.stop()
        web.stop()
        valkey.stop()


def answers(url):
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=5)
    return None


@pytest.fixture(scope="module")
def shop(tmp_path_factory, books):
    """The shop, and the Hookline that sends for it."""
    folder = tmp_path_factory.mktemp("shop")
    with Stack(folder, workers=1) as stack:
        stack.post(
            "/v1/endpoints",
            {
                "url": f"{books}/webhooks/shop",
                "event_types": ["order.*"],
                "secret": SOURCE_SECRET,
                "retry_schedule": [1] * 10,
            },
        )
        port = free_port()
        environ = {"HOOKLINE_URL": stack.url, "HOOKLINE_KEY": API_KEY}
        program = Program(folder, "shop", commands.api(port, app="examples.shop:app"), environ)
        url = f"http://127.0.0.1:{port}"
        try:
            wait_until("the shop answers", lambda: answers(url) is not None)
            yield url
        finally:
            program.stop()


def test_what_is_ordered_is_booked_once(shop, books):
    before = requests.get(f"{books}/balance", timeout=5).json()["balance"]
    for _ in range(2):
        answer = requests.post(f"{shop}/orders", json={"order": "o-1", "amount": 4200}, timeout=10)
        assert answer.status_code == 201, answer.text

    def booked():
        found = requests.get(f"{books}/balance", timeout=5).json()
        return found if found["orders"].get("o-1") and found["balance"] > before else None

    found = wait_until("the order is booked", booked, seconds=60)
    assert found["balance"] == before + 4200
    assert found["orders"]["o-1"] == "order.placed"


def test_the_door_of_an_embedding_app_answers_errors_as_problem_documents(books):
    sample = standard()
    refused = requests.post(f"{books}/webhooks/shop", data=sample.body, headers=sample.headers, timeout=5)
    unknown = requests.post(f"{books}/webhooks/nobody", data=b"{}", timeout=5)
    posted = requests.get(f"{books}/webhooks/shop", timeout=5)

    assert (refused.status_code, refused.headers["Content-Type"]) == (401, "application/problem+json")
    assert (unknown.status_code, unknown.json()["status"]) == (404, 404)
    assert (posted.status_code, posted.headers["Allow"]) == (405, "POST")
