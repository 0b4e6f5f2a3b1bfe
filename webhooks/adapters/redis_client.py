"""A client for the server of the store: one server, over TLS or not, or the master that Sentinels name."""

from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from webhooks import sentinel_url
from webhooks.adapters.kernel_timeouts import TimedSocket, set_timeout

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 1.5


class TimedConnection(redis.Connection):
    """A connection whose timeout the kernel keeps."""

    def _connect(self) -> TimedSocket:
        plain = super()._connect()  # type: ignore[no-untyped-call]
        plain.setblocking(True)  # the descriptor, which is all that the new one takes over
        connection = TimedSocket(fileno=plain.detach())
        if self.socket_timeout:
            set_timeout(connection, self.socket_timeout)
        return connection


def open_client(url: str) -> Any:
    """A client whose answers are bytes; it connects when first asked and gives up within two seconds."""
    options = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        "health_check_interval": 0,
    }
    if not url.startswith(f"{sentinel_url.SCHEME}://"):
        timed = {"connection_class": TimedConnection} if url.startswith("redis://") else {}
        return redis.Redis.from_url(url, **options, **timed)
    return _master_of(sentinel_url.parse(url), options)


def _master_of(where: sentinel_url.SentinelUrl, options: dict[str, Any]) -> Any:
    """Each new connection asks the Sentinels who is the master; one that finds itself demoted is closed."""
    asking = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": CONNECT_SECONDS}
    sentinels = Sentinel(where.sentinels, sentinel_kwargs={**asking, "password": where.sentinel_password})  # type: ignore[no-untyped-call]
    credentials = {"username": where.username, "password": where.password}
    return sentinels.master_for(where.master, redis.Redis, db=where.database, **credentials, **options)  # type: ignore[no-untyped-call]
