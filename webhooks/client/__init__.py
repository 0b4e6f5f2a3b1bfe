"""A client for Python callers: `Hookline(url, key).publish("invoice.paid", {"invoice": "in_1"})`."""

from webhooks.client.calls import NoAnswer, Refused, Trouble
from webhooks.client.hookline import Hookline

__all__ = ["Hookline", "NoAnswer", "Refused", "Trouble"]
