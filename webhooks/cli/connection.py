"""What every command that calls the API shares: where it is, with which key, and how answers are shown."""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from webhooks.cli.keys import FILE, kept_keys
from webhooks.cli.showing import Show
from webhooks.client import Hookline, NoAnswer, Refused
from webhooks.client.hookline import DEFAULT_URL

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The API on one side, the person or program on the other."""

    client: Hookline
    show: Show


class Failed(click.ClickException):
    """The API refused, or the work failed; 2 is click's own code, for a command that is used wrongly."""

    exit_code = 1


class Unanswered(click.ClickException):
    """The API could not be reached."""

    exit_code = 3


class Disappointed(click.ClickException):
    """What was asked about is not so: a signature is wrong, a delivery did not arrive."""

    exit_code = 4


def connected(command: Command, *, when: str | None = None) -> Any:
    """Gives the command a `Terminal` before its own arguments, and the options that make one.

    With `when`, it calls the API only where that option is set, and needs no key elsewhere.
    """

    @click.option("--api-url", help=f"Where the API is; else HOOKLINE_URL, else {DEFAULT_URL}.")
    @click.option("--api-key", help="The API key; else HOOKLINE_API_KEY, else that of the data folder's keys.env.")
    @click.option("--json", "as_json", is_flag=True, help="JSON, as it also is when the output is no terminal.")
    @functools.wraps(command)
    def run(*arguments: Any, api_url: str | None, api_key: str | None, as_json: bool, **options: Any) -> Any:
        environ = os.environ  # noqa: TID251 - the composition root of the commands
        key = api_key or _key(environ, needed=when is None or bool(options[when]))
        client = Hookline(api_url or environ.get("HOOKLINE_URL") or DEFAULT_URL, key)
        try:
            return command(Terminal(client=client, show=Show.on_stdout(as_json=as_json)), *arguments, **options)
        except Refused as error:
            raise Failed(_told(error)) from None
        except NoAnswer as error:
            raise Unanswered(f"{error}; is Hookline running there?") from None

    return run


def given(**fields: Any) -> dict[str, Any]:
    """The options that were given, as JSON has them."""
    present = {name: value for name, value in fields.items() if value is not None and value != ()}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in present.items()}


def _key(environ: Mapping[str, str], *, needed: bool) -> str:
    key = environ.get("HOOKLINE_API_KEY")
    if key:
        return key
    folder = Path(environ.get("HOOKLINE_DATA_DIR") or "./var")
    found = kept_keys(folder).get("HOOKLINE_API_KEY")
    if not found and needed:
        raise click.UsageError(f"no API key: set HOOKLINE_API_KEY, give --api-key, or run where {folder / FILE} is")
    return found or ""


def _told(error: Refused) -> str:
    by_field = [f"  {name}: {', '.join(messages)}" for name, messages in error.errors.items()]
    return "\n".join([f"{error.detail or error.code} ({error.status} {error.code})", *by_field])
