"""The handlers module of this installation, loaded."""

import importlib
import threading
from collections.abc import Callable, Iterable

import structlog

from webhooks import handlers, processing
from webhooks.errors import Unavailable
from webhooks.handlers import Handlers
from webhooks.ports import EndpointStore
from webhooks.settings import SettingsError

VARIABLE = "HOOKLINE_HANDLERS"
TRY_EVERY_SECONDS = 1.0

log = structlog.get_logger()


def load(module_path: str) -> Handlers:
    """The registry with what the module registered; an empty one where no module is named.

    Raises SettingsError when it cannot be imported, or registers nothing: then a name is mistyped.
    """
    if not module_path:
        return Handlers()
    try:
        importlib.import_module(module_path)
    except Exception as error:
        problem = (
            f"{VARIABLE}={module_path} cannot be imported: {type(error).__name__}: {error}; "
            "name a module as Python does, such as examples.invoices, and start where it can be found"
        )
        raise SettingsError([problem]) from error
    if not list(handlers.default):
        raise SettingsError([f"{VARIABLE}={module_path} registers no handler with @handlers.on(…)"])
    return handlers.default


class Registrar(threading.Thread):
    """Gives the handlers their endpoints as soon as the store answers."""

    def __init__(
        self, store: EndpointStore, registry: Handlers, names: Callable[[], Iterable[str]], *, timeout_seconds: float
    ) -> None:
        super().__init__(name="hookline-registrar", daemon=True)
        self._store, self._registry = store, registry
        self._names, self._timeout_seconds = names, timeout_seconds
        self._pause = threading.Event()

    def run(self) -> None:
        """Until it has been done once, for all sources that there are then."""
        while True:
            try:
                self.register_all()
            except Unavailable as error:
                log.warning("handlers.unregistered", why=str(error))
                self._pause.wait(TRY_EVERY_SECONDS)
            else:
                return

    def register_all(self) -> None:
        """The handlers hear all sources that there are now. Raises Unavailable."""
        self.register(self._names())

    def register(self, sources: Iterable[str]) -> None:
        """The handlers hear these sources from now on. Raises Unavailable."""
        processing.register(self._store, self._registry, sources, timeout_seconds=self._timeout_seconds)
