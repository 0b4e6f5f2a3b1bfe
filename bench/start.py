"""Start: `hookline up` until everything is ready, with everything installed, on data that is there already."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from bench.accounting import Rounds
from bench.report import table
from bench.stack import ROOT, free_port, wait_until

ROUNDS = 5


def run(folder: Path) -> str:
    """The section: seconds until ready, and until stopped."""
    started, stopped = [], []
    for _ in range(ROUNDS + 1):
        ready, ended = _once(folder)
        started.append(ready)
        stopped.append(ended)
    shown = Rounds(tuple(started[1:])), Rounds(tuple(stopped[1:]))
    rows = [
        ("`hookline up` until `/health/ready` is green", shown[0].shown(1)),
        ("SIGTERM until all ended", shown[1].shown(1)),
    ]
    return f"""## Start

`make bench -- start`. {os.cpu_count()} cores. {ROUNDS} starts on the same data, after a first one;
seconds, medians, least and most.

{table(("what", "seconds"), rows)}"""


def _once(folder: Path) -> tuple[float, float]:
    ports = {name: str(free_port()) for name in ("HOOKLINE_PORT", "HOOKLINE_FLOWER_PORT", "HOOKLINE_DEMO_PORT")}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")}
    environ = {**kept, **ports, "HOOKLINE_DATA_DIR": str(folder), "PYTHONPATH": str(ROOT)}
    began = time.monotonic()
    with (folder / "up.log").open("ab") as log:
        up = subprocess.Popen(
            [sys.executable, "-m", "webhooks.cli", "up"], cwd=ROOT, env=environ, stdout=log, stderr=log
        )
    try:
        wait_until("it is ready", lambda: _ready(ports["HOOKLINE_PORT"]), seconds=120)
        ready = time.monotonic() - began
    finally:
        asked = time.monotonic()
        up.send_signal(signal.SIGTERM)
        up.wait(60)
    return ready, time.monotonic() - asked


def _ready(port: str) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).ok
    except requests.RequestException:
        return False
