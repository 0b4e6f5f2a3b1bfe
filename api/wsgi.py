"""The composition root of an API process: which real things stand behind the ports."""

import os
import secrets
from collections.abc import Mapping
from typing import Any

import structlog

from api.app import create_app
from api.receiver import CountFlusher
from api.wiring import Wiring
from webhooks import logs
from webhooks.adapters.clock import StoreClock
from webhooks.adapters.redis_store import RedisStore
from webhooks.counting import FlowCounts
from webhooks.publishing import Intake
from webhooks.receiving import Receiver
from webhooks.registering import Rules
from webhooks.settings import Settings
from webhooks.url_policy import UrlPolicy
from workers import handlers
from workers.app import bare_app
from workers.queue import CeleryQueue
from workers.runtime import open_spans, open_store, registrar

REGISTERING_SECONDS = 5.0

log = structlog.get_logger()


def build(
    environ: Mapping[str, str],
    *,
    counts: FlowCounts | None = None,
    store_kind: type[RedisStore] = RedisStore,
    queue_kind: type[CeleryQueue] = CeleryQueue,
) -> Wiring:
    """The wiring that these settings describe; raises SettingsError. Connects to nothing yet."""
    settings = Settings.from_env(environ)
    store = open_store(settings, kind=store_kind)
    queue = queue_kind(bare_app(settings))
    clock = StoreClock(store.now)
    counts = counts or FlowCounts()
    intake = Intake(store, queue, spans=open_spans(settings, clock))
    return Wiring(
        settings=settings,
        store=store,
        queue=queue,
        clock=clock,
        intake=intake,
        receiver=Receiver(
            sources={source.name: source for source in settings.sources},
            intake=intake,
            events=store,
            clock=clock,
            counts=counts,
            most_bytes=settings.max_body_bytes,
        ),
        counts=counts,
        rules=Rules(url_policy=UrlPolicy(settings.allow_networks), timeout_seconds=settings.timeout_seconds),
        random_bytes=secrets.token_bytes,
        broker_answers=queue.answers,
    )


def _serve() -> Any:
    """The app of a server process, with the thread that stores what the receiver counts."""
    counts = FlowCounts()
    wiring = build(os.environ, counts=counts)  # noqa: TID251 - the one place
    logs.configure(wiring.settings.log_format)
    log.info("settings.read", settings=wiring.settings.summary())
    CountFlusher(counts, wiring.store).start()
    _register_handlers(wiring)
    return create_app(wiring)


def _register_handlers(wiring: Wiring) -> None:
    """Before the first webhook is received, if the store answers; else as soon as it does."""
    settings = wiring.settings
    registering = registrar(wiring.store, handlers.load(settings.handlers), settings)
    registering.start()
    registering.join(REGISTERING_SECONDS)


def __getattr__(name: str) -> Any:
    """`app` is made when a server asks for it, so that importing this module needs no environment."""
    if name != "app":
        raise AttributeError(name)
    app = _serve()
    globals()["app"] = app
    return app
