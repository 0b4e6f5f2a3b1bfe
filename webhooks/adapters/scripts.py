"""Runs the scripts of `lua/` and turns Redis's troubles into `Unavailable`."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from typing import Any

import msgspec
import redis

from webhooks.adapters.keys import LUA_TABLE, key
from webhooks.errors import Unavailable

TROUBLES = (
    "OOM",
    "READONLY",
    "MISCONF",
    "LOADING",
    "MASTERDOWN",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "BUSY",
)
"""Answers that say that Redis cannot now, as against that we asked for nonsense."""

REPLICAS_MS = 1000
"""How long an acceptance waits for the replicas."""

SHARED = ("prelude", "places", "finishing")
"""What stands before every script."""
ALSO = {
    "settle": ("health", "recent"),
    "settle_late": ("health", "recent"),
    "recover": ("recoverable",),
    "count_recoverable": ("recoverable",),
}


@contextmanager
def translated() -> Iterator[None]:
    """Within it, a Redis that does not or cannot answer raises Unavailable."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise Unavailable(f"Redis does not answer ({type(error).__name__})") from error
    except redis.ResponseError as error:
        # redis-py takes the code off the text of those errors for which it has a class
        if isinstance(error, (redis.OutOfMemoryError, redis.ReadOnlyError)) or str(error).startswith(TROUBLES):
            raise Unavailable(f"Redis refuses: {error}") from error
        raise


class Scripts:
    """The scripts by name, each loaded when it is first run and again after the server forgot it."""

    def __init__(self, client: Any, policy: Mapping[str, Any]) -> None:
        self._client = client
        self._policy = f"local P = {_lua(policy)}\n"
        self._known: dict[str, tuple[str, str]] = {}

    def run(self, name: str, arguments: Mapping[str, Any], *blobs: bytes) -> Any:
        """The script's answer. Raises Unavailable."""
        sha, source = self._script(name)
        packed = msgspec.msgpack.encode(arguments)
        with translated():
            try:
                return self._client.evalsha(sha, 0, packed, *blobs)
            except redis.exceptions.NoScriptError:
                return self._client.eval(source, 0, packed, *blobs)

    def run_replicated(self, name: str, arguments: Mapping[str, Any], *blobs: bytes, replicas: int) -> Any:
        """The script's answer, once so many replicas have what it wrote or found written.

        Raises Unavailable also where they have not within a second: what was written may stay.
        """
        sha, source = self._script(name)
        packed = msgspec.msgpack.encode(arguments)
        with translated():
            try:
                answer, reached = self._waiting("EVALSHA", sha, packed, *blobs, replicas=replicas)
            except redis.exceptions.NoScriptError:
                answer, reached = self._waiting("EVAL", source, packed, *blobs, replicas=replicas)
        if reached < replicas:
            raise Unavailable(
                f"only {reached} of {replicas} replicas confirmed it in time; it may be kept: "
                "repeat the call with the same id or Idempotency-Key"
            )
        return answer

    def _waiting(self, command: str, script: str, *arguments: bytes, replicas: int) -> tuple[Any, int]:
        """On one connection: WAIT is for what this connection wrote, hence a write also where the script made none."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.execute_command(command, script, 0, *arguments)
            pipe.set(key("replicated"), 1)
            pipe.wait(replicas, REPLICAS_MS)
            answer, _, reached = pipe.execute()
        return answer, reached

    def _script(self, name: str) -> tuple[str, str]:
        if name not in self._known:
            source = _source(name, self._policy)
            self._known[name] = (hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest(), source)
        return self._known[name]


def _source(name: str, policy: str) -> str:
    """With the shebang the server refuses the whole script, not its first write, when memory or disk is full."""
    folder = resources.files("webhooks.adapters").joinpath("lua")
    parts = [folder.joinpath(f"{part}.lua").read_text() for part in (*SHARED, *ALSO.get(name, ()), name)]
    return "#!lua\n" + LUA_TABLE + policy + "".join(parts)


def _lua(value: Any) -> str:
    """A number, a text or a mapping of them as a Lua constant."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_lua(each)}" for name, each in value.items()) + "}"
    return repr(value)
