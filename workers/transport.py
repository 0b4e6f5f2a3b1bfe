"""Kombu's Redis transports, made cheaper for many small messages (docs/benchmarks.md).

A consumer takes several messages with each round trip, since a turn of Celery's loop costs more than a message does;
and a channel keeps the client it publishes with, which takes redis-py longer to make than a message to send.
"""

from time import monotonic
from typing import Any

import msgspec
import structlog
from celery.worker import state
from kombu.transport import redis
from kombu.transport.virtual import Empty

MOST_AT_ONCE = 10
"""So many messages a consumer takes at most, that another worker gets its share."""
ADDRESSED = frozenset({"delivery_tag", "delivery_info"})

log = structlog.get_logger()


class SeveralAtOnce(redis.Channel):
    """A channel that takes as many messages at once as can begin, where kombu takes one."""

    body_encoding: Any = None
    """JSON within JSON needs no base64."""
    _in_poll: Any
    _brpop_sent_at: Any

    def _brpop_start(self, timeout: float | None = None) -> None:
        queues = self._queue_cycle.consume(len(self.active_queues))
        if not queues:
            return
        keys = [self._q_for_pri(queue, step) for step in self.priority_steps for queue in queues]  # type: ignore[no-untyped-call]
        seconds = self.brpop_timeout if timeout is None else timeout
        self._in_poll = self.client.connection
        self._brpop_sent_at = monotonic()
        self._in_poll.send_command("BLMPOP", seconds or 0, len(keys), *keys, "RIGHT", "COUNT", self._most())

    def _brpop_read(self, **options: Any) -> bool:
        """Deliver what came. Raises Empty where nothing did."""
        try:
            answer = self.client.parse_response(self.client.connection, "BLMPOP", **options)
        except self.connection_errors:
            self.client.connection.disconnect()  # the next turn connects anew
            raise
        finally:
            self._in_poll = None
        if not answer:
            raise Empty
        key, messages = answer
        queue = key.decode().rsplit(self.sep, 1)[0]
        self._queue_cycle.rotate(queue)
        for message in filter(None, map(_read, messages)):
            self.connection._deliver(message, queue)  # noqa: SLF001 - as kombu's own does
        return True

    def _most(self) -> int:
        """One at least, as without us: what cannot begin at once waits in this worker, then."""
        slots = self.qos.prefetch_count or MOST_AT_ONCE
        return max(1, min(MOST_AT_ONCE, slots - len(state.reserved_requests)))


def _read(raw: bytes) -> Any:
    """The message, or None for what is none: whatever somebody put there, no worker dies of it and no other waits."""
    try:
        message = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        message = None
    properties = message.get("properties") if isinstance(message, dict) else None
    if isinstance(properties, dict) and properties.keys() >= ADDRESSED:
        return message
    log.warning("message.unreadable", size=len(raw))
    return None


class Channel(SeveralAtOnce):
    """A channel to one server."""

    _publisher: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - as kombu has it
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        if self._publisher is None or self._publisher.connection_pool is not self.pool:
            self._publisher = super()._create_client()  # type: ignore[no-untyped-call]
        return self._publisher


class Transport(redis.Transport):
    """For one server, with TLS or without."""

    Channel = Channel


class SentinelChannel(SeveralAtOnce, redis.SentinelChannel):
    """A channel to the master that Sentinels name."""


class SentinelTransport(redis.SentinelTransport):
    """For a server behind Sentinels."""

    Channel = SentinelChannel
