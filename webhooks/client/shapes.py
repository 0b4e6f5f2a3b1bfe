"""The shapes of answers that callers look into, as the API's contract has them."""

from typing import Any, TypedDict


class Owed(TypedDict):
    """A delivery as its event lists it."""

    id: str
    endpoint_id: str
    status: str


class Event(TypedDict):
    """What happened, with the first of its deliveries."""

    id: str
    type: str
    tenant: str
    occurred_at: str
    created_at: str
    duplicate: bool
    deliveries: list[Owed]
    deliveries_count: int
    skipped: list[dict[str, str]]
    skipped_count: int


class Row(TypedDict, total=False):
    """The answer to one event of a batch: `event`, or `problem` where it was refused."""

    status: int
    event: Event
    problem: dict[str, Any]


class Delivery(TypedDict):
    """The duty to get one event to one endpoint; `attempts` only where it was read alone."""

    id: str
    event_id: str
    event_type: str
    endpoint_id: str
    tenant: str
    url: str | None
    status: str
    reason: str | None
    attempts_count: int
    retries_left: int
    next_attempt_at: str | None
    last_status_code: int | None
    last_error: str | None
    created_at: str
    updated_at: str
    finished_at: str | None
    attempts: list[dict[str, Any]]


class Endpoint(TypedDict):
    """Where a tenant wants events; `secret` only where it was made just now."""

    id: str
    tenant: str
    url: str
    description: str
    event_types: list[str]
    channels: list[str]
    filter: str | None
    enabled: bool
    disabled_reason: str | None
    headers: dict[str, str]
    auth: dict[str, Any] | None
    tls: dict[str, Any] | None
    signing: dict[str, Any]
    public_key: str | None
    retry_schedule: list[float] | None
    timeout_seconds: float
    rate_limit: dict[str, float] | None
    max_in_flight: int
    ordered: bool
    metadata: dict[str, Any]
    health: dict[str, Any]
    created_at: str
    updated_at: str
    secret: str


class Recovery(TypedDict):
    """A piece of background work and how far it is."""

    id: str
    status: str
    total: int
    done: int
    skipped: int
    started_at: str
    finished_at: str | None
