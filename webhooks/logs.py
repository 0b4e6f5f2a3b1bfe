"""Logs: structlog everywhere, standard library records rendered through it; JSON unless a person looks on."""

import logging
import re
import sys
from functools import lru_cache
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SECRET_NAMES = re.compile(r"secret|password|authorization|cookie|api_key|token|signature", re.IGNORECASE)
SECRET_TEXTS = re.compile(r"(whsec_|hl_|Bearer )[A-Za-z0-9+/=_~.-]{8,}|(?<=://)[^/\s@]+(?=@)")
SECRET_MARKS = ("whsec_", "hl_", "Bearer ", "://")
"""One of them stands in each text that has such a secret; to look for them is a tenth of the work."""
QUIET = {
    "celery.app.trace": logging.WARNING,  # each attempt has a line of ours
    "celery.worker.strategy": logging.WARNING,
    "urllib3": logging.ERROR,  # its warnings name paths and queries
}
TAKEN_OVER = ("gunicorn.error", "gunicorn.access")


def configure(log_format: str = "auto", *, stream: TextIO | None = None) -> None:
    """Everything logged from now on goes to `stream` (standard error) as `auto`, `json` or `console`."""
    out = stream or sys.stderr
    rendering = _rendering(log_format, to_person=out.isatty())
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *_STAMPING, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_STAMPING],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    _route(handler)


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """The entry with `***` for what is a secret by its name, or looks like one within a text."""
    secret = _secret_names(tuple(event))
    texts = "\n".join(value for value in event.values() if isinstance(value, str))
    if not secret and not any(mark in texts for mark in SECRET_MARKS):
        return event
    return {name: "***" if name in secret else _hidden(value) for name, value in event.items()}


@lru_cache(maxsize=1024)
def _secret_names(names: tuple[str, ...]) -> frozenset[str]:
    """Those of the names that say that a secret follows; each place that logs has few sets of names."""
    return frozenset(filter(SECRET_NAMES.search, names))


def _hidden(value: Any) -> Any:
    if isinstance(value, str):
        return SECRET_TEXTS.sub(lambda match: f"{match[1] or ''}***", value)
    return value


_STAMPING: list[Processor] = [
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _rendering(log_format: str, *, to_person: bool) -> list[Processor]:
    """Tracebacks become text before secrets are looked for, so that none hides in them."""
    hiding: list[Processor] = [structlog.processors.format_exc_info, hide_secrets]
    if log_format == "console" or (log_format == "auto" and to_person):
        return [*hiding, structlog.dev.ConsoleRenderer(colors=to_person)]
    return [*hiding, structlog.processors.JSONRenderer(serializer=_json)]


def _json(entry: EventDict, **_: Any) -> str:
    return msgspec.json.encode(entry, enc_hook=str).decode()


def _route(handler: logging.Handler) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)
    for name in TAKEN_OVER:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
