"""Answers for people, as tables, and for programs, as JSON."""

import itertools
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

COLOURS = {
    "delivered": "green",
    "done": "green",
    "exhausted": "red",
    "failed": "red",
    "cancelled": "yellow",
    "skipped": "yellow",
    "retrying": "yellow",
    "sending": "cyan",
    "pending": "cyan",
    "running": "cyan",
}
NOTHING = "—"
WHOLE = frozenset({"id", "status"})
SECONDS = len("2026-11-25T09:00:00")
"""As much of a time as a person reads; all times are UTC."""


@dataclass(frozen=True, slots=True)
class Show:
    """Shows what there is; `console` is None where a program reads."""

    console: Console | None

    @classmethod
    def on_stdout(cls, *, as_json: bool) -> "Show":
        """Tables on a terminal, JSON everywhere else and where it is asked for."""
        return cls(None if as_json or not on_a_terminal() else Console(highlight=False))

    def one(self, thing: Mapping[str, Any], *, hidden: Sequence[str] = ()) -> None:
        """One thing, each of its fields on a line."""
        if self.console is None:
            click.echo(json.dumps(thing, indent=2, ensure_ascii=False))
            return
        grid = Table.grid(padding=(0, 2))
        for name, value in thing.items():
            if name not in hidden:
                grid.add_row(Text(name.replace("_", " "), style="dim"), cell(value, field=name))
        self.console.print(grid)

    def many(self, things: Iterable[Mapping[str, Any]], columns: Sequence[str], *, limit: int) -> None:
        """The first `limit` of them: a table, or one JSON document a line."""
        chosen = itertools.islice(things, limit)
        if self.console is None:
            for thing in chosen:
                click.echo(json.dumps(thing, ensure_ascii=False))
            return
        rows = [[cell(thing.get(name), field=name) for name in columns] for thing in chosen]
        self.console.print(_table(columns, rows) if rows else Text("nothing there", style="dim"))

    def done(self, line: str, thing: Mapping[str, Any] | None = None) -> None:
        """That something was done: a line for people, the answer for programs."""
        if self.console is None:
            click.echo(json.dumps(thing or {}, ensure_ascii=False))
        else:
            self.console.print(line, markup=False)


def _table(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> Table:
    """Long values are folded; ids never, so that they can be copied, and no status."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for number, name in enumerate(columns):
        whole = max(len(row[number]) for row in rows) if name in WHOLE else None
        title = name.removesuffix("_count").replace("_", " ")
        table.add_column(title, overflow="fold", min_width=whole, no_wrap=whole is not None)
    for row in rows:
        table.add_row(*row)
    return table


def on_a_terminal() -> bool:
    """Whether a person reads what is written."""
    return sys.stdout.isatty()


def cell(value: Any, *, field: str = "") -> Text:
    """A value as a person reads it; it is text, never markup."""
    if value is None or value in ("", [], {}):
        return Text(NOTHING, style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if field == "at" or field.endswith("_at"):
        return Text(str(value)[:SECONDS].replace("T", " "))
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return Text(", ".join(map(str, value)))
    if isinstance(value, list | dict):
        return Text(json.dumps(value, ensure_ascii=False))
    style = COLOURS.get(str(value), "") if field in {"status", "outcome"} else ""
    return Text(str(value), style=style)
