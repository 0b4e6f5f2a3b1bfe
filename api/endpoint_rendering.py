"""Endpoints in the shapes of API.md: what they are, how they fare, and their signing secrets."""

from datetime import datetime

from api.credential_schemas import shown_auth, shown_tls
from api.rendering import Json, moment
from webhooks import payload
from webhooks.credentials import masked
from webhooks.endpoint_statistics import EndpointStatistics
from webhooks.health import EndpointHealth, Line
from webhooks.model import Endpoint, RateLimit
from webhooks.rotation import previous
from webhooks.signing_secrets import public_key


def endpoint(value: Endpoint) -> Json:
    """An endpoint; credentials are masked and its secrets left out."""
    return {
        "id": value.id,
        "tenant": value.tenant,
        "url": value.url,
        "description": value.description,
        "event_types": value.event_types,
        "channels": value.channels,
        "filter": value.filter,
        "enabled": value.enabled,
        "disabled_reason": value.disabled_reason,
        "disabled_at": moment(value.disabled_at),
        "headers": masked(value.headers),
        "auth": shown_auth(value.auth),
        "tls": shown_tls(value.tls),
        "signing": {
            "scheme": value.signing_scheme,
            "header_prefix": value.header_prefix,
            "signature_header": value.signature_header,
        },
        "public_key": public_key(value.secrets[0].text),
        "retry_schedule": value.retry_schedule,
        "timeout_seconds": value.timeout_seconds,
        "rate_limit": rate_limit(value.rate_limit) if value.rate_limit else None,
        "max_in_flight": value.max_in_flight,
        "ordered": value.ordered,
        "metadata": value.metadata,
        "health": health(value.health or EndpointHealth()),
        "created_at": moment(value.created_at),
        "updated_at": moment(value.updated_at),
    }


def rate_limit(value: RateLimit) -> Json:
    """How often an endpoint may be called."""
    return {"limit": value.limit, "period_seconds": value.period_seconds}


def health(value: EndpointHealth) -> Json:
    """How an endpoint fares."""
    return {
        "state": value.state,
        "reason": value.reason,
        "next_probe_at": moment(value.next_probe_at),
        "failing_since": moment(value.failing_since),
        "failures": value.failures,
        "in_flight": value.in_flight,
        "effective_cap": value.effective_cap,
        "waiting": value.waiting,
        "head": value.head,
        "head_since": moment(value.head_since),
        "lines": [line(each) for each in value.lines],
        "last_success_at": moment(value.last_success_at),
        "last_failure_at": moment(value.last_failure_at),
        "last_status_code": value.last_status_code,
        "last_error": value.last_error,
    }


def line(value: Line) -> Json:
    """A line of an ordered endpoint: which head all others wait for, since when, and what it waits for itself."""
    return {
        "ordering_key": value.ordering_key,
        "head": value.head,
        "since": moment(value.since),
        "status": value.status,
        "waiting_for": value.waiting_for,
        "next_attempt_at": moment(value.next_attempt_at),
        "waiting": value.waiting,
    }


def secrets(value: Endpoint, *, now: datetime) -> Json:
    """The current signing secret, and until when those before it still sign; a private key never leaves."""
    return {
        **secret(value),
        "previous": [
            {"expires_at": moment(each.expires_at), "public_key": public_key(each.text)}
            for each in previous(value, now=now)
        ],
    }


def secret(value: Endpoint) -> Json:
    """What the receiver verifies by: a secret that both know, or the public key alone."""
    text = value.secrets[0].text
    key = public_key(text)
    return {"secret": None if key else text, "public_key": key}


def endpoint_statistics(value: EndpointStatistics) -> Json:
    """What an endpoint's attempts come to."""
    return {
        "attempts": value.attempts,
        "delivered": value.delivered,
        "failed": value.failed,
        "p50_ms": value.p50_ms,
        "p95_ms": value.p95_ms,
        "buckets": [
            {"start": payload.time_text(each.start), "delivered": each.delivered, "failed": each.failed}
            for each in value.buckets
        ],
    }
