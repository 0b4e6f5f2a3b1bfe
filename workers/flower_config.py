"""What Flower is started with: `celery -A workers.app flower --conf=workers/flower_config.py`."""

import os
from typing import Any

from celery import states

from webhooks.celery.queue import DELIVER, PROCESS

_login = os.environ.get("HOOKLINE_FLOWER_LOGIN", "").strip()  # noqa: TID251 - Celery's app has judged it by now

read_only = True
persistent = False
basic_auth = [_login] if _login else []
_pages = os.environ.get("HOOKLINE_PAGES_URL", "").strip().rstrip("/")  # noqa: TID251 - alike
_port = os.environ.get("HOOKLINE_PORT", "").strip() or "8000"  # noqa: TID251 - alike
tasks_columns = "name,uuid,state,args,result,received,started,runtime,worker"


def format_task(task: Any) -> Any:
    """Flower's copy of a task with the address of the delivery's page, and a past retry's reason no more.

    Our messages have no keyword arguments, so their row is free for it; as text, for Flower links to nothing else.
    """
    if task.name in (DELIVER, PROCESS):
        task.kwargs = f"{_pages or f'http://127.0.0.1:{_port}'}/ui/deliveries/{task.uuid}"
    if task.state == states.SUCCESS:
        task.exception = None
        task.traceback = None
    return task
