"""What is released: the wheel in an empty environment, run by its command."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from bench.stack import ROOT, free_port, wait_until

UV = Path(sys.executable).parent / "uv"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(600)
def test_the_wheel_in_an_empty_environment_has_all_that_up_needs(tmp_path):
    if not UV.exists():
        pytest.skip("uv is not beside this Python")
    run(UV, "build", "--no-build-isolation", "--python", sys.executable, "--out-dir", tmp_path / "dist", ROOT)
    [wheel], [_sdist] = (list((tmp_path / "dist").glob(kind)) for kind in ("*.whl", "*.tar.gz"))
    run(UV, "venv", "--python", sys.executable, tmp_path / "empty")
    python = tmp_path / "empty" / "bin" / "python"
    run(UV, "pip", "install", "--python", python, "--require-hashes", "-r", ROOT / "requirements" / "runtime.lock")
    run(UV, "pip", "install", "--python", python, "--no-deps", wheel)

    port = free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HOOKLINE_", "PYTHONPATH"))}
    environ |= {
        "HOOKLINE_PORT": str(port),
        "HOOKLINE_FLOWER_PORT": str(free_port()),
        "HOOKLINE_DEMO_PORT": str(free_port()),
        "HOOKLINE_WORKER_PROCESSES": "1",
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [python.parent / "hookline", "up"], cwd=tmp_path, env=environ, stdout=log, stderr=log
        )
    try:
        wait_until("it is ready", lambda: ready(port), seconds=180)
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(90)

    assert code == 0, (tmp_path / "log").read_text()[-2000:]
    assert str(ROOT) not in run(python, "-c", "import webhooks, workers, api; print(webhooks.__file__)", cwd=tmp_path)


def ready(port):
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).ok
    except requests.RequestException:
        return False
