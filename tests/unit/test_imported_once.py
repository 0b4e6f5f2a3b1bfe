import subprocess
import sys
from types import SimpleNamespace

import pytest

from api import imported_once

LEFT_RUNNING = "import api.imported_once, threading, {module}; print(threading.active_count())"


def test_what_is_served_is_imported_before_the_processes_are_forked(monkeypatch):
    monkeypatch.delitem(sys.modules, "api.demo", raising=False)

    imported_once.on_starting(SimpleNamespace(app=SimpleNamespace(app_uri="api.demo:app")))

    assert "api.demo" in sys.modules


@pytest.mark.parametrize("module", ["api.wsgi", "api.demo"])
def test_importing_starts_nothing_that_a_fork_would_lose(module):
    code = LEFT_RUNNING.format(module=module)
    environ = {"PYTHONPATH": ":".join(sys.path), "PATH": ""}
    ran = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "1"
