"""Webhooks, sent and received: the domain library of Hookline."""

__version__ = "0.1.0"
