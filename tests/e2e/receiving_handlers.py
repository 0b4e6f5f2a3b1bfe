"""The handlers of the receiving tests: each does one thing that a test looks at, in a Redis database of its own."""

import os
import time

import redis

from webhooks import handlers
from webhooks.handlers import ReceivedEvent, Reject
from webhooks.once import once

client = redis.Redis.from_url(os.environ.get("HOOKLINE_REDIS_URL", "redis://127.0.0.1/0").replace("/0", "/5"))


@handlers.on("count.*")
def count(event: ReceivedEvent) -> None:
    """Counts each run, and its guarded effect once."""
    client.incr(f"runs:{event.id}")
    once(client, f"count:{event.id}", lambda pipe: pipe.hincrby("effects", event.id, 1))


@handlers.on("slow.count")
def count_slowly(event: ReceivedEvent) -> None:
    """Takes a second before it counts."""
    time.sleep(1)
    client.incr(f"slow:{event.id}")


@handlers.on("fragile.*", retry_schedule=[0.2, 0.2])
def fail_first(event: ReceivedEvent) -> None:
    """Fails on its first run."""
    if client.incr(f"fragile:{event.id}") == 1:
        raise RuntimeError("the first time it fails")


@handlers.on("fragile.*", retry_schedule=[0.2])
def fail_always(event: ReceivedEvent) -> None:
    """Never succeeds."""
    client.incr(f"hopeless:{event.id}")
    raise ValueError("it always fails")


@handlers.on("fragile.*")
def reject_all(event: ReceivedEvent) -> None:
    """Rejects whatever comes."""
    raise Reject("never for us")


@handlers.on("endless.*", time_limit=1, retry_schedule=[])
def sleep_long(event: ReceivedEvent) -> None:
    """Sleeps beyond its limit."""
    time.sleep(30)


@handlers.on("ordered.*", ordering_key="data.line", retry_schedule=[0.3] * 5)
def write_in_order(event: ReceivedEvent) -> None:
    """Appends its number to its line; the first of them fails once."""
    number = event.data["number"]
    if number == 0 and client.incr(f"tries:{event.id}") == 1:
        raise RuntimeError("the head fails once, and the others wait")
    client.rpush(f"line:{event.data['line']}", number)


@handlers.on("state.*")
def keep_newest(event: ReceivedEvent) -> None:
    """Keeps the state of the highest sequence number."""
    client.zadd("states", {event.data["object"]: event.data["sequence"]}, gt=True)
