"""Kombu's Redis transport with one client for all that a channel publishes; kombu makes a new one each time.

Making a client takes redis-py longer than sending a message with it.
"""

from typing import Any

from kombu.transport import redis


class Channel(redis.Channel):
    """A channel that keeps the client it publishes with."""

    _publisher: Any = None

    def _create_client(self, asynchronous: bool = False) -> Any:  # noqa: FBT001, FBT002 - as kombu has it
        if asynchronous:
            return super()._create_client(asynchronous=True)  # type: ignore[no-untyped-call]
        if self._publisher is None or self._publisher.connection_pool is not self.pool:
            self._publisher = super()._create_client()  # type: ignore[no-untyped-call]
        return self._publisher


class Transport(redis.Transport):
    """The transport of those channels, for a `redis://` broker."""

    Channel = Channel
