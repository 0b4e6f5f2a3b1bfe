"""What options take beyond texts and numbers, and the options that many commands share."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import click

from webhooks.cli.connection import Command
from webhooks.source_variables import read_rate


class Read(click.ParamType):  # type: ignore[type-arg]
    """An option that is written as settings are: `30d`, `2KiB`, `100/1s`."""

    def __init__(self, name: str, reader: Callable[[str], Any]) -> None:
        self.name = name
        self._reader = reader

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The value; fails with what to write instead."""
        if not isinstance(value, str):
            return value
        try:
            return self._reader(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def json_of(text: str) -> Any:
    """The value of a JSON text; raises ValueError, also for NaN and 1E400, which Python reads all the same."""
    try:
        found = json.loads(text)
        json.dumps(found, allow_nan=False)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return found


def _pair(text: str) -> tuple[str, str]:
    name, found, content = text.partition("=")
    if not found or not name:
        raise ValueError(f"{text!r} is not NAME=VALUE")
    return name, content


def _delays(text: str) -> list[float] | str:
    if text == "default":
        return text
    try:
        return [float(each) for each in text.split(",") if each.strip()]
    except ValueError:
        raise ValueError(f"{text!r} is no comma list of seconds such as 5,300,1800") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = json_of(text)
    except ValueError as error:
        raise ValueError(f"is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("must be a JSON object")  # noqa: TRY004 - click's readers raise ValueError
    return found


PAIR = Read("NAME=VALUE", _pair)
DELAYS = Read("SECONDS,…", _delays)
RATE = Read("LIMIT/DURATION", lambda text: asdict(read_rate(text)))
OBJECT = Read("JSON", _object)

MOMENT = "As RFC 3339, such as 2026-11-25T09:00:00Z."


def of_tenant(command: Command) -> Command:
    """The option `--tenant` of a command that looks at one tenant."""
    return click.option("--tenant", help="Whose; else the key's own tenant, else `default`.")(command)


def between(command: Command) -> Command:
    """The options `--since` and `--until`."""
    command = click.option("--until", help="Before then.")(command)
    return click.option("--since", help=f"From then on. {MOMENT}")(command)


def at_most(number: int) -> Callable[[Command], Command]:
    """The option `--limit` with that default."""
    limit = click.IntRange(min=0)
    return click.option("--limit", type=limit, default=number, show_default=True, help="How many to show at most.")


def resettable(fields: Mapping[str, str]) -> Callable[[Command], Command]:
    """The option `--reset`, which gives the command the API's names of the fields that go back to their default."""
    told = f"Back to its default; may be repeated: {', '.join(fields)}."

    def renamed(_ctx: click.Context, _option: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(fields[name] for name in names)

    choice = click.Choice(list(fields))
    return click.option("--reset", multiple=True, type=choice, metavar="NAME", help=told, callback=renamed)
