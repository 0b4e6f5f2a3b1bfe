"""`hookline up` and `hookline demo`, as a newcomer runs them."""

import os
import re
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bench.stack import ROOT, free_port, wait_until

HOOKLINE = [sys.executable, "-c", "from webhooks.cli import main; main()"]


def environment(folder, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")}
    ports = {"HOOKLINE_PORT": free_port(), "HOOKLINE_FLOWER_PORT": free_port(), "HOOKLINE_DEMO_PORT": free_port()}
    return {
        **kept,
        "PYTHONPATH": str(ROOT),
        "HOOKLINE_DATA_DIR": str(folder / "data"),
        "HOOKLINE_WORKER_PROCESSES": "1",
        **{name: str(port) for name, port in ports.items()},
        **more,
    }


def start(folder, environ):
    with (folder / "up.log").open("wb") as log:
        return subprocess.Popen([*HOOKLINE, "up"], cwd=ROOT, env=environ, stdout=log, stderr=log)


def processes_of(folder):
    """The processes that were started for this data folder, by what stands in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"HOOKLINE_DATA_DIR={folder / 'data'}".encode() in variables:
            found.append(int(entry.parent.name))
    return found


@pytest.fixture
def up(tmp_path):
    environ = environment(tmp_path)
    process = start(tmp_path, environ)

    def ready():
        assert process.poll() is None, (tmp_path / "up.log").read_text()
        return "second terminal" in (tmp_path / "up.log").read_text(errors="replace")

    wait_until("Hookline is ready", ready, seconds=90)
    yield tmp_path, environ, process
    for pid in processes_of(tmp_path):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            """It has ended by itself meanwhile."""


@pytest.mark.timeout(240)
def test_the_story_of_the_demo_ends_completed_a_dead_process_comes_back_and_ctrl_c_stops_everything(up):
    folder, environ, process = up
    told = subprocess.run(
        [*HOOKLINE, "demo"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=90
    )
    keys = folder / "data" / "keys.env"
    workers = [pid for pid in processes_of(folder) if b"deliveries0@" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(workers[0], signal.SIGKILL)
    again = subprocess.run(
        [*HOOKLINE, "demo"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=90
    )
    process.send_signal(signal.SIGINT)
    code = process.wait(90)

    assert told.returncode == 0, told.stdout + told.stderr
    for line in ("endpoint registered", "event posted", "attempt 1 → 503", "attempt 2 → 401", "attempt 3 → 200",
                 "handler run", "completed"):  # fmt: skip
        assert re.search(line, told.stdout), told.stdout
    assert again.returncode == 0, again.stdout + again.stderr
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert code == 0
    assert processes_of(folder) == []


@pytest.mark.timeout(240)
def test_nothing_is_left_running_when_up_itself_is_killed(up):
    folder, _environ, process = up
    process.kill()
    process.wait(10)

    wait_until("all have ended", lambda: not processes_of(folder), seconds=90)
    assert processes_of(folder) == []


def refusal(folder, environ):
    """The one line and the exit code of an `up` that cannot start."""
    ended = subprocess.run(
        [*HOOKLINE, "up"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False, timeout=60
    )
    return ended.returncode, ended.stderr.strip()


def test_a_port_in_use_is_one_clear_line(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = refusal(tmp_path, environment(tmp_path, HOOKLINE_PORT=str(port)))

    assert (code, said) == (1, f"Port {port} is in use; free it, or choose another in HOOKLINE_PORT.")


def test_a_data_folder_that_cannot_be_written_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("")
    code, said = refusal(tmp_path, environment(tmp_path, HOOKLINE_DATA_DIR=str(tmp_path / "file" / "data")))

    assert code == 1
    assert "cannot be written" in said
    assert "HOOKLINE_DATA_DIR" in said
    assert len(said.splitlines()) == 1


def test_a_server_that_does_not_answer_is_one_clear_line_without_its_password(tmp_path):
    code, said = refusal(tmp_path, environment(tmp_path, HOOKLINE_REDIS_URL="redis://:pa55@127.0.0.1:1/0"))

    assert code == 1
    assert "HOOKLINE_REDIS_URL=redis://:***@127.0.0.1:1" in said
    assert "pa55" not in said


def test_all_wrong_settings_are_told_at_once(tmp_path):
    code, said = refusal(tmp_path, environment(tmp_path, HOOKLINE_TIMEOUT="soon", HOOKLINE_PROT="1"))

    assert code == 1
    assert "HOOKLINE_TIMEOUT" in said
    assert "HOOKLINE_PORT" in said
