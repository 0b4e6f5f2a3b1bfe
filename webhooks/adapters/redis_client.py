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


class QuickPool(redis.ConnectionPool):
    """redis-py's pool without its books about connections, which cost a command as much as sending it does."""

    def get_connection(self, *_: Any, **__: Any) -> Any:
        """A connection that is ready to be sent a command: connected, and with nothing left to be read."""
        self._checkpid()
        with self._lock:
            connection: Any = (
                self._available_connections.pop() if self._available_connections else self.make_connection()
            )
            self._in_use_connections.add(connection)
        try:
            connection.connect()
            if _left_unread(connection):
                connection.disconnect()
                connection.connect()
        except BaseException:
            self.release(connection)
            raise
        return connection

    def release(self, connection: Any) -> None:
        """Others may use the connection; one that is not this process's, or was given back before, is left alone."""
        self._checkpid()
        with self._lock:
            if connection not in self._in_use_connections:
                return
            self._in_use_connections.remove(connection)
            if connection.should_reconnect():
                connection.disconnect()
            self._available_connections.append(connection)


class QuickClient(redis.Redis):
    """redis-py's client without its books about commands."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """The answer; a connection that breaks is opened anew, once."""
        connection: Any = self.connection_pool.get_connection()
        try:
            return connection.retry.call_with_retry(
                lambda: self._asked(connection, *args, **options), lambda _: connection.disconnect()
            )
        finally:
            self.connection_pool.release(connection)

    def _asked(self, connection: Any, *args: Any, **options: Any) -> Any:
        connection.send_command(*args, **options)
        return self.parse_response(connection, args[0], **options)  # type: ignore[no-untyped-call]


def _left_unread(connection: Any) -> bool:
    """Whether somebody was interrupted while he waited for an answer, or the server hung up."""
    try:
        return bool(connection.can_read())
    except (redis.ConnectionError, redis.TimeoutError, OSError):
        return True


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
        return QuickClient.from_pool(QuickPool.from_url(url, **options, **timed))
    return _master_of(sentinel_url.parse(url), options)


def _master_of(where: sentinel_url.SentinelUrl, options: dict[str, Any]) -> Any:
    """Each new connection asks the Sentinels who is the master; one that finds itself demoted is closed."""
    asking = {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": CONNECT_SECONDS}
    sentinels = Sentinel(where.sentinels, sentinel_kwargs={**asking, "password": where.sentinel_password})  # type: ignore[no-untyped-call]
    credentials = {"username": where.username, "password": where.password}
    return sentinels.master_for(where.master, redis.Redis, db=where.database, **credentials, **options)  # type: ignore[no-untyped-call]
