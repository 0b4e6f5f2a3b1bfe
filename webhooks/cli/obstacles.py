"""What can stand in the way of `hookline up`, each told in one line that says what to do."""

import errno
import fcntl
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from webhooks.settings import Settings, without_password

REDIS_PORT_FILE = "redis-port"
ENDING_SECONDS = 10.0
"""How long a server of before may still need to end."""
ANSWER_SECONDS = 2.0


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


@contextmanager
def alone(data: Path) -> Iterator[int]:
    """The folder's lock, as a descriptor: whoever inherits it holds it too. Raises CannotStart."""
    lock = os.open(data / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _hold(lock, data)
        yield lock
    finally:
        os.close(lock)


def _hold(lock: int, data: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode(errors="replace").strip()
        raise CannotStart(
            f"Hookline runs on {data} already, or is still stopping there (process {holder}); "
            "stop it, or name another folder in HOOKLINE_DATA_DIR."
        ) from None
    os.truncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)


def redis_port(data: Path, *, patience_seconds: float = ENDING_SECONDS) -> int:
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


def check_ports(settings: Settings) -> None:
    """Nothing when the ports can be had. Raises CannotStart naming each that cannot."""
    wanted = {
        "HOOKLINE_PORT": (settings.host, settings.port),
        "HOOKLINE_FLOWER_PORT": ("127.0.0.1", settings.flower_port),
        "HOOKLINE_DEMO_PORT": ("127.0.0.1", settings.demo_port),
    }
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


def check_server(url: str) -> None:
    """Nothing when that server answers. Raises CannotStart."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS) as server:
            server.ping()
    except redis.RedisError as error:
        raise CannotStart(
            f"HOOKLINE_REDIS_URL={without_password(url)} does not answer ({error}); start it, or unset the variable "
            "for an embedded one."
        ) from None
