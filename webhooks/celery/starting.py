"""What a process looks at before it begins: can this store be used, and with these keys?"""

import os
import threading
from collections.abc import Callable

import structlog

from webhooks import migrating
from webhooks.errors import Unavailable
from webhooks.migrating import SchemaMismatch
from webhooks.settings import SettingsError
from webhooks.upkeep_ports import VitalsStore

TRY_EVERY_SECONDS = 1.0
CANNOT_LOAD = 4
"""The exit code with which a process of gunicorn ends them all, so that its supervisor starts anew."""

log = structlog.get_logger()


def check_store(store: VitalsStore) -> bool:
    """Whether the store answered; then what should be known about it is logged. Raises SettingsError."""
    try:
        concerns = store.examine()
        migrating.check(store)
    except SchemaMismatch as error:
        raise SettingsError([str(error)]) from None
    except Unavailable as error:
        log.warning("store.awaited", why=str(error))
        return False
    for concern in concerns:
        log.warning("store.unsafe", why=concern)
    return True


def wait_for_store(store: VitalsStore, *, between_tries: Callable[[], None]) -> None:
    """The store has answered and can be used. Raises SettingsError, and what `between_tries` raises to give up."""
    pause = threading.Event()
    while not check_store(store):
        between_tries()
        pause.wait(TRY_EVERY_SECONDS)


def check_store_in_background(store: VitalsStore) -> None:
    """A server starts also while the store is away; should it prove unusable later, the process ends."""

    def check() -> None:
        try:
            wait_for_store(store, between_tries=lambda: None)
        except SettingsError as error:
            log.critical("store.unusable", why=str(error))
            os._exit(CANNOT_LOAD)

    threading.Thread(target=check, name="hookline-store-check", daemon=True).start()
