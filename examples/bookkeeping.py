"""A bookkeeping app that receives: its own Flask and Celery apps, with Hookline's receiving side in them.

export BOOKS_REDIS=redis://127.0.0.1:6379 BOOKS_SECRET=whsec_… BOOKS_SECRET_KEY=…
flask --app examples.bookkeeping run --port 9001      # receives at /webhooks/shop
celery -A examples.bookkeeping:celery_app worker      # books
"""

import os

import redis
from celery import Celery
from flask import Flask
from flask.typing import ResponseReturnValue

import webhooks.celery
import webhooks.flask
from examples.books import balances, orders
from webhooks.sources import source

REDIS = os.environ.get("BOOKS_REDIS", "redis://127.0.0.1:6379")  # noqa: TID251 - a program of its own

celery_app = Celery("bookkeeping", broker=f"{REDIS}/1")
hooks = webhooks.celery.register(
    celery_app,
    redis_url=f"{REDIS}/0",
    secret_keys=[os.environ["BOOKS_SECRET_KEY"]],  # noqa: TID251
    sources=[source("shop", secrets=[os.environ["BOOKS_SECRET"]])],  # noqa: TID251
    handlers="examples.books",
)

app = Flask(__name__)
app.register_blueprint(webhooks.flask.receiver_blueprint(hooks))


@celery_app.task
def close_year() -> None:
    """A task of the team's own, beside Hookline's."""


@app.get("/balance")
def balance() -> ResponseReturnValue:
    """What has been booked so far."""
    client = redis.Redis.from_url(f"{REDIS}/2", decode_responses=True)
    return {"balance": balances(client), "orders": orders(client)}
