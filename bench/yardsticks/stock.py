"""The barest Celery task that POSTs: a pooled session, a signature, no state, default transport settings."""

import hashlib
import hmac
import os
import time

import requests
from celery import Celery

app = Celery("stock", broker=os.environ["STOCK_BROKER"])
app.conf.update(task_ignore_result=True, worker_send_task_events=False, task_default_queue="stock")
session = requests.Session()
session.trust_env = False
adapter = requests.adapters.HTTPAdapter(pool_maxsize=200)
session.mount("http://", adapter)


@app.task
def post(url: str, message_id: str, body: str) -> None:
    """Sign and send, and raise for an error."""
    timestamp = str(int(time.time()))
    signed = hmac.new(b"secret", f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp, "webhook-signature": signed}
    session.post(url, data=body.encode(), headers=headers, timeout=15).raise_for_status()


def fill(url: str, count: int, size: int) -> None:
    """Queue so many posts of `size` bytes."""
    with app.producer_or_acquire() as producer:
        for number in range(count):
            post.apply_async((url, str(number), "x" * size), producer=producer)
