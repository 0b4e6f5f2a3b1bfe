"""In development: the handlers module is loaded anew when its file has changed, without a restart."""

import importlib
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import structlog

from webhooks.errors import Unavailable
from webhooks.handlers import Handlers

LOOK_EVERY_SECONDS = 1.0

Stamp = tuple[int, int]

log = structlog.get_logger()


class Reloader:
    """Watches the handlers module and the modules within it; each process has its own."""

    def __init__(self, module_path: str, registry: Handlers) -> None:
        self._path = module_path
        self._registry = registry
        self._seen = self._stamps()

    def refresh(self) -> bool:
        """Whether something had changed; then the registry holds what the files say now.

        Code that cannot be loaded is logged, and the handlers stay as they were until the file changes again.
        """
        found = self._stamps()
        if found == self._seen:
            return False
        self._seen = found
        try:
            with self._registry.replaced():
                for module in self._modules():
                    importlib.reload(module)
        except Exception:
            log.exception("handlers.not_reloaded", module=self._path)
            return False
        log.info("handlers.reloaded", module=self._path, handlers=[handler.name for handler in self._registry])
        return True

    def _modules(self) -> list[ModuleType]:
        """Those within it first, since it imports from them."""
        names = [name for name in sys.modules if name == self._path or name.startswith(self._path + ".")]
        return [sys.modules[name] for name in sorted(names, key=lambda name: -name.count("."))]

    def _stamps(self) -> Mapping[str, Stamp]:
        files = [module.__file__ for module in self._modules() if module.__file__]
        return {name: stamp for name in files if (stamp := _stamp(Path(name)))}


def _stamp(path: Path) -> Stamp | None:
    """None while an editor has it in its hands."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class ReloadWatch(threading.Thread):
    """Looks each second, so that a new handler hears its events before one of the old ones has run."""

    def __init__(self, reloader: Reloader, register_all: Callable[[], None]) -> None:
        super().__init__(name="hookline-reload", daemon=True)
        self._reloader, self._register_all = reloader, register_all
        self._pause = threading.Event()

    def run(self) -> None:
        """As long as the process lives."""
        unregistered = False
        while not self._pause.wait(LOOK_EVERY_SECONDS):
            unregistered = self._reloader.refresh() or unregistered
            if unregistered:
                unregistered = not self._registered()

    def _registered(self) -> bool:
        try:
            self._register_all()
        except Unavailable as error:
            log.warning("handlers.unregistered", why=str(error))
            return False
        return True
