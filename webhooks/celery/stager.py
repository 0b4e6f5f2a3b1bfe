"""The stager as a Celery bootstep: a thread in each worker."""

import threading
import time
from pathlib import Path
from typing import Any

import structlog
from celery import bootsteps
from celery.worker.state import maybe_shutdown

from webhooks.celery.reloading import ReloadWatch
from webhooks.celery.runtime import Runtime
from webhooks.celery.starting import wait_for_store
from webhooks.errors import Unavailable

CARE_EVERY_SECONDS = 1.0
SIGN_EVERY_SECONDS = 5.0
"""A stager's mark is old after 30 s, and canaries are due every 10 s."""
PAUSE_AFTER_TROUBLE_SECONDS = 0.5

log = structlog.get_logger()


class StagerThread(threading.Thread):
    """Looks, sleeps until the next thing is due or somebody nudges, and looks again."""

    def __init__(self, runtime: Runtime) -> None:
        super().__init__(name="hookline-stager", daemon=True)
        self._runtime = runtime
        self._stopping = threading.Event()
        self._care_at = 0.0
        self._sign_at = 0.0
        self._show_life_at = 0.0

    def run(self) -> None:
        """Until stopped; whatever goes wrong, it goes on."""
        while not self._stopping.is_set():
            self._runtime.nudge.wait(self._step())
            self.show_life()

    def stop(self) -> None:
        """No look begins after this returns."""
        self._stopping.set()
        self._runtime.nudge.give()
        self.join()

    def show_life(self) -> None:
        """A probe sees that we look; whether the store answers makes no difference, since a restart would not help."""
        alive_file = self._runtime.settings.alive_file
        if not alive_file or time.monotonic() < self._show_life_at:
            return
        self._show_life_at = time.monotonic() + CARE_EVERY_SECONDS
        try:
            Path(alive_file).touch()
        except OSError as error:
            log.warning("alive_file.untouched", file=alive_file, why=error.strerror)

    def _step(self) -> float:
        try:
            looked = self._runtime.stager.look()
            if looked.busy and time.monotonic() >= self._care_at:
                self._care_at = time.monotonic() + CARE_EVERY_SECONDS
                self._runtime.stager.care()
            if time.monotonic() >= self._sign_at:
                self._sign_at = time.monotonic() + SIGN_EVERY_SECONDS
                self._runtime.stager.show_signs()
        except Unavailable as error:
            log.warning("stager.waiting", why=str(error))
            return PAUSE_AFTER_TROUBLE_SECONDS
        except Exception:
            log.exception("stager.failed")
            return PAUSE_AFTER_TROUBLE_SECONDS
        return looked.sleep_seconds


def stager_step(runtime: Runtime) -> type[Any]:
    """The bootstep that runs a stager beside this runtime's worker."""

    class StagerStep(bootsteps.StartStopStep):
        """Starts after the pool and stops before it."""

        requires = ("celery.worker.components:Pool",)

        def create(self, _worker: Any) -> StagerThread:
            runtime.registrar.start()
            if runtime.reloader:
                ReloadWatch(runtime.reloader, runtime.registrar.register_all).start()
            self.thread = StagerThread(runtime)
            return self.thread

        def start(self, worker: Any) -> None:
            """Nothing is consumed, and nothing staged, before the store can be used."""
            wait_for_store(runtime.store, between_tries=self._wait)
            super().start(worker)

        def _wait(self) -> None:
            self.thread.show_life()
            maybe_shutdown()

    return StagerStep
