"""What a team would write itself before the barest task: a Flask route that queues one for what is posted."""

import os
import uuid

from flask import Flask, request

from bench.yardsticks.stock import post

TARGET = os.environ["STOCK_TARGET"]
app = Flask("stock_api")


@app.post("/v1/events")
def publish() -> tuple[dict[str, str], int]:
    """Queue it and say its id."""
    message_id = str(uuid.uuid4())
    post.delay(TARGET, message_id, request.get_data(as_text=True))
    return {"id": message_id}, 202
