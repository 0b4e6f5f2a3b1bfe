"""The same for a server that is somebody's own; apart, since what it imports would keep every other start waiting."""

import redis

from webhooks import migrating
from webhooks.adapters.encryption import Cipher
from webhooks.adapters.redis_client import open_client
from webhooks.adapters.redis_store import RedisStore
from webhooks.cli.obstacles import CannotStart
from webhooks.errors import Unavailable
from webhooks.migrating import SchemaMismatch
from webhooks.settings import Settings, without_password


def check_store(settings: Settings) -> None:
    """Nothing when what is stored is of this version and these keys open it. Raises CannotStart, SettingsError."""
    store = RedisStore.from_url(settings.redis_url, cipher=Cipher(settings.secret_keys))
    try:
        migrating.check(store)
        store.examine()
    except (SchemaMismatch, Unavailable) as error:
        raise CannotStart(str(error)) from None


def check_server(url: str) -> None:
    """Nothing when that server answers. Raises CannotStart."""
    try:
        with open_client(url) as server:
            server.ping()
    except redis.RedisError as error:
        raise CannotStart(
            f"HOOKLINE_REDIS_URL={without_password(url)} does not answer ({error}); start it, or unset the variable "
            "for an embedded one."
        ) from None
