"""A gunicorn configuration for `hookline up`: modules are imported once, before its processes are forked.

Not for a server that SIGHUP is to give new code (docs/upgrading.md): it would go on with the modules it has.
"""

from importlib import import_module
from typing import Any


def on_starting(server: Any) -> None:
    """Gunicorn's hook before it forks; each process makes an app of its own later."""
    import_module(server.app.app_uri.partition(":")[0])
