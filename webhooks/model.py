"""What things are: events, endpoints, deliveries, attempts and outcomes."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from webhooks.credentials import Auth, OAuth2Auth, TlsIdentity

if TYPE_CHECKING:
    from webhooks.health import EndpointHealth


class Status(StrEnum):
    """The state of a delivery (docs/lifecycle.md)."""

    PENDING = "pending"
    SENDING = "sending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"
    SKIPPED = "skipped"

    @property
    def final(self) -> bool:
        """Whether nothing moves the delivery any more but a replay."""
        return self in FINAL

    @property
    def group(self) -> str:
        """The index group: unfinished, delivered or failed."""
        if self is Status.DELIVERED:
            return "delivered"
        return "failed" if self.final else "unfinished"


FINAL = frozenset({Status.DELIVERED, Status.EXHAUSTED, Status.CANCELLED, Status.SKIPPED})


class Reason(StrEnum):
    """Why a delivery was cancelled or skipped."""

    ENDPOINT_DELETED = "endpoint_deleted"
    ENDPOINT_DISABLED = "endpoint_disabled"
    GONE = "gone"
    BY_REQUEST = "by_request"
    PAYLOAD_ERASED = "payload_erased"


class Trigger(StrEnum):
    """What made an attempt happen."""

    INITIAL = "initial"
    RETRY = "retry"
    REPLAY = "replay"
    TEST = "test"


class Verdict(StrEnum):
    """What came of an attempt; `lost` means that the worker died and nobody knows."""

    DELIVERED = "delivered"
    FAILED = "failed"
    LOST = "lost"


class ErrorCode(StrEnum):
    """Why an attempt has no usable answer; the last three are a handler's."""

    DNS = "dns"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    TIMEOUT = "timeout"
    RESET = "reset"
    TLS = "tls"
    INVALID_RESPONSE = "invalid_response"
    RESPONSE_HEADERS_TOO_LARGE = "response_headers_too_large"
    ADDRESS_REFUSED = "address_refused"
    INVALID_URL = "invalid_url"
    AUTH_FAILED = "auth_failed"
    INTERNAL = "internal"
    HANDLER_FAILED = "handler_failed"
    HANDLER_TIMEOUT = "handler_timeout"
    REJECTED = "rejected"


class Lane(StrEnum):
    """Which Celery queue a delivery travels on: a POST by threads, a handler by processes."""

    DELIVERIES = "deliveries"
    HANDLERS = "handlers"


HANDLER_PREFIX = "fn_"
INBOX_TENANT_PREFIX = "in."


