"""A RabbitMQ node of its own on loopback, with its data in a folder; needs Debian's rabbitmq-server."""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from amqp.exceptions import AMQPError
from kombu import Connection

from bench.stack import free_port, wait_until

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
START_SECONDS = 120.0


def why_not() -> str | None:
    """Why no node can be started here; None where one can."""
    return None if SERVER.exists() and shutil.which("erl") else "no RabbitMQ is installed here"


class RabbitMQ:
    """One node; the guest of loopback may do everything."""

    def __init__(self, folder: Path, *, config: str = "") -> None:
        self.port = free_port()
        self.folder = folder
        self._config = config
        self._names_port = free_port()
        self._names: subprocess.Popen[bytes] | None = None
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The broker's URL."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start, or start again on the same data, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\n{self._config}", encoding="utf-8"
        )
        (self.folder / "plugins").write_text("[].\n", encoding="ascii")
        with (self.folder / "log").open("ab") as log:
            # Erlang's name server; a node that finds none would start one that outlives it
            self._names = self._names or subprocess.Popen(["epmd"], env=self._environ(), stdout=log, stderr=log)  # noqa: S607
            self.process = subprocess.Popen(
                [str(SERVER)], env=self._environ(), stdout=log, stderr=log, start_new_session=True
            )
        wait_until("RabbitMQ answers", self.answers, seconds=START_SECONDS)

    def answers(self) -> bool:
        """Whether a connection can be made now."""
        try:
            with Connection(self.url, connect_timeout=2) as connection:
                connection.connect()
                return True
        except (AMQPError, OSError):
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the node with that signal and wait for it."""
        if self.process:
            os.killpg(self.process.pid, how)
            self.process.wait(60)
            self.process = None
        if self._names:
            self._names.kill()
            self._names.wait(10)
            self._names = None

    def _environ(self) -> dict[str, str]:
        """Everything within the folder, and a name and a port that no other node has."""
        return {
            **os.environ,
            "HOME": str(self.folder),
            "RABBITMQ_NODENAME": f"hookline{self.port}@localhost",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
        }
