"""The handler of `make bench -- receiving`, which does nothing."""

from webhooks import handlers
from webhooks.handlers import ReceivedEvent


@handlers.on("bench.received")
def nothing(_event: ReceivedEvent) -> None:
    """What the system costs by itself."""
