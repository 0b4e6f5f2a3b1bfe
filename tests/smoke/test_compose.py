"""`docker compose` as an operator uses it: up, scale, a death, stop and start."""

import os
import shutil
import subprocess

import docker
import pytest
from cryptography.fernet import Fernet

from bench.stack import free_port, wait_until
from tests.receivers import RecordingReceiver, answer
from tests.smoke.conftest import API_KEY, FLOWER_LOGIN, ROOT, START_SECONDS, Api

pytestmark = [pytest.mark.smoke, pytest.mark.timeout(900)]
PROJECT = "hooklinesmoke"


def compose_command():
    """Compose v2 where it is, else docker-compose."""
    if shutil.which("docker"):
        found = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
        if found.returncode == 0:
            return ["docker", "compose"]
    return [shutil.which("docker-compose")] if shutil.which("docker-compose") else None


class Composed:
    """The project, with the ports and the keys of this test."""

    def __init__(self, folder, image):
        self.api = Api(f"http://127.0.0.1:{(port := free_port())}")
        self.client = docker.from_env()
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")},
            "HOOKLINE_IMAGE": image,
            "HOOKLINE_PORT": str(port),
            "HOOKLINE_FLOWER_PORT": str(free_port()),
            "HOOKLINE_DEMO_PORT": str(free_port()),
            "HOOKLINE_API_KEY": API_KEY,
            "HOOKLINE_SECRET_KEY": Fernet.generate_key().decode(),
            "HOOKLINE_FLOWER_LOGIN": ":".join(FLOWER_LOGIN),
            "HOOKLINE_SOURCE_DEFAULT_SECRET": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
            "HOOKLINE_ALLOW_NETWORKS": "172.16.0.0/12",
            "PYTHONWARNINGS": "ignore",
        }
        self.command = [*compose_command(), "-f", str(ROOT / "docker-compose.yml"), "-p", PROJECT]

    def run(self, *arguments):
        done = subprocess.run(
            [*self.command, *arguments], env=self.environ, capture_output=True, text=True, check=False, timeout=600
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def containers(self, service=None, *, stopped=False):
        labels = [f"com.docker.compose.project={PROJECT}"]
        labels += [f"com.docker.compose.service={service}"] if service else []
        return self.client.containers.list(all=stopped, filters={"label": labels})

    def all_healthy(self, *, least):
        found = self.containers()
        states = [each.attrs["State"].get("Health", {}).get("Status") for each in found]
        return len(found) >= least and set(states) == {"healthy"}

    def close(self):
        self.run("down", "-v", "-t", "5")
        self.api.http.close()
        self.client.close()


@pytest.fixture
def composed(tmp_path, hookline_image):
    if compose_command() is None:
        pytest.skip("neither `docker compose` nor docker-compose is installed")
    composed = Composed(tmp_path, "hookline:smoke")
    yield composed
    composed.close()


def test_the_whole_stack_gets_well_outlives_a_death_grows_and_is_stopped_without_loss(composed, gateway):
    composed.run("up", "-d", "--no-build")
    wait_until("all seven are well", lambda: composed.all_healthy(least=7), seconds=2 * START_SECONDS)

    told = composed.run("exec", "-T", "api", "hookline", "demo", "--receiver", "http://demo:8001/webhook")
    assert "completed" in told

    [worker] = composed.containers("worker")
    worker.exec_run(["sh", "-c", "kill -9 -1"])
    composed.run("up", "-d", "--no-build", "--no-recreate", "--scale", "worker=3")
    wait_until(
        "three workers and all others are well", lambda: composed.all_healthy(least=9), seconds=2 * START_SECONDS
    )
    worker.reload()
    assert worker.attrs["RestartCount"] == 1

    with RecordingReceiver(answer(503), answer(), host=gateway) as receiver:
        delivery_id = composed.api.publish_to(receiver.url, retry_schedule=[10])
        receiver.wait_for(1, timeout=60)
        composed.run("stop")
        assert composed.containers() == []
        composed.run("up", "-d", "--no-build", "--scale", "worker=3")
        wait_until("the API answers", composed.api.answers, seconds=START_SECONDS)
        delivery = composed.api.delivered(delivery_id, seconds=START_SECONDS)

    assert [attempt["status_code"] for attempt in delivery["attempts"]] == [503, 200]
