"""What Flower is started with: `celery -A workers.app flower --conf=workers/flower_config.py`."""

from typing import Any

from celery import states

read_only = True
persistent = False
tasks_columns = "name,uuid,state,args,result,received,started,runtime,worker"


def format_task(task: Any) -> Any:
    """Flower's copy of a task, without its last retry's reason once the delivery has succeeded."""
    if task.state == states.SUCCESS:
        task.exception = None
        task.traceback = None
    return task
