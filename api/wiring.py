"""What the views use, put together by the composition root."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from webhooks.counting import FlowCounts
from webhooks.intake import Intake
from webhooks.ports import Clock, Queue, Store
from webhooks.receiving import Receiver
from webhooks.registering import Rules
from webhooks.settings import Settings

EXTENSION = "hookline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The real things behind the ports, or their fakes in tests."""

    settings: Settings
    store: Store
    queue: Queue
    clock: Clock
    intake: Intake
    receiver: Receiver
    rules: Rules
    counts: FlowCounts
    """What is counted in memory and stored each second."""
    random_bytes: Callable[[int], bytes]
    register_handlers: Callable[[str], None]
    """From now on the handlers hear this source. Raises Unavailable."""
    broker_answers: Callable[[], bool]
    """Whether the broker answers now; takes a second at most."""


def attach(app: Flask, wiring: Wiring) -> None:
    """From now on the app's views find the wiring."""
    app.extensions[EXTENSION] = wiring


def wired() -> Wiring:
    """The wiring of the app that serves this request."""
    return cast("Wiring", current_app.extensions[EXTENSION])
