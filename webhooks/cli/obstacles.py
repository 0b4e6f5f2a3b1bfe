"""What can stand in the way of `hookline up`, each told in one line that says what to do."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from webhooks.settings import Settings

REDIS_PORT_FILE = "redis-port"
ENDING_SECONDS = 10.0
"""How long what was killed may still need to end."""


class CannotStart(Exception):
    """One line that says what is in the way and what to do."""


def make_writable(data: Path) -> None:
    """The folder exists and can be written. Raises CannotStart."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CannotStart(
            f"The data folder {data} cannot be written ({error.strerror}); name another in HOOKLINE_DATA_DIR."
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A data folder that is ours. Whoever inherits the descriptor holds it too."""

    descriptor: int
    patience_seconds: float
    """How long what ran here before may need to end: none, where it was seen to end."""

    def mark_running(self) -> None:
        """From now on what runs here may outlive us."""
        os.pwrite(self.descriptor, str(os.getpid()).encode(), 0)

    def mark_ended(self) -> None:
        """Nothing runs here any more."""
        os.truncate(self.descriptor, 0)


@contextmanager
def alone(data: Path) -> Iterator[Lock]:
    """The lock of the folder, held until the end. Raises CannotStart when another has it."""
    descriptor = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip()
        _hold(descriptor, data, holder)
        os.truncate(descriptor, 0)
        yield Lock(descriptor=descriptor, patience_seconds=ENDING_SECONDS if holder else 0.0)
    finally:
        os.close(descriptor)


def _hold(descriptor: int, data: Path, holder: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        process = f" (process {holder})" if holder else ""
        raise CannotStart(
            f"Hookline runs on {data} already, or is still stopping there{process}; "
            "stop it, or name another folder in HOOKLINE_DATA_DIR."
        ) from None


def redis_port(data: Path, *, patience_seconds: float = 0.0) -> int:
    """The port of the embedded server, the same each time, so that URLs stay true.

    Never another one while something listens there: it may be the server of before, and two servers on one
    append-only file would lose data. Raises CannotStart when it is not free in time.
    """
    kept = data / REDIS_PORT_FILE
    port = _kept_port(kept)
    if port is None:
        port = free_port()
        kept.write_text(str(port), encoding="ascii")
    if not _in_time(lambda: is_free("127.0.0.1", port), patience_seconds):
        raise CannotStart(
            f"Port {port} of the embedded Redis is in use; if no Redis runs on {data} any more, remove {kept}."
        )
    return port


def _kept_port(file: Path) -> int | None:
    text = file.read_text(encoding="ascii").strip() if file.exists() else ""
    return int(text) if text.isdigit() else None


def free_port() -> int:
    """A port of loopback that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_ports(settings: Settings, *, patience_seconds: float = 0.0) -> None:
    """Nothing when the ports can be had in time. Raises CannotStart naming each that cannot."""
    wanted = {
        "HOOKLINE_PORT": (settings.host, settings.port),
        "HOOKLINE_FLOWER_PORT": ("127.0.0.1", settings.flower_port),
        "HOOKLINE_DEMO_PORT": ("127.0.0.1", settings.demo_port),
    }
    _in_time(lambda: all(is_free(*address) for address in wanted.values()), patience_seconds)
    busy = [
        f"Port {port} is in use; free it, or choose another in {variable}."
        for variable, (host, port) in wanted.items()
        if not is_free(host, port)
    ]
    if busy:
        raise CannotStart(" ".join(busy))


def is_free(host: str, port: int) -> bool:
    """Whether one could listen there now. Raises CannotStart for an address that this machine does not have."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return False
        raise CannotStart(f"HOOKLINE_HOST={host}: port {port} cannot be bound: {error.strerror}.") from None
    return True


def _in_time(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
