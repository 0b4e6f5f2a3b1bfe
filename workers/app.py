"""The Celery app: `celery -A workers.app worker`, `beat` and `flower`."""

import os
from collections.abc import Callable
from typing import Any

import structlog
from celery import Celery
from celery.signals import setup_logging
from kombu.entity import Exchange, Queue

from webhooks import logs
from webhooks.celery.gathering import GatheredEvents
from webhooks.celery.queue import CANARY, DELIVER, PROCESS, TRIM, TRIM_EVERY_SECONDS
from webhooks.celery.runtime import Runtime, build
from webhooks.celery.stager import stager_step
from webhooks.celery.tasks import register
from webhooks.model import Lane
from webhooks.settings import Settings
from workers.broker import CONNECT_SECONDS, broker_of

log = structlog.get_logger()


def bare_app(settings: Settings) -> Celery:
    """A Celery app that can publish our messages; the API needs no more."""
    broker = broker_of(settings.broker_url)
    app = Celery("hookline", broker=broker.url, control="workers.control:Control")
    exchange = Exchange("hookline", type="direct")  # type: ignore[no-untyped-call]
    app.conf.update(
        task_queues=[Queue(lane.value, exchange, routing_key=lane.value) for lane in Lane],  # type: ignore[no-untyped-call]
        task_default_queue=Lane.DELIVERIES.value,
        task_default_exchange="hookline",
        task_routes={
            DELIVER: {"queue": Lane.DELIVERIES.value},
            PROCESS: {"queue": Lane.HANDLERS.value},
            CANARY: {"queue": Lane.DELIVERIES.value},
            TRIM: {"queue": Lane.DELIVERIES.value},
        },
        # all that beat does: without it nothing is delivered later, only indexes grow
        beat_schedule={"trim": {"task": TRIM, "schedule": TRIM_EVERY_SECONDS}},
        broker_transport_options=broker.options,
        broker_use_ssl=broker.tls,
        broker_transport=broker.transport,
        task_acks_late=False,
        task_ignore_result=True,
        task_store_errors_even_if_ignored=False,
        task_publish_retry=False,
        worker_prefetch_multiplier=1,
        worker_send_task_events=settings.task_events,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=CONNECT_SECONDS,
        enable_utc=True,
        timezone="UTC",
    )
    return app


def make_app(settings: Settings, *, build: Callable[[Celery, Settings], Runtime] = build) -> Celery:
    """The whole worker: tasks, and a stager in each worker."""
    app = bare_app(settings)
    runtime = build(app, settings)
    register(app, runtime)
    app.steps["worker"].add(stager_step(runtime))
    app.steps["consumer"].add(GatheredEvents)
    return app


def settings_from_environment() -> Settings:
    """The settings of this process. Raises SettingsError."""
    return Settings.from_env(os.environ)  # noqa: TID251 - the one place


@setup_logging.connect(weak=False)
def _configure_logging(**_: Any) -> None:
    """Celery's records go through our renderer; without this it would set up its own."""
    settings = settings_from_environment()
    logs.configure(settings.log_format)
    log.info("settings.read", settings=settings.summary())


def __getattr__(name: str) -> Celery:
    """`app` is made when it is asked for, so that importing this module needs no environment."""
    if name != "app":
        raise AttributeError(name)
    app = make_app(settings_from_environment())
    globals()["app"] = app
    return app
