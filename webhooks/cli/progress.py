"""Background work, followed to its end."""

import time
from collections.abc import Mapping
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from webhooks.cli.connection import Failed, Terminal

LOOK_EVERY_SECONDS = 0.5
RUNNING = "running"


def follow(terminal: Terminal, record: Mapping[str, Any], *, wait: bool) -> None:
    """The record is shown, after its work is over where that is waited for; a failed one ends with exit code 1."""
    ended = _ended(terminal, record) if wait and record.get("status") == RUNNING else record
    terminal.show.one(ended)
    if ended.get("status") == "failed":
        raise Failed("the work failed; start it again")


def _ended(terminal: Terminal, record: Mapping[str, Any]) -> Mapping[str, Any]:
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=terminal.show.console,
        disable=terminal.show.console is None,
        transient=True,
    )
    with bar:
        task = bar.add_task(str(record["id"]), total=record.get("total") or None)
        while record["status"] == RUNNING:
            time.sleep(LOOK_EVERY_SECONDS)
            record = terminal.client.recoveries.get(record["id"])
            bar.update(task, completed=record["done"], total=record["total"] or None)
    return record
