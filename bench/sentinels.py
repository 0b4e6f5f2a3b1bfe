"""A master with replicas and the Sentinels that watch them: real processes on loopback, to be killed."""

import contextlib
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis
from redis.sentinel import MasterNotFoundError, Sentinel

from bench.stack import Valkey, free_port, server_binary, wait_until

MASTER = "hookline"
DOWN_MS = 1000
"""A master that is silent for so long is taken for dead."""


class SentinelProcess:
    """One Sentinel."""

    def __init__(self, folder: Path, *, master_port: int, quorum: int) -> None:
        self.port = free_port()
        folder.mkdir(parents=True)
        self._log = folder / "log"
        self._config = folder / "sentinel.conf"
        self._config.write_text(
            f"port {self.port}\nbind 127.0.0.1\ndir {folder}\n"
            f"sentinel monitor {MASTER} 127.0.0.1 {master_port} {quorum}\n"
            f"sentinel down-after-milliseconds {MASTER} {DOWN_MS}\n"
            f"sentinel failover-timeout {MASTER} 5000\n",
            encoding="ascii",
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it finds the others through the master."""
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([server_binary(), str(self._config), "--sentinel"], stdout=log, stderr=log)

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.terminate()
            self.process.wait(10)


class SentinelGroup:
    """A master, two replicas, three Sentinels of which two must agree."""

    def __init__(self, folder: Path) -> None:
        self.servers = [Valkey(folder / f"server{i}") for i in range(3)]
        first = self.servers[0].port
        for replica in self.servers[1:]:
            replica.options += ("--replicaof", "127.0.0.1", str(first))
        self.sentinels = [SentinelProcess(folder / f"sentinel{i}", master_port=first, quorum=2) for i in range(3)]

    @property
    def places(self) -> str:
        """The Sentinels, as a URL names them."""
        return ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self.sentinels)

    def url(self, database: int = 0) -> str:
        """The URL of a database of whoever is master."""
        return f"sentinel://{self.places}/{database}?master={MASTER}"

    def __enter__(self) -> Self:
        for server in self.servers:
            server.start()
        wait_until("the replicas follow", lambda: self._follow() == len(self.servers) - 1)
        for sentinel in self.sentinels:
            sentinel.start()
        wait_until("the Sentinels know each other and the replicas", self._settled)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for sentinel in self.sentinels:
            sentinel.stop()
        for server in self.servers:
            server.stop(signal.SIGKILL)

    def master(self) -> Valkey:
        """The server that is master now, as the Sentinels see it. Raises MasterNotFoundError."""
        _, port = self._asked().discover_master(MASTER)  # type: ignore[no-untyped-call]
        return next(server for server in self.servers if server.port == port)

    def kill_master(self) -> Valkey:
        """The server that was master, killed; a replica has taken over."""
        killed = self.master()
        killed.stop(signal.SIGKILL)
        wait_until("a replica is master", lambda: self._master_but(killed), seconds=60)
        return killed

    def _master_but(self, killed: Valkey) -> bool:
        with contextlib.suppress(MasterNotFoundError, redis.RedisError):
            master = self.master()
            return master is not killed and master.client.info("replication")["role"] == "master"
        return False

    def _asked(self) -> Any:
        places = [("127.0.0.1", sentinel.port) for sentinel in self.sentinels]
        return Sentinel(places, socket_timeout=1)  # type: ignore[no-untyped-call]

    def _follow(self) -> int:
        return int(self.servers[0].client.info("replication")["connected_slaves"])

    def _settled(self) -> bool:
        for sentinel in self.sentinels:
            with contextlib.suppress(redis.RedisError):
                seen = redis.Redis(port=sentinel.port, socket_timeout=1).sentinel_master(MASTER)
                if (seen["num-other-sentinels"], seen["num-slaves"]) == (2, 2):
                    continue
            return False
        return True
