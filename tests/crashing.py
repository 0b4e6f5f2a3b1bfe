"""Processes that die, or stop, at a point that a test names: `celery -A tests.crashing`, `gunicorn tests.crashing:api`.

`CRASH_AT` is a comma list of `<method of store or queue>:<before|after>:<signal>`; each point acts once ever, of all
processes that share the folder `CRASH_MARKS`. `CLOCK_SHIFT` moves this process's clock by so many seconds;
`VISIBILITY_SECONDS` is kombu's visibility timeout.
"""

import os
import signal
import threading
from datetime import timedelta
from functools import partial
from pathlib import Path

from api import wsgi
from api.app import create_app
from webhooks.adapters.clock import local_now
from webhooks.adapters.redis_store import RedisStore
from webhooks.answers import Claim, Staged
from webhooks.celery.queue import CeleryQueue
from webhooks.celery.runtime import build
from workers.app import make_app, settings_from_environment

POINTS = dict(point.split(":", 1) for point in os.environ.get("CRASH_AT", "").split(",") if point)


def shifted_now():
    return local_now() + timedelta(seconds=float(os.environ.get("CLOCK_SHIFT", "0")))


def mattered(answer):
    """Whether the call did anything: a stager's look at nothing is no point to die at."""
    if isinstance(answer, Claim):
        return answer.won
    if isinstance(answer, Staged):
        return answer.moved > 0
    return not isinstance(answer, (tuple, list)) or bool(answer)


def act(name, how):
    """Send this thread the signal, so that it does no step more, unless that point has had its turn."""
    try:
        os.close(os.open(Path(os.environ["CRASH_MARKS"]) / name, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return
    signal.pthread_kill(threading.get_ident(), signal.Signals[f"SIG{how}"])


def crashing(name, method):
    when, how = POINTS[name].split(":")

    def call(*args, **options):
        if when == "before" and (name != "publish" or args[0]):
            act(name, how)
        answer = method(*args, **options)
        if when == "after" and mattered(answer):
            act(name, how)
        return answer

    return call


class Crashing:
    """Every method that is a point is wrapped."""

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        return crashing(name, found) if name in POINTS else found


class CrashingStore(Crashing, RedisStore):
    """The real store."""


class CrashingQueue(Crashing, CeleryQueue):
    """The real queue."""


KINDS = {"store_kind": CrashingStore, "queue_kind": CrashingQueue}


def __getattr__(name):
    """Made when asked for, so that a worker does not make an API."""
    if name == "app":
        app = make_app(settings_from_environment(), build=partial(build, **KINDS, local_now=shifted_now))
        if seconds := os.environ.get("VISIBILITY_SECONDS"):
            app.conf.broker_transport_options |= {"visibility_timeout": float(seconds)}
        return app
    if name == "api":
        return create_app(wsgi.build(os.environ, **KINDS))
    raise AttributeError(name)
