"""The check that a starting process makes of the store's schema version."""

import os
import signal
import threading
from collections.abc import Callable

import structlog

from webhooks import migrating
from webhooks.errors import Unavailable
from webhooks.migrating import SchemaMismatch
from webhooks.ports import SchemaStore
from webhooks.settings import SettingsError

TRY_EVERY_SECONDS = 1.0

log = structlog.get_logger()


def end_process() -> None:
    """This process is asked to end, as its supervisor would; started again, it refuses."""
    os.kill(os.getpid(), signal.SIGTERM)


def check_at_start(store: SchemaStore, *, end: Callable[[], None] = end_process) -> threading.Thread | None:
    """Nothing where the store's data is of our version. Raises SettingsError where it is not.

    A store that does not answer is no reason not to start: the thread that comes back goes on asking, and ends the
    process when the answer is a wrong version.
    """
    try:
        migrating.check(store)
    except SchemaMismatch as error:
        raise SettingsError([str(error)]) from None
    except Unavailable as error:
        log.warning("schema.unchecked", why=str(error))
        thread = threading.Thread(target=_ask_on, args=(store, end), name="hookline-schema", daemon=True)
        thread.start()
        return thread
    return None


def _ask_on(store: SchemaStore, end: Callable[[], None]) -> None:
    pause = threading.Event()
    while True:
        pause.wait(TRY_EVERY_SECONDS)
        try:
            migrating.check(store)
        except Unavailable:
            continue
        except SchemaMismatch as error:
            log.critical("schema.mismatch", why=str(error))
            end()
        return
