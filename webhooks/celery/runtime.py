"""The composition root of a worker process: which real things stand behind the ports."""

import random  # noqa: TID251 - the composition root brings luck in
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from celery import Celery

from webhooks.adapters.clock import StoreClock, local_now
from webhooks.adapters.encryption import Cipher
from webhooks.adapters.redis_store import RedisStore
from webhooks.adapters.tunnelling import EgressProxy
from webhooks.attempting import Attempting
from webhooks.celery import loading
from webhooks.celery.loading import Registrar
from webhooks.celery.nudge import Nudge
from webhooks.celery.queue import CeleryQueue
from webhooks.celery.reloading import Reloader
from webhooks.handlers import Handlers
from webhooks.intake import Intake
from webhooks.known_sources import KnownSources
from webhooks.model import Lane
from webhooks.notifying import send_notices
from webhooks.ports import Clock, Store
from webhooks.retrying import Stager
from webhooks.settings import Settings, SettingsError
from webhooks.tracing import NoSpans, Spans
from webhooks.url_policy import UrlPolicy

if TYPE_CHECKING:
    from webhooks.adapters.http_sender import HttpSender


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What the tasks and the stager use."""

    settings: Settings
    store: RedisStore
    queue: CeleryQueue
    sender: "HttpSender"
    attempting: Attempting
    stager: Stager
    nudge: Nudge
    handlers: Handlers
    registrar: Registrar
    reloader: Reloader | None
    """In development."""


def build(
    app: Celery,
    settings: Settings,
    *,
    store_kind: type[RedisStore] = RedisStore,
    queue_kind: type[CeleryQueue] = CeleryQueue,
    local_now: Callable[[], datetime] = local_now,
    lanes: Sequence[Lane] = tuple(Lane),
) -> Runtime:
    """A runtime for this process, whose workers serve these lanes; connects to nothing yet."""
    from webhooks.adapters.http_sender import HttpSender  # noqa: PLC0415 - the API starts without it

    store = open_store(settings, kind=store_kind)
    queue = queue_kind(app)
    nudge = Nudge()
    registry = loading.load(settings.handlers)
    clock = StoreClock(store.now, local_now=local_now)
    spans = open_spans(settings, clock)
    attempting = Attempting(
        store=store,
        queue=queue,
        clock=clock,
        retry_schedule=settings.retry_schedule,
        luck=random.random,
        token=lambda: secrets.token_hex(8),
        pause=time.sleep,
        hungry=nudge.give,
        spans=spans,
    )
    return Runtime(
        settings=settings,
        store=store,
        queue=queue,
        sender=HttpSender(UrlPolicy(settings.allow_networks), proxy=egress_proxy(settings)),
        attempting=attempting,
        stager=_stager(attempting, store, queue, settings, spans=spans, lanes=lanes),
        nudge=nudge,
        handlers=registry,
        registrar=registrar(store, registry, settings),
        reloader=Reloader(settings.handlers, registry) if settings.reload and settings.handlers else None,
    )


def _stager(
    attempting: Attempting,
    store: RedisStore,
    queue: CeleryQueue,
    settings: Settings,
    *,
    spans: Spans,
    lanes: Sequence[Lane],
) -> Stager:
    """Canaries go to the lanes that are served; nobody would take them away from the others."""
    intake = Intake(store, queue, spans=spans)
    return Stager(
        store=store,
        attempting=attempting,
        windows=windows(settings),
        queue_empty=queue.is_empty,
        send_canary=lambda lane: queue.send_canary(lane) if lane in lanes else None,
        send_notices=lambda: send_notices(store, intake),
    )


def registrar(store: Store, registry: Handlers, settings: Settings) -> Registrar:
    """What gives these handlers their endpoints; to be started."""
    return Registrar(
        store,
        registry,
        KnownSources(settings.sources, store, monotonic=time.monotonic).names,
        timeout_seconds=settings.handler_timeout_seconds,
    )


def open_store(settings: Settings, *, kind: type[RedisStore] = RedisStore) -> RedisStore:
    """The store of these settings."""
    return kind.from_url(
        settings.redis_url,
        cipher=Cipher(settings.secret_keys),
        retention_seconds=settings.retention_seconds,
        windows=windows(settings),
        replicas_ack=settings.replicas_ack,
    )


def egress_proxy(settings: Settings) -> EgressProxy | None:
    """The proxy that these settings name."""
    return EgressProxy.from_url(settings.egress_proxy) if settings.egress_proxy else None


def open_spans(settings: Settings, clock: Clock) -> Spans:
    """Where spans go: to the collector of these settings, if any. Raises SettingsError without OpenTelemetry."""
    if not settings.traces_url:
        return NoSpans()
    try:
        from webhooks.adapters.otel_spans import OtelSpans  # noqa: PLC0415 - of the extra `traces`, which few install
    except ImportError:
        problem = "HOOKLINE_TRACES_URL is set, but OpenTelemetry is not installed: pip install 'hookline[traces]'"
        raise SettingsError([problem]) from None
    return OtelSpans(settings.traces_url, clock)


def windows(settings: Settings) -> dict[Lane, int]:
    """The most deliveries on each lane's conveyor: four for each slot, at least 200."""
    slots = settings.worker_processes * settings.worker_slots
    return {
        Lane.DELIVERIES: settings.window or max(200, 4 * slots),
        Lane.HANDLERS: max(200, 4 * settings.handler_processes),
    }
