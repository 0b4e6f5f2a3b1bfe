"""Our tasks in anyone's Celery app: received events are handled by the team's own workers.

celery_app = Celery("bookkeeping", broker="redis://localhost:6379/1")
hooks = webhooks.celery.register(celery_app, redis_url="redis://localhost:6379/0", secret_keys=["…"], sources=[…])
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypedDict, Unpack

from celery import Celery
from kombu.entity import Queue

from webhooks.adapters.redis_store import RedisStore
from webhooks.celery import tasks
from webhooks.celery.queue import TRIM, TRIM_EVERY_SECONDS
from webhooks.celery.runtime import Runtime, build
from webhooks.celery.stager import stager_step
from webhooks.counting import CountFlusher, FlowCounts
from webhooks.intake import Intake
from webhooks.known_sources import KnownSources
from webhooks.model import Lane
from webhooks.receiving import Receiver
from webhooks.settings import Settings
from webhooks.sources import Source


class Choices(TypedDict, total=False):
    """Settings that may be chosen; what is left out is as for an installation (`.env.example`)."""

    retry_schedule: tuple[float, ...]
    handler_timeout_seconds: float
    handler_processes: int
    retention_seconds: float
    max_body_bytes: int


@dataclass(slots=True, kw_only=True)
class Hooks:
    """The receiving side within somebody's app: what `webhooks.flask.receiver_blueprint` takes."""

    receiver: Receiver
    store: RedisStore
    runtime: Runtime
    counts: FlowCounts
    _prepared: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def prepare(self) -> None:
        """Before a process receives first: its handlers hear their sources. Raises Unavailable."""
        if self._prepared:
            return
        with self._lock:
            if not self._prepared:
                self.runtime.registrar.register_all()
                CountFlusher(self.counts, self.store).start()
                self._prepared = True


def register(
    app: Celery,
    *,
    redis_url: str,
    secret_keys: Sequence[str],
    sources: Sequence[Source],
    handlers: str = "",
    **chosen: Unpack[Choices],
) -> Hooks:
    """The app's workers run the handlers from now on, and look after what waits; nothing is connected to yet.

    `redis_url` is a database of our own, not the broker's; `secret_keys` are Fernet keys, `handlers` a module to be
    imported. Their queue, `handlers`, is added to those that a worker serves. Call it once the app is configured.
    Raises SettingsError for a handlers module that cannot be imported.
    """
    settings = Settings(
        redis_url=redis_url,
        broker_url="",
        api_key="",
        secret_keys=tuple(secret_keys),
        sources=tuple(sources),
        handlers=handlers,
        **chosen,
    )
    runtime = build(app, settings, lanes=(Lane.HANDLERS,))
    tasks.register(app, runtime)
    app.steps["worker"].add(stager_step(runtime))
    _serve(app, Lane.HANDLERS.value)
    return _hooks(runtime)


def _hooks(runtime: Runtime) -> Hooks:
    counts, store = FlowCounts(), runtime.store
    receiver = Receiver(
        sources=KnownSources(runtime.settings.sources, store, monotonic=time.monotonic),
        intake=Intake(store, runtime.queue),
        events=store,
        turns=store,
        clock=runtime.attempting.clock,
        counts=counts,
        most_bytes=runtime.settings.max_body_bytes,
    )
    return Hooks(receiver=receiver, store=store, runtime=runtime, counts=counts)


def _serve(app: Celery, name: str) -> None:
    """A worker without `-Q` serves the app's own queues and this one; beat, if any, keeps the indexes short."""
    present = list(app.conf.task_queues or [Queue(app.conf.task_default_queue)])  # type: ignore[no-untyped-call]
    trim = {"task": TRIM, "schedule": TRIM_EVERY_SECONDS, "options": {"queue": name}}
    app.conf.beat_schedule = {**(app.conf.beat_schedule or {}), TRIM: trim}
    if all(queue.name != name for queue in present):
        app.conf.task_queues = [*present, Queue(name)]  # type: ignore[no-untyped-call]
