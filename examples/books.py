"""The handlers of the bookkeeping app: an amount is booked once, and an order's state is the newest we heard of."""

import os
from dataclasses import dataclass

import redis

from webhooks import handlers
from webhooks.handlers import ReceivedEvent, Reject
from webhooks.once import once

KEEP_NEWER = """
local known = tonumber(redis.call('HGET', KEYS[1], 'version') or -1)
if known >= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'event', ARGV[2])
return 1
"""


@dataclass(frozen=True)
class Order:
    """What an order event says."""

    order: str
    amount: int
    version: int = 1


@handlers.on("order.placed", schema=Order, retry_schedule=[1, 5, 30])
def book_amount(event: ReceivedEvent) -> None:
    """The amount is booked, once, however often this runs. Raises Reject for an amount that is none."""
    order: Order = event.data
    if order.amount < 0:
        raise Reject("an order's amount is not negative")
    once(books(), f"book_amount:{event.id}", lambda pipe: pipe.incrby("balance", order.amount))


@handlers.on("order.*", schema=Order, ordering_key="data.order")
def keep_order(event: ReceivedEvent) -> None:
    """The order's newest state stands, in whatever order its events arrive."""
    order: Order = event.data
    books().eval(KEEP_NEWER, 1, f"order:{order.order}", order.version, event.type)


def books() -> redis.Redis:
    """The database in which the books are kept."""
    url = os.environ.get("BOOKS_REDIS", "redis://127.0.0.1:6379")  # noqa: TID251 - a program of its own
    return redis.Redis.from_url(f"{url}/2", decode_responses=True)


def balances(client: redis.Redis) -> int:
    """All that has been booked."""
    return int(client.get("balance") or 0)  # type: ignore[arg-type]


def orders(client: redis.Redis) -> dict[str, str]:
    """The newest event of each order."""
    return {name.removeprefix("order:"): client.hget(name, "event") for name in sorted(client.scan_iter("order:*"))}  # type: ignore[misc]
