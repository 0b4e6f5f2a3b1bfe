"""`hookline reencrypt`: secrets in the store are encrypted anew once `HOOKLINE_SECRET_KEY` has a new first key."""

import os

import click

from webhooks.errors import Unavailable
from webhooks.settings import Settings, SettingsError


@click.command(
    help="Encrypt all secrets in the store anew, with the first key of HOOKLINE_SECRET_KEY. "
    "Run it with the new and the old key listed, and the same settings as the workers; then drop the old key.",
    short_help="Encrypt all secrets in the store anew, with the first HOOKLINE_SECRET_KEY.",
)
def reencrypt() -> None:
    """Exit code 0 when the first key opens everything, 1 with a clear line when it could not be done."""
    # here, since it would keep every other command waiting
    from webhooks.adapters.encryption import Cipher, WrongKey  # noqa: PLC0415
    from webhooks.adapters.redis_reencrypting import RedisReencrypting  # noqa: PLC0415
    from webhooks.adapters.redis_store import RedisStore  # noqa: PLC0415

    try:
        settings = Settings.from_env(os.environ)  # noqa: TID251 - the composition root of the command
        store = RedisStore.from_url(settings.redis_url, cipher=Cipher(settings.secret_keys))
        walk = RedisReencrypting(client=store.client, scripts=store.scripts, cipher=store.cipher)
        done = sum(walk.reencrypt())
    except (SettingsError, WrongKey, Unavailable) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"encrypted anew: {done}; the audit log keeps entries under the key that they were made with")
