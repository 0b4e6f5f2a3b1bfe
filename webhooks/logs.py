"""Logs: structlog everywhere, the records of other libraries rendered through it; JSON where nobody looks on."""

import logging
import sys
from typing import Any, TextIO

import structlog

NOISY = ("kombu", "amqp", "urllib3", "celery.redirected", "celery.worker.strategy", "celery.app.trace")
"""Celery's lines for each task say what our one line for each attempt says better."""


def configure(form: str = "auto", *, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """From now on everything that is logged is one line on `stream` (stderr); `form` is auto, json or console."""
    out = stream or sys.stderr
    as_json = form == "json" or (form == "auto" and not out.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Any] = [structlog.dev.ConsoleRenderer()]
    if as_json:
        last = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=True,
    )
    _adopt_stdlib(shared, last, level=level, out=out)


def _adopt_stdlib(shared: list[Any], last: list[Any], *, level: int, out: TextIO) -> None:
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
