"""The ordering key of a received event for one handler: what stands at the path that the handler names."""

import hashlib
import re
from functools import cached_property
from typing import Any

from webhooks import payload
from webhooks.errors import InvalidRequest
from webhooks.model import Event
from webhooks.schemes.scheme import member, text

LONGEST_KEY_BYTES = 64
"""A longer one would cost a delivery's hash its compact encoding: a digest stands for it."""
_PATH = re.compile(r"[^.\s]+(\.[^.\s]+)*")


def check_path(path: str) -> None:
    """Nothing for names of nested members with dots between them; else raises ValueError."""
    if len(path) > 256 or not _PATH.fullmatch(path):  # noqa: PLR2004 - plenty
        raise ValueError("an ordering key is the path of a member of the body, such as data.invoice.id")


class Content:
    """What an event's body says, parsed when it is first asked."""

    def __init__(self, event: Event) -> None:
        self._event = event

    def key_at(self, path: str | None) -> str | None:
        """The text or number that stands at the path; None where there is neither, and for no path."""
        found = text(member(self._document, *path.split("."))) if path else None
        if found is None or len(found.encode()) <= LONGEST_KEY_BYTES:
            return found
        return hashlib.sha256(found.encode()).hexdigest()

    @cached_property
    def _document(self) -> Any:
        try:
            return payload.parse_received(self._event.body)
        except InvalidRequest:
            return None
