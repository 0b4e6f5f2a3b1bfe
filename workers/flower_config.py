"""What Flower is started with: `celery -A workers.app flower --conf=workers/flower_config.py`."""

import os
from typing import Any

from celery import states

_login = os.environ.get("HOOKLINE_FLOWER_LOGIN", "").strip()  # noqa: TID251 - Celery's app has judged it by now

read_only = True
persistent = False
basic_auth = [_login] if _login else []
tasks_columns = "name,uuid,state,args,result,received,started,runtime,worker"


def format_task(task: Any) -> Any:
    """Flower's copy of a task, without its last retry's reason once the delivery has succeeded."""
    if task.state == states.SUCCESS:
        task.exception = None
        task.traceback = None
    return task
