"""Runs the scripts of `lua/` and turns Redis's troubles into `Unavailable`."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import resources
from typing import Any

import msgspec
import redis
from redis.exceptions import NoScriptError

from webhooks.adapters.keys import PREFIXES, key
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
"""What stands before every script, as far as it is used there."""
ALSO = {
    "settle": ("health", "recent"),
    "settle_late": ("health", "recent"),
    "recover": ("recoverable",),
    "count_recoverable": ("recoverable",),
    "trim": ("forgetting",),
    "delete_endpoint": ("forgetting",),
    "delete_tenant": ("forgetting",),
    "keep_for": ("forgetting",),
}
"""What stands between those and some scripts."""

COMMENT = re.compile(r"--.*")
PART = re.compile(r"^local (?:function )?(\w+).*\n(?:(?!local ).*\n)*", re.MULTILINE)
"""A function or a value of a shared file, up to the next one."""
CONSTANT = re.compile(r"\b[KP](?:\.\w+)+")


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
        self._policy = policy
        self._known: dict[str, tuple[str, str]] = {}

    def run(self, name: str, arguments: Mapping[str, Any], *blobs: bytes) -> Any:
        """The script's answer. Raises Unavailable."""
        sha, source = self._script(name)
        packed = msgspec.msgpack.encode(arguments)
        with translated():
            try:
                return self._client.evalsha(sha, 0, packed, *blobs)
            except NoScriptError:
                return self._client.eval(source, 0, packed, *blobs)

    def run_all(self, name: str, calls: Sequence[tuple[Mapping[str, Any], bytes]], *, replicas: int = 0) -> list[Any]:
        """The script's answers to each of the arguments and blobs, in one round trip.

        Raises Unavailable, also where `replicas` have not confirmed within a second what was written or found
        written; what was written may stay then.
        """
        if len(calls) == 1 and not replicas:
            return [self.run(name, *calls[0])]
        sha, source = self._script(name)
        packed = [(msgspec.msgpack.encode(arguments), blob) for arguments, blob in calls]
        with translated():
            answers, reached = self._pipelined(sha, packed, replicas=replicas)
            unknown = [place for place, each in enumerate(answers) if isinstance(each, NoScriptError)]
            if unknown:
                self._client.script_load(source)
                again, reached = self._pipelined(sha, [packed[place] for place in unknown], replicas=replicas)
                answers = [again.pop(0) if place in unknown else each for place, each in enumerate(answers)]
            for error in (each for each in answers if isinstance(each, Exception)):
                raise error
        if reached < replicas:
            raise Unavailable(
                f"only {reached} of {replicas} replicas confirmed it in time; it may be kept: "
                "repeat the call with the same id or Idempotency-Key"
            )
        return answers

    def _pipelined(self, sha: str, calls: Sequence[tuple[bytes, bytes]], *, replicas: int) -> tuple[list[Any], int]:
        """The answers, errors among them, and how many replicas confirmed.

        On one connection: WAIT is for what this connection wrote, hence a write also where the scripts made none.
        """
        with self._client.pipeline(transaction=False) as pipe:
            for call in calls:
                pipe.evalsha(sha, 0, *call)
            if replicas:
                pipe.set(key("replicated"), 1)
                pipe.wait(replicas, REPLICAS_MS)
            answers = pipe.execute(raise_on_error=False)
        return answers[: len(calls)], answers[-1] if replicas and isinstance(answers[-1], int) else 0

    def _script(self, name: str) -> tuple[str, str]:
        if name not in self._known:
            source = _source(name, self._policy)
            self._known[name] = (hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest(), source)
        return self._known[name]


def _source(name: str, policy: Mapping[str, Any]) -> str:
    """What the server runs: the file and what it uses of the shared ones, constants written out.

    The server makes each function and table anew for every run, and a function that refers to a table costs more.
    With the shebang it refuses the whole script, not its first write, when memory or disk is full.
    """
    shared = "".join(_text(part) for part in (*SHARED, *ALSO.get(name, ())))
    source = _text(name)
    for part in reversed(list(PART.finditer(shared))):
        if re.search(rf"\b{part[1]}\b", source):
            source = part[0] + source
    constants = {"K": PREFIXES, "P": policy}
    return "#!lua\n" + CONSTANT.sub(lambda found: _lua(_value(constants, found[0])), source)


def _text(name: str) -> str:
    """The file without its comments, which would mention what is not used."""
    folder = resources.files("webhooks.adapters").joinpath("lua")
    return COMMENT.sub("", folder.joinpath(f"{name}.lua").read_text())


def _value(constants: Mapping[str, Any], path: str) -> Any:
    """What stands under `K.delivery` or `P.breaker.minutes`."""
    found: Any = constants
    for name in path.split("."):
        found = found[name]
    return found


def _lua(value: Any) -> str:
    """A number, a text or a mapping of them as a Lua expression."""
    if isinstance(value, Mapping):
        return "({" + ", ".join(f"{name} = {_lua(each)}" for name, each in value.items()) + "})"
    return repr(value)
