"""`hookline migrate`, and processes that meet a store of another version."""

import subprocess
import sys

import pytest

from bench.stack import API_KEY, ROOT, Stack, Valkey, wait_until


@pytest.fixture
def server(tmp_path):
    server = Valkey(tmp_path / "redis")
    server.start()
    yield server
    server.stop()


def migrate(stack):
    return subprocess.run(
        [sys.executable, "-c", "from webhooks.cli import main; main()", "migrate"],
        cwd=ROOT,
        env=stack.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_store_of_our_version_needs_nothing_and_a_newer_one_is_refused_by_everybody(server, tmp_path):
    stack = Stack(tmp_path / "stack", environ={"HOOKLINE_REDIS_URL": f"redis://127.0.0.1:{server.port}/0"})
    stack.folder.mkdir()
    done = migrate(stack)
    server.client.set("schema", 99)
    refused = migrate(stack)
    for name in ("api", "worker0"):
        stack.start(name)
    ended = [stack.processes[name].wait(60) for name in ("api", "worker0")]
    stack.http.close()

    assert (done.returncode, done.stdout) == (0, "The store is at schema version 1; 0 step(s) were run.\n")
    assert refused.returncode == 1
    for told in (refused.stderr, stack.log("api"), stack.log("worker0")):
        assert "schema version 99, newer than the 1" in told
    assert 0 not in ended
    assert API_KEY not in stack.log("api") + stack.log("worker0")
    assert wait_until("the server is as it was", lambda: server.client.get("schema") == b"99")
