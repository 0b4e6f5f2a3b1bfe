"""What users would pick instead, each in its best honest set-up, on the same server and receiver."""

import contextlib
import os
import signal
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import requests

from bench import commands
from bench.stack import ROOT, Stack, free_port, wait_until

DJANGO_PACKAGES = ("django-webhook==0.0.15", "celery[redis]==5.7.0", "redis[hiredis]==8.1.0")


class Rival:
    """Workers of another Celery app on the same server, in database 5; use it as a context."""

    def __init__(
        self, folder: Path, stack: Stack, *, module: str, python: Path, pool: str, processes: int, slots: int
    ) -> None:
        self.folder, self._module, self._python = folder, module, python
        self._pool, self._processes_wanted, self._slots = pool, processes, slots
        self._processes: list[subprocess.Popen[bytes]] = []
        self.environ = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "STOCK_BROKER": f"redis://127.0.0.1:{stack.valkey.port}/5",
            "DJANGO_DATABASE": str(folder / "django.sqlite3"),
        }

    def __enter__(self) -> Self:
        for number in range(self._processes_wanted):
            command = [str(self._python), "-m", "celery", "-A", self._module, "worker", "-P", self._pool]
            command += ["-c", str(self._slots), "-n", f"{self._module.rpartition('.')[2]}{number}@%h"]
            command += ["-Q", self._module.rpartition(".")[2].removesuffix("_site")]
            with (self.folder / "stock.log").open("ab") as log:
                self._processes.append(
                    subprocess.Popen(
                        command, cwd=ROOT, env=self.environ, stdout=log, stderr=log, start_new_session=True
                    )
                )
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            os.killpg(process.pid, signal.SIGCONT)
            process.terminate()
        for process in self._processes:
            process.wait(30)

    @property
    def pids(self) -> list[int]:
        """The sessions of its workers."""
        return [process.pid for process in self._processes]

    def run(self, *command: str) -> None:
        """Run a module in the app's environment; raises for an error."""
        subprocess.run([str(self._python), "-m", *command], cwd=ROOT, env=self.environ, check=True)


def barest(folder: Path, stack: Stack, *, processes: int, slots: int) -> Rival:
    """Workers of the barest Celery task that POSTs, on threads."""
    return Rival(
        folder,
        stack,
        module="bench.yardsticks.stock",
        python=Path(sys.executable),
        pool="threads",
        processes=processes,
        slots=slots,
    )


def fill_barest(rival: Rival, url: str, count: int, size: int) -> None:
    """Queue so many POSTs of `size` bytes."""
    code = f"from bench.yardsticks.stock import fill; fill({url!r}, {count}, {size})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=rival.environ, check=True)


class BarestApi:
    """A Flask route that queues one of the barest tasks for what is posted; use it as a context."""

    def __init__(self, rival: Rival, target: str) -> None:
        self._log = rival.folder / "stock-api.log"
        self._environ = {**rival.environ, "STOCK_TARGET": target}
        self._process: subprocess.Popen[bytes] | None = None
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._command = commands.plain_api(port, app="bench.yardsticks.stock_api:app")

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=ROOT, env=self._environ, stdout=log, stderr=log, start_new_session=True
            )
        wait_until("its API answers", self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(30)

    @property
    def pids(self) -> list[int]:
        """The session of its processes."""
        return [self._process.pid] if self._process else []

    def _answers(self) -> bool:
        with contextlib.suppress(requests.RequestException):
            return requests.get(self.url, timeout=2).status_code > 0
        return False


@contextmanager
def django(folder: Path, stack: Stack, *, processes: int) -> Iterator[Rival | None]:
    """django-webhook's workers in an environment of their own, or None where it cannot be installed."""
    home = folder / "django"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *DJANGO_PACKAGES]
    if subprocess.run(install, check=False).returncode:
        print("django-webhook cannot be installed here; it is left out")
        yield None
        return
    module = "bench.yardsticks.django_site"
    rival = Rival(folder, stack, module=module, python=python, pool="prefork", processes=1, slots=processes)
    rival.run(module, "http://127.0.0.1:9", "0", "")
    with rival:
        yield rival


def fill_django(rival: Rival, url: str, count: int, size: int) -> None:
    """Queue so many webhooks of `size` bytes."""
    rival.run("bench.yardsticks.django_site", url, str(count), "x" * size)
