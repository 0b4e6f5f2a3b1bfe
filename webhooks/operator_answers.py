"""What operators ask of the store and are answered: values that cross the seams of `operator_ports.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyQuery:
    """What to list: one tenant's API keys, or all of the installation where `tenant` is None; newest first."""

    tenant: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """What to list of the audit log: one tenant's part, or all of it where `tenant` is None; newest first."""

    tenant: str | None = None
    key_id: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantQuery:
    """What to list: tenants, by name."""

    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long a tenant's events are kept after they are finished."""

    seconds: float | None = None
    """None: as long as the installation keeps events."""
    by_type: Mapping[str, float] = field(default_factory=dict)
    """Event types that are kept for another time than the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A tenant and how much it has."""

    id: str
    endpoints_count: int
    events_count: int
    unfinished_count: int
    delivered_count: int
    failed_count: int
    retention: Retention


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """The deletion of a tenant and how far it is, in keys, endpoints and events."""

    tenant: str
    state: str
    """running or done."""
    total: int
    done: int
    started_at: datetime
    finished_at: datetime | None = None
