"""`hookline migrate`: what is stored is brought to this version."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from webhooks.cli.keys import FILE, keys_of
from webhooks.cli.obstacles import REDIS_PORT_FILE
from webhooks.errors import Unavailable
from webhooks.settings import Settings, SettingsError


@click.command(
    help="Bring what is stored to this version; make a backup first, and stop all else.",
    short_help="Bring what is stored to this version.",
)
def migrate() -> None:
    """Exit code 0 where the store has the version of this code, else 1 with a line that says what to do."""
    # here, since it would keep every other command waiting
    from webhooks import migrating  # noqa: PLC0415
    from webhooks.adapters.encryption import Cipher  # noqa: PLC0415
    from webhooks.adapters.redis_store import RedisStore  # noqa: PLC0415

    try:
        settings = settings_of(os.environ)  # noqa: TID251 - the composition root of the command
        store = RedisStore.from_url(settings.redis_url, cipher=Cipher(settings.secret_keys))
        steps = migrating.migrate(store, tell=click.echo)
    except (SettingsError, migrating.SchemaMismatch, Unavailable) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The store is at schema version {migrating.SCHEMA_VERSION}; {steps} step(s) were run.")


def settings_of(environ: Mapping[str, str]) -> Settings:
    """The settings; without HOOKLINE_REDIS_URL those of the server that `make up` runs. Raises SettingsError."""
    given = {name: value for name, value in environ.items() if value.strip()}
    data = Path(given.get("HOOKLINE_DATA_DIR", "./var"))
    kept = keys_of(data) if (data / FILE).exists() else {}
    port = data / REDIS_PORT_FILE
    if port.exists():
        kept["HOOKLINE_REDIS_URL"] = f"redis://127.0.0.1:{port.read_text(encoding='ascii').strip()}/0"
    return Settings.from_env({**kept, **given})
