"""The keys that `make up` makes once: `keys.env` in the data folder, readable by its owner only."""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.fernet import Fernet

from webhooks import signing

FILE = "keys.env"
SECRET_BYTES = 32


def keys_of(folder: Path) -> dict[str, str]:
    """The keys in the folder, made now where they are missing; kept with mode 0600."""
    path = folder / FILE
    kept = _read(path)
    missing = {name: value for name, value in _new_keys().items() if name not in kept}
    if missing:
        keys = {**kept, **missing}
        _write(path, keys)
        return keys
    return kept


def _new_keys() -> dict[str, str]:
    return {
        "HOOKLINE_API_KEY": "hl_" + secrets.token_urlsafe(32),
        "HOOKLINE_SECRET_KEY": Fernet.generate_key().decode(),
        "HOOKLINE_SOURCE_DEFAULT_SECRET": signing.generate_secret(secrets.token_bytes(SECRET_BYTES)),
    }


def kept_keys(folder: Path) -> dict[str, str]:
    """The keys in the folder, none where there are none yet."""
    return _read(folder / FILE)


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.strip() for line in path.read_text().splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {name: value for name, _, value in pairs}


def _write(path: Path, keys: Mapping[str, str]) -> None:
    """Beside the old file first, so that a crash leaves one or the other."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("# Made by `make up`. Losing the secret key loses the endpoints' signing secrets.\n")
        file.writelines(f"{name}={value}\n" for name, value in keys.items())
    fresh.replace(path)
