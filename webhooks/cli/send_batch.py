"""`hookline send-batch`: publish the events of a file."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TextIO

import click
import msgspec
from rich.progress import track

from webhooks.cli.connection import Failed, Terminal, connected
from webhooks.cli.options import json_of
from webhooks.client.shapes import Row

MOST_EVENTS, MOST_CHARACTERS = 1000, 4 * 1024**2
"""Of one call: the API's own bound, and a part of its 16 MiB, whatever the characters."""
COLUMNS = ("line", "status", "id", "said")
ACCEPTED = (200, 202)

Line = tuple[int, str, Mapping[str, Any]]


@click.command("send-batch", help="Publish many events: FILE, or - for standard input, has one as JSON in each line.")
@click.argument("file", type=click.File(encoding="utf-8"))
@connected
def send_batch(terminal: Terminal, *, file: TextIO) -> None:
    """Exit code 0 once all are kept, 1 where some were refused; those of the other lines are kept all the same."""
    parts = list(_parts(_lines(file)))
    bar = track(parts, console=terminal.show.console, disable=terminal.show.console is None, transient=True)
    told = [row for part in bar for row in _published(terminal, part)]
    refused = [row for row in told if row["status"] not in ACCEPTED]
    if terminal.show.console is None:
        terminal.show.many(told, COLUMNS, limit=len(told))
    elif refused:
        terminal.show.many(refused, COLUMNS, limit=len(refused))
    if refused:
        raise Failed(f"{len(refused)} of {len(told)} events were refused; the others are kept")
    if terminal.show.console is not None:
        terminal.show.done(f"{len(told)} events are kept")


def _lines(file: Iterable[str]) -> Iterator[Line]:
    """The events with the number and the text of their line; empty lines are none."""
    for number, text in enumerate(file, start=1):
        if text.strip():
            yield number, text, _parsed(text, number)


def _parsed(text: str, number: int) -> Mapping[str, Any]:
    try:
        event = json_of(text)
    except ValueError as error:
        raise click.BadParameter(f"line {number} is no JSON: {error}", param_hint="FILE") from None
    if not isinstance(event, dict):
        raise click.BadParameter(f'line {number} is no event, such as {{"type": "a.b", "data": 1}}', param_hint="FILE")
    # Every digit of the data as it was written.
    written = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    return {**event, "data": bytes(written["data"])} if "data" in event else event


def _parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """As many of them together as one call takes."""
    part: list[Line] = []
    characters = 0
    for line in lines:
        if part and (len(part) == MOST_EVENTS or characters + len(line[1]) > MOST_CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(line)
        characters += len(line[1])
    if part:
        yield part


def _published(terminal: Terminal, part: list[Line]) -> list[dict[str, Any]]:
    answers = terminal.client.publish_batch([event for _, _, event in part])
    return [_told(number, row) for (number, _, _), row in zip(part, answers, strict=True)]


def _told(number: int, row: Row) -> dict[str, Any]:
    if "event" in row:
        return {"line": number, "status": row["status"], "id": row["event"]["id"], "said": None}
    problem = row["problem"]
    by_field = [f"{name}: {', '.join(messages)}" for name, messages in (problem.get("errors") or {}).items()]
    return {"line": number, "status": row["status"], "id": None, "said": "; ".join(by_field) or problem["detail"]}
