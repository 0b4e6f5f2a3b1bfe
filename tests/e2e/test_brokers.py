"""Stores and brokers other than two databases of one server: TLS with a user, RabbitMQ."""

import shutil
import signal
import subprocess

import pytest

from bench import rabbitmq
from bench.rabbitmq import RabbitMQ
from bench.receiver import Answer, RecordingReceiver
from bench.stack import Stack, Valkey, free_port, server_binary, wait_until
from tests.certificates import Authority
from tests.e2e.conftest import Api, answering

USER, PASSWORD = "hookline", "p@ss/word"
QUOTED = "p%40ss%2Fword"


def tls_binary():
    """A server program that speaks TLS; the embedded one does not."""
    for candidate in (server_binary(), shutil.which("redis-server"), shutil.which("valkey-server")):
        linked = candidate and subprocess.run(["ldd", candidate], check=True, capture_output=True, text=True).stdout
        if candidate and "libssl" in linked:
            return candidate
    return None


@pytest.fixture
def tls_server(tmp_path, monkeypatch):
    binary = tls_binary()
    if binary is None:
        pytest.skip("no redis-server or valkey-server with TLS is installed here")
    monkeypatch.setenv("TEST_SERVER", binary)
    authority = Authority(tmp_path)
    authority.server("127.0.0.1")
    both, port = str(tmp_path / "127.0.0.1.pem"), free_port()
    options = ["--tls-port", str(port), "--tls-cert-file", both, "--tls-key-file", both]
    options += ["--tls-ca-cert-file", authority.bundle, "--tls-auth-clients", "no"]
    options += ["--user", USER, "on", f">{PASSWORD}", "~*", "&*", "+@all"]
    server = Valkey(tmp_path / "tls", extra=tuple(options))
    server.start()
    yield f"rediss://{USER}:{QUOTED}@127.0.0.1:{port}/0?ssl_ca_certs={authority.bundle}"
    server.stop()


@pytest.mark.timeout(200)
def test_store_and_broker_are_reached_over_tls_with_a_user_and_a_password(tls_server, tmp_path):
    with Stack(tmp_path / "stack", environ={"HOOKLINE_REDIS_URL": tls_server}) as stack, RecordingReceiver() as there:
        answering(there, 503, 200)
        delivery = Api(stack, "default").send(there.url, retry_schedule=[1])
        said = stack.log("worker0") + stack.log("api")

    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [503, 200]
    assert PASSWORD not in said
    assert QUOTED not in said


@pytest.fixture(scope="module")
def rabbit(tmp_path_factory):
    trouble = rabbitmq.why_not()
    if trouble:
        pytest.skip(trouble)
    with RabbitMQ(tmp_path_factory.mktemp("rabbitmq")) as rabbit:
        yield rabbit


@pytest.mark.timeout(400)
def test_with_rabbitmq_as_broker_deliveries_retries_and_kills_go_as_with_redis(rabbit, tmp_path):
    environ = {"HOOKLINE_BROKER_URL": rabbit.url}
    with Stack(tmp_path, workers=2, environ=environ) as stack, RecordingReceiver() as there:
        api = Api(stack, "default")
        answering(there, 503, 200)
        retried = api.send(there.url, retry_schedule=[1], event_types=["invoice.paid"])

        there.behaviour = lambda *_: Answer(delay_seconds=2)
        endpoint = api.endpoint(
            f"{there.url}/slow", event_types=["slow"], retry_schedule=[1], timeout_seconds=5, max_in_flight=40
        )
        ids = [api.publish(type="slow", endpoint_ids=[endpoint["id"]])["deliveries"][0]["id"] for _ in range(20)]
        stack.kill("worker0", signal.SIGKILL)
        stack.start("worker0")
        settled = [api.settled(delivery_id, seconds=120) for delivery_id in ids]

    assert [attempt["status_code"] for attempt in retried["attempts"]] == [503, 200]
    assert {delivery["status"] for delivery in settled} == {"delivered"}


@pytest.mark.timeout(400)
def test_a_rabbitmq_that_dies_delays_and_never_refuses(rabbit, tmp_path):
    with Stack(tmp_path, environ={"HOOKLINE_BROKER_URL": rabbit.url}) as stack, RecordingReceiver() as there:
        api = Api(stack, "default")
        api.endpoint(there.url)
        api.settled(api.publish()["deliveries"][0]["id"], seconds=60)
        rabbit.stop(signal.SIGKILL)
        kept = api.publish()["deliveries"][0]["id"]
        wait_until(
            "the broker's absence shows",
            lambda: not stack.http.get(f"{stack.url}/health/ready", timeout=30).json()["checks"]["broker"]["ok"],
        )
        rabbit.start()
        delivery = api.settled(kept, seconds=120)

    assert (delivery["status"], delivery["attempts_count"]) == ("delivered", 1)
