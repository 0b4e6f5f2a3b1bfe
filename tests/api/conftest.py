"""An app over the real store, a broker that only records, and a client with the key."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet
from structlog.testing import capture_logs

from api.app import create_app
from api.wiring import Wiring
from tests.api.serving import serving
from tests.certificates import Authority
from webhooks.adapters.encryption import Cipher
from webhooks.adapters.redis_store import RedisStore
from webhooks.cli.commands import hookline
from webhooks.counting import FlowCounts
from webhooks.intake import Intake
from webhooks.model import Lane
from webhooks.receiving import Receiver
from webhooks.registering import Rules
from webhooks.settings import Settings
from webhooks.sources import Source
from webhooks.url_policy import UrlPolicy

KEY = "hl_test_key_0123456789abcdef"
FERNET_KEY = Fernet.generate_key().decode()
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
MAX_BODY = 4096


class RecordingQueue:
    """Remembers what was published; with `fails` it is a broker that does not answer."""

    def __init__(self):
        self.published = []
        self.fails = False

    def publish(self, reminders):
        if self.fails:
            return False
        self.published += reminders
        return True


class CountingRandom:
    """Random bytes that count, so that ids are known and never the same."""

    def __init__(self):
        self.calls = 0

    def __call__(self, size):
        self.calls += 1
        return self.calls.to_bytes(size)


class Client:
    """Speaks JSON to the app with the installation's key."""

    def __init__(self, app):
        self._client = app.test_client()
        self.headers = {"Authorization": f"Bearer {KEY}"}

    def __call__(self, method, path, body=None, *, raw=None, headers=None, address="127.0.0.1", **query):
        sent = {**self.headers, **(headers or {})}
        data = raw if raw is not None else json.dumps(body).encode() if body is not None else None
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        sent = {name: value for name, value in sent.items() if value is not None}
        at = {"REMOTE_ADDR": address}
        return self._client.open(
            path, method=method, data=data, headers=sent, query_string=query or None, environ_base=at
        )

    def get(self, path, **query):
        return self("GET", path, **query)

    def post(self, path, body=None, **rest):
        return self("POST", path, body, **rest)

    def patch(self, path, body):
        return self("PATCH", path, body)

    def delete(self, path):
        return self("DELETE", path)

    def endpoint(self, **fields):
        answer = self.post("/v1/endpoints", {"url": "https://hooks.example.com/in", **fields})
        assert answer.status_code == 201, answer.json
        return answer.json

    def event(self, event_type="invoice.paid", data=None, *, key=None, **fields):
        headers = {"Idempotency-Key": key} if key is not None else None
        return self.post("/v1/events", {"type": event_type, "data": data, **fields}, headers=headers)


@pytest.fixture
def store(valkey):
    store = RedisStore.from_url(
        f"redis://127.0.0.1:{valkey.port}/0",
        cipher=Cipher([FERNET_KEY]),
        windows=dict.fromkeys(Lane, 200),
    )
    store.client.flushdb()
    yield store
    store.client.close()


@pytest.fixture
def dead_store():
    """A store whose server is not there."""
    return RedisStore.from_url("redis://127.0.0.1:1/0", cipher=Cipher([FERNET_KEY]))


@pytest.fixture
def queue():
    return RecordingQueue()


@pytest.fixture
def clock(store):
    return SimpleNamespace(now=store.now, monotonic=lambda: 0.0)


@pytest.fixture
def wiring(store, queue, clock):
    return wired_to(store, queue, clock)


def wired_to(store, queue, clock):
    settings = Settings(redis_url="", broker_url="", api_key=KEY, secret_keys=(FERNET_KEY,), max_body_bytes=MAX_BODY)
    intake = Intake(store, queue)
    counts = FlowCounts()
    return Wiring(
        settings=settings,
        store=store,
        queue=queue,
        clock=clock,
        intake=intake,
        receiver=Receiver(
            sources={"default": Source(name="default", scheme="none")},
            intake=intake,
            events=store,
            turns=store,
            clock=clock,
            counts=counts,
            most_bytes=MAX_BODY,
        ),
        counts=counts,
        rules=Rules(url_policy=UrlPolicy()),
        random_bytes=CountingRandom(),
        register_handlers=lambda name: None,
        broker_answers=lambda: True,
    )


@pytest.fixture
def app(wiring):
    return create_app(wiring)


@pytest.fixture
def client(app):
    return Client(app)


@pytest.fixture
def client_of(queue):
    """A client of an app over other parts than the usual ones."""

    def make(wiring, **parts):
        return Client(create_app(replace(wiring, **parts)))

    return make


@pytest.fixture
def client_with(client, client_of, wiring):
    """A client of the same app with a new key of that tenant and those scopes."""

    def make(**fields):
        made = client.post("/v1/keys", {"name": "a key", **fields})
        assert made.status_code == 201, made.json
        other = client_of(wiring)
        other.headers = {"Authorization": f"Bearer {made.json['key']}"}
        return other

    return make


@pytest.fixture
def dead_client(dead_store, queue):
    clock = SimpleNamespace(now=lambda: NOW, monotonic=lambda: 0.0)
    return Client(create_app(wired_to(dead_store, queue, clock)))


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def served(app):
    with serving(app) as served:
        yield served


@pytest.fixture
def run(served, monkeypatch, tmp_path):
    """Runs a command; what came of it."""
    monkeypatch.chdir(tmp_path)
    environ = {"HOOKLINE_URL": served.url, "HOOKLINE_API_KEY": KEY, "HOOKLINE_DATA_DIR": ""}

    def call(*arguments, code=0, env=None, stdin=None):
        with capture_logs():  # the server's, which shares this process
            result = CliRunner().invoke(hookline, arguments, env={**environ, **(env or {})}, input=stdin)
        assert result.exit_code == code, (result.output, result.exception)
        return result

    return call
