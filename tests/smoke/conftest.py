"""Containers of our image around a Redis, as a pytest-celery cluster; one set for all tests, since each takes a while."""

import contextlib
import shutil
import subprocess
from pathlib import Path

import docker
import pytest
import requests
from cryptography.fernet import Fernet
from pytest_celery import (
    CeleryBrokerCluster,
    CeleryTestContainer,
    CeleryTestWorker,
    CeleryWorkerCluster,
    CeleryWorkerContainer,
    RedisContainer,
    RedisTestBroker,
    celery_backend_cluster_config,
    celery_broker_cluster_config,
    celery_setup,
    celery_setup_app,
    celery_setup_cls,
    celery_setup_config,
    celery_setup_name,
    celery_worker_cluster_config,
)
from pytest_docker_tools import build, container, fxtr, network

from bench.stack import wait_until
from tests.receivers import RecordingReceiver

ROOT = Path(__file__).parents[2]
REDIS_IMAGE = "redis:8-alpine"
API_KEY = "hl_containers_0123456789"
FLOWER_LOGIN = ("hookline", "a-long-password")
START_SECONDS = 300
CONFINED = {
    "init": True,
    "read_only": True,
    "tmpfs": {"/tmp": "", "/data": "uid=10001"},
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "timeout": START_SECONDS,
}


def engine_trouble():
    """Why no container can be run here; None where they can."""
    if not shutil.which("docker"):
        return "docker is not installed here"
    done = subprocess.run(["docker", "version"], capture_output=True, text=True, check=False)
    return f"no Docker engine answers here ({done.stderr.strip()[:120]})" if done.returncode else None


@pytest.fixture(scope="session", autouse=True)
def engine():
    trouble = engine_trouble()
    if trouble:
        pytest.skip(trouble)
    client = docker.from_env()
    yield client
    client.close()


class Store(RedisContainer):
    """The server with the store and the broker, with a file, so that a restart forgets nothing."""

    @classmethod
    def command(cls, *args, **_):
        return ["redis-server", "--bind", "0.0.0.0", "--protected-mode", "no", "--appendonly", "yes", *args]

    @property
    def vhost(self):
        """The broker's database; the store's is 0."""
        return "1"

    @property
    def host_url(self):
        """Not always by way of localhost: where the tests run in a container, by the network's own address."""
        return "redis://{}:{}/{}".format(*self.get_addr("6379/tcp"), self.vhost)


class Worker(CeleryWorkerContainer):
    """A delivery worker of our image."""

    @classmethod
    def command(cls, *_, **__):
        return [
            *[
                "celery",
                "-A",
                "workers.app",
                "worker",
                "-P",
                "threads",
                "-c",
                "8",
                "-Q",
                "deliveries",
                "-n",
                "deliveries@%h",
            ]
        ]


class Web(CeleryTestContainer):
    """A container that answers HTTP."""

    def url(self, port):
        return "http://{}:{}".format(*self.get_addr(f"{port}/tcp"))


hookline_image = build(path=str(ROOT), tag="hookline:smoke", scope="session", rm=True)
smoke_network = network(scope="session")
redis_container = container(
    image=REDIS_IMAGE,
    ports={"6379/tcp": None},
    command=Store.command(),
    network="{smoke_network.name}",
    wrapper_class=Store,
    timeout=START_SECONDS,
    scope="session",
)


@pytest.fixture(scope="session")
def environment(redis_container, gateway):
    return {
        "HOOKLINE_REDIS_URL": f"redis://{redis_container.hostname}:6379/0",
        "HOOKLINE_API_KEY": API_KEY,
        "HOOKLINE_SECRET_KEY": Fernet.generate_key().decode(),
        "HOOKLINE_FLOWER_LOGIN": ":".join(FLOWER_LOGIN),
        "HOOKLINE_ALLOW_NETWORKS": f"{gateway}/32",
    }


@pytest.fixture(scope="session")
def gateway(smoke_network):
    """This machine as the containers see it."""
    return smoke_network.attrs["IPAM"]["Config"][0]["Gateway"]


def hookline(command, wrapper_class, **options):
    return container(
        image="{hookline_image.id}",
        command=command,
        environment=fxtr("environment"),
        network="{smoke_network.name}",
        wrapper_class=wrapper_class,
        scope="session",
        **CONFINED,
        **options,
    )


first_worker = hookline(Worker.command(), Worker)
second_worker = hookline(Worker.command(), Worker)
api_container = hookline(None, Web, ports={"8000/tcp": None})
flower_container = hookline(
    [
        *["celery", "-A", "workers.app", "flower", "--address=0.0.0.0", "--port=5555", "--read-only"],
        "--conf=/opt/hookline/flower_config.py",
    ],
    Web,
    ports={"5555/tcp": None},
)


# `-p no:celery` keeps the fixtures of Celery and pytest-celery out of all other tests; here these are wanted.
__all__ = [
    "celery_backend_cluster_config",
    "celery_broker_cluster_config",
    "celery_setup",
    "celery_setup_app",
    "celery_setup_cls",
    "celery_setup_config",
    "celery_setup_name",
    "celery_worker_cluster_config",
]


@pytest.fixture
def celery_broker_cluster(redis_container):
    return CeleryBrokerCluster(RedisTestBroker(redis_container))


@pytest.fixture
def celery_backend_cluster():
    """There is none: results are nobody's business."""


@pytest.fixture
def celery_worker_cluster(first_worker, second_worker, celery_setup_app):
    return CeleryWorkerCluster(
        CeleryTestWorker(first_worker, celery_setup_app), CeleryTestWorker(second_worker, celery_setup_app)
    )


@pytest.fixture
def receiver(gateway):
    with RecordingReceiver(host=gateway) as receiver:
        yield receiver


class Api:
    """What a customer does."""

    def __init__(self, url):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {API_KEY}"

    def answers(self):
        with contextlib.suppress(requests.RequestException):
            return self.http.get(f"{self.url}/health/live", timeout=5).ok
        return False

    def post(self, path, body):
        answer = self.http.post(self.url + path, json=body, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, path):
        answer = self.http.get(self.url + path, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def publish_to(self, url, **fields):
        """The id of a new event's delivery to a new endpoint, which alone gets it."""
        endpoint = self.post("/v1/endpoints", {"url": url, **fields})
        event = self.post("/v1/events", {"type": "a.b", "data": {"n": 1}, "endpoint_ids": [endpoint["id"]]})
        return event["deliveries"][0]["id"]

    def delivered(self, delivery_id, *, seconds=120):
        def look():
            found = self.get(f"/v1/deliveries/{delivery_id}")
            return found if found["status"] == "delivered" else None

        return wait_until(f"{delivery_id} is delivered", look, seconds=seconds)


@pytest.fixture
def api(api_container):
    api = Api(api_container.url(8000))
    wait_until("the API answers", api.answers, seconds=START_SECONDS)
    yield api
    api.http.close()
