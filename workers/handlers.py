"""The handlers module of this installation, loaded."""

import importlib

from webhooks import handlers
from webhooks.handlers import Handlers
from webhooks.settings import SettingsError

VARIABLE = "HOOKLINE_HANDLERS"


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