def lane_of(endpoint_id: str) -> Lane:
    """The lane of an endpoint's deliveries: `fn_…` are handlers, all others are URLs."""
    return Lane.HANDLERS if endpoint_id.startswith(HANDLER_PREFIX) else Lane.DELIVERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened. `body` is the exact text that every endpoint receives."""

    id: str
    tenant: str
    type: str
    occurred_at: datetime
    body: bytes
    digest: str
    """Of the content a repeat must share (API.md, Event): type, data bytes, channels, endpoint_ids, …"""
    created_at: datetime | None = None
    channels: tuple[str, ...] = ()
    endpoint_ids: tuple[str, ...] | None = None
    ordering_key: str | None = None
    deliveries_count: int = 0
    skipped_count: int = 0
    traceparent: str | None = None
    """Of the event's span, W3C Trace Context; attempts are its children."""
    payload_erased_at: datetime | None = None
    """When `body` was erased on demand; it is empty then."""
    warnings: tuple[str, ...] = ()
    """Where the data does not fit the schema of its type, if that was no reason to refuse it."""
    retention_seconds: float | None = None
    """How long it is kept once its last delivery is final; None: the installation's."""
    source_id: str | None = None
    """The provider's own id of a received event, where it did not fit our pattern."""
    ignored_at: datetime | None = None
    """When a person decided that a received event needs no handling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningSecret:
    """A `whsec_…` text; valid until `expires_at`, for ever where that is None."""

    text: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `limit` attempts to start in `period_seconds`, evenly, with one second's worth at once."""

    limit: int
    period_seconds: float

    @property
    def interval_seconds(self) -> float:
        """Between two starts at an even pace."""
        return self.period_seconds / self.limit

    @property
    def burst(self) -> int:
        """How many may start at once after a pause."""
        return max(1, int(self.limit / self.period_seconds))

    def ahead_seconds(self, *, late_seconds: float) -> float:
        """How far ahead of the even pace the last of a burst may go, less what others may be late on their way."""
        return max(0.0, (self.burst - 1) * self.interval_seconds - late_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a tenant wants events."""

    id: str
    tenant: str
    url: str
    secrets: tuple[SigningSecret, ...] = ()
    """The current one first, then those that a rotation still lets through."""
    description: str = ""
    event_types: tuple[str, ...] = ("*",)
    channels: tuple[str, ...] = ()
    filter: str | None = None
    """JMESPath over the event (webhooks/filtering.py)."""
    enabled: bool = True
    disabled_reason: str | None = None
    disabled_at: datetime | None = None
    headers: dict[str, str] = field(default_factory=dict)
    signing_scheme: str = "v1"
    header_prefix: str = "webhook-"
    signature_header: str | None = None
    """Where the signature stands; None where the scheme and the prefix say it."""
    retry_schedule: tuple[float, ...] | None = None
    timeout_seconds: float = 15.0
    max_in_flight: int = 10
    auth: Auth | None = None
    tls: TlsIdentity | None = None
    ordered_by: str | None = None
    """Of a handler: the path in a received event's body whose value is its ordering key here."""
    rate_limit: RateLimit | None = None
    ordered: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)
    created_at: datetime | None = None
    updated_at: datetime | None = None
    health: "EndpointHealth | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The duty to get one event to one endpoint; it has the state."""

    id: str
    event_id: str
    event_type: str
    endpoint_id: str
    tenant: str
    status: Status
    trigger: Trigger = Trigger.INITIAL
    """What began the present run of attempts: initial, replay or test."""
    reason: Reason | None = None
    attempts: int = 0
    retries_used: int = 0
    replays: int = 0
    sequence: int = 0
    ordering_key: str | None = None
    waiting_for: str | None = None
    last_status_code: int | None = None
    last_error: str | None = None
    next_attempt_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    finished_at: datetime | None = None

    @property
    def next_trigger(self) -> Trigger:
        """What the next attempt is to be called."""
        return Trigger.RETRY if self.retries_used else self.trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, ready to be sent."""

    url: str
    headers: dict[str, str]
    body: bytes
    oauth2: OAuth2Auth | None = None
    """Credentials for which the sender is to ask a token."""
    tls: TlsIdentity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What was kept of an HTTP answer: at most 16 KiB of its body."""

    status_code: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    truncated: bool = False
    bytes_read: int = 0
    """How many bytes of the body were read off the wire before we stopped; more than kept if truncated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt. Without `response`, `error` says why."""

    verdict: Verdict
    duration_ms: float = 0.0
    response: Response | None = None
    error: ErrorCode | None = None
    detail: str | None = None
    """For a person; names hosts but never a path, a query or a credential."""
    retry_after_seconds: float | None = None
    final: bool = False
    """No retry can help, such as a refused address."""

    @property
    def status_code(self) -> int | None:
        """The answer's status, if one arrived."""
        return self.response.status_code if self.response else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of a delivery, numbered from 1 for ever, kept."""

    number: int
    trigger: Trigger
    started_at: datetime
    outcome: Outcome
    url: str | None = None
    request_headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """What a Celery message says: look at this delivery for this attempt."""

    delivery_id: str
    attempt: int
    retries_used: int = 0
    event_type: str = ""
    host: str = ""
    timeout_seconds: float = 0.0
    """Of the endpoint: how long the attempt may take."""
    yields: bool = False
    """Others go first: its tenant has many on the conveyor."""

    @property
    def lane(self) -> Lane:
        """The queue that carries it."""
        return lane_of(self.delivery_id.partition(":")[2])
