"""The composition root of an API process: which real things stand behind the ports."""

import gc
import os
import secrets
import time
from collections.abc import Mapping
from typing import Any

import structlog

from api.app import create_app
from api.ui.rendering import compile_first_seen
from api.wiring import Wiring
from webhooks import logs
from webhooks.adapters.clock import StoreClock
from webhooks.adapters.redis_store import RedisStore
from webhooks.celery import loading
from webhooks.celery.queue import CeleryQueue
from webhooks.celery.runtime import open_spans, open_store, registrar
from webhooks.celery.starting import check_store, check_store_in_background
from webhooks.counting import CountFlusher, FlowCounts
from webhooks.intake import Intake
from webhooks.known_sources import KnownSources
from webhooks.receiving import Receiver
from webhooks.registering import Rules
from webhooks.settings import Settings
from webhooks.url_policy import UrlPolicy
from workers.app import bare_app

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
    registering = registrar(store, loading.load(settings.handlers), settings)
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
            sources=KnownSources(settings.sources, store, monotonic=time.monotonic),
            intake=intake,
            events=store,
            turns=store,
            clock=clock,
            counts=counts,
            most_bytes=settings.max_body_bytes,
        ),
        counts=counts,
        rules=Rules(url_policy=UrlPolicy(settings.allow_networks), timeout_seconds=settings.timeout_seconds),
        random_bytes=secrets.token_bytes,
        register_handlers=lambda name: registering.register([name]),
        broker_answers=queue.answers,
    )


def _serve() -> Any:
    """The app of a server process, with the thread that stores what the receiver counts."""
    counts = FlowCounts()
    wiring = build(os.environ, counts=counts)  # noqa: TID251 - the one place
    logs.configure(wiring.settings.log_format)
    log.info("settings.read", settings=wiring.settings.summary())
    if not check_store(wiring.store):
        check_store_in_background(wiring.store)
    CountFlusher(counts, wiring.store).start()
    _register_handlers(wiring)
    app = create_app(wiring)
    compile_first_seen(app)
    _leave_alone_what_stays()
    return app


def _leave_alone_what_stays() -> None:
    """What is there now will be there to the end: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def _register_handlers(wiring: Wiring) -> None:
    """Before the first webhook is received, if the store answers; else as soon as it does."""
    settings = wiring.settings
    registering = registrar(wiring.store, loading.load(settings.handlers), settings)
    registering.start()
    registering.join(REGISTERING_SECONDS)


def __getattr__(name: str) -> Any:
    """`app` is made when a server asks for it, so that importing this module needs no environment."""
    if name != "app":
        raise AttributeError(name)
    app = _serve()
    globals()["app"] = app
    return app
