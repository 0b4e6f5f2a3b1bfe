"""A handler's effect happens once, although the handler runs at least once.

    once(redis_client, event.id, lambda pipe: pipe.hincrby("balance", account, amount))

The effect and the mark that it happened are one transaction, so that no crash comes between them. That takes an effect
in the same Redis; for one in a database, and for one in the world outside, see docs/receiving.md.
"""

from collections.abc import Callable
from typing import Any

import redis

KEEP_SECONDS = 90 * 86400
"""How long the mark is kept: longer than anybody replays."""
PREFIX = "once:"


def once(
    client: Any, key: str, effect: Callable[[Any], object], *, keep_seconds: int = KEEP_SECONDS, prefix: str = PREFIX
) -> bool:
    """Whether the effect happened now; False where it had happened for this key before.

    `effect` is given a transaction of redis-py and queues its commands there; it reads nothing and may be asked
    again before it happens once. Keys of several handlers must differ: put the handler's name before the event's id.
    Raises what redis-py raises; then it is not known whether it happened, and asking again tells.
    """
    mark = prefix + key
    with client.pipeline(transaction=True) as pipe:
        while True:
            try:
                pipe.watch(mark)
                if pipe.exists(mark):
                    return False
                pipe.multi()
                effect(pipe)
                pipe.set(mark, 1, ex=keep_seconds)
                pipe.execute()
            except redis.WatchError:
                continue
            return True
