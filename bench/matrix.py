"""`make matrix`: the end-to-end tests on every server and broker that is installed here, one after the other."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from bench import rabbitmq
from bench.stack import server_binary

SUITE = ("tests/e2e/test_delivery.py", "tests/e2e/test_all_lanes.py", "tests/e2e/test_backup.py", "tests/contract")
SERVERS = ("redis-server", "valkey-server")
ALSO = "TEST_SERVERS"
"""Further server programs, by path and separated by colons: other versions than those in PATH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A store's server and a broker."""

    server: str
    broker: str = "redis"

    @property
    def name(self) -> str:
        """As the server says of itself."""
        said = subprocess.run([self.server, "--version"], capture_output=True, text=True, check=False)
        words = said.stdout.split()
        version = next((word.removeprefix("v=") for word in words if word.startswith("v=")), None)
        if version is None:
            sys.exit(f"{self.server} is no server that runs here: {said.stderr.strip() or said.stdout.strip()}")
        kind = "Valkey" if "alkey" in words[0] or "valkey" in self.server else "Redis"
        return f"{kind} {version}, broker {'the same' if self.broker == 'redis' else 'RabbitMQ'}"


def pairs() -> Iterator[Pair]:
    """Each server as store and broker, and the embedded one with RabbitMQ."""
    further = [path for path in os.environ.get(ALSO, "").split(":") if path]
    found = [server_binary(), *filter(None, map(shutil.which, SERVERS)), *further]
    yield from (Pair(server=path) for path in dict.fromkeys(found))
    if rabbitmq.why_not() is None:
        yield Pair(server=server_binary(), broker="rabbitmq")


def main(suite: list[str]) -> int:
    """Run the suite on each; 0 where all are green."""
    failed = []
    for pair in pairs():
        print(f"── {pair.name}", flush=True)
        environ = {**os.environ, "TEST_SERVER": pair.server, "TEST_BROKER": pair.broker}
        command = [sys.executable, "-m", "pytest", "-q", *(suite or SUITE)]
        failed += [pair.name] if subprocess.run(command, env=environ, check=False).returncode else []
    print("\n".join(f"failed: {name}" for name in failed) or "all green")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
