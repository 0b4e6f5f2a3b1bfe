"""A shop that sends: an order is placed, and whoever listens hears of it through Hookline.

HOOKLINE_URL=http://127.0.0.1:8000 HOOKLINE_KEY=… flask --app examples.shop run --port 9000
curl -X POST http://127.0.0.1:9000/orders -H 'Content-Type: application/json' -d '{"order": "o-1", "amount": 4200}'
"""

import os

import requests
from flask import Flask, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
SECONDS = 10


@app.post("/orders")
def place_order() -> ResponseReturnValue:
    """The order is placed, and its event kept by Hookline; the order's id makes repeats harmless."""
    order = request.get_json()
    answer = requests.post(
        os.environ["HOOKLINE_URL"] + "/v1/events",  # noqa: TID251 - a program of its own
        json={"id": f"order-{order['order']}", "type": "order.placed", "data": {"version": 1, **order}},
        headers={"Authorization": f"Bearer {os.environ['HOOKLINE_KEY']}"},  # noqa: TID251
        timeout=SECONDS,
    )
    answer.raise_for_status()
    return {"order": order["order"], "event": answer.json()["id"]}, 201
