"""The handler of `make chaos`: its guarded effect is counted, and it fails now and then."""

import os
import random

import redis

from webhooks import handlers
from webhooks.handlers import ReceivedEvent
from webhooks.once import once

EFFECTS, DATABASE = "effects", 5
FAILING_SHARE = 0.1

STORE = os.environ.get("HOOKLINE_REDIS_URL", "redis://127.0.0.1/0")

client = redis.Redis.from_url(f"{STORE.rpartition('/')[0]}/{DATABASE}")


@handlers.on("load.received")
def count_once(event: ReceivedEvent) -> None:
    """Once for each event, whatever happens to the worker; then it fails sometimes, and must bear running again."""
    once(client, event.id, lambda pipe: pipe.hincrby(EFFECTS, event.id, 1))
    if random.random() < FAILING_SHARE:
        raise RuntimeError("it fails now and then, after its effect")
