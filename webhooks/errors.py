"""What can go wrong, as a tree; `api/errors.py` maps each to its HTTP status.

WebhookError
├── InvalidRequest        400 invalid_request   (errors by field)
│   ├── InvalidEvent      400 invalid_event
│   └── InvalidEndpoint   400 invalid_endpoint
├── Unauthorized          401 unauthorized
│   └── BadSignature      401 unauthorized
├── Forbidden             403 forbidden
├── NotFound              404 not_found
├── Conflict              409 conflict
│   ├── IdempotencyMismatch  409 idempotency_mismatch
│   └── IllegalMove       409 conflict
├── PayloadTooLarge       413 payload_too_large
├── RateLimited           429 rate_limited
└── Unavailable           503 unavailable
"""

from collections.abc import Mapping, Sequence

FieldErrors = Mapping[str, Sequence[str]]


class WebhookError(Exception):
    """The root of all errors of this library."""


class InvalidRequest(WebhookError):
    """What was asked is malformed; `errors` says which field and what to do."""

    def __init__(self, detail: str, errors: FieldErrors | None = None) -> None:
        super().__init__(detail)
        self.errors: FieldErrors = errors or {}


class InvalidEvent(InvalidRequest):
    """The event cannot be kept as it is."""


class InvalidEndpoint(InvalidRequest):
    """The endpoint cannot be kept as it is."""


class Unauthorized(WebhookError):
    """Nobody we know asks."""


class BadSignature(Unauthorized):
    """The signature does not prove who sent this."""


class Forbidden(WebhookError):
    """The key may not do that."""


class NotFound(WebhookError):
    """There is no such thing for this caller."""


class Conflict(WebhookError):
    """What is there already, or its state, stands against it."""


class IdempotencyMismatch(Conflict):
    """The idempotency key was used for other content."""


class IllegalMove(Conflict):
    """The state machine has no such arrow."""


class PayloadTooLarge(WebhookError):
    """The body is over the limit."""


class RateLimited(WebhookError):
    """Too much from there; the same may be asked again after so many seconds."""

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unavailable(WebhookError):
    """A part we depend on does not answer; try again."""
