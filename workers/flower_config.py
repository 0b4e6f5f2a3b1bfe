"""Flower's configuration: nothing kept, and a task that succeeded no longer shows why it was retried before."""

from typing import Any

persistent = False
max_tasks = 10_000


def format_task(task: Any) -> Any:
    """The task as a page shows it."""
    if task.state == "SUCCESS":
        task.exception = None
        task.traceback = None
    return task
