"""A handler that fails, so that there is a traceback to look into."""

from webhooks import handlers


@handlers.on("*")
def fail(event: handlers.ReceivedEvent) -> None:
    raise RuntimeError("a handler that fails")
