"""The audit log: who changed what, when, and how it was before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

State = Mapping[str, Any]
"""A thing as its own address shows it: credentials are masked there, and secrets left out."""

UNREMARKABLE = frozenset({"health", "updated_at", "last_used_at"})
"""What changes by itself."""
COUNTED = "_count"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One call that changed something, or read a secret."""

    action: str
    """The operation of the API, such as `change_endpoint`."""
    target: str | None
    """The id of what was changed."""
    tenant: str | None
    """Whose it is; None where it is the installation's."""
    key_id: str | None
    """None for the installation's own key."""
    key_name: str
    request_id: str
    before: State | None = None
    after: State | None = None
    """Of a change, the fields that differ; of what was made, all; of what was deleted, None."""
    id: str = ""
    """The store gives it."""
    at: datetime | None = field(default=None)


def difference(before: State | None, after: State | None) -> tuple[State | None, State | None]:
    """Both states without what changes by itself; where there are two, only the fields that differ."""
    was, is_now = _remarkable(before), _remarkable(after)
    if was is None or is_now is None:
        return was, is_now
    differing = [name for name in was.keys() | is_now.keys() if was.get(name) != is_now.get(name)]
    return {name: was.get(name) for name in differing}, {name: is_now.get(name) for name in differing}


def _remarkable(state: State | None) -> State | None:
    if state is None:
        return None
    return {name: value for name, value in state.items() if name not in UNREMARKABLE and not name.endswith(COUNTED)}
