"""How things stand in Redis: readable hashes for deliveries, events and endpoints, packed records for attempts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from webhooks.adapters.encryption import Cipher
from webhooks.credentials import TlsIdentity, auth_fields, auth_of
from webhooks.model import (
    Delivery,
    Endpoint,
    Event,
    RateLimit,
    Reason,
    Reminder,
    SigningSecret,
    Status,
    Trigger,
)
from webhooks.payload import time_text

Hash = Mapping[str, str]

CONFIGURATION = (
    "description",
    "event_types",
    "channels",
    "filter",
    "signing_scheme",
    "header_prefix",
    "signature_header",
    "retry_schedule",
    "timeout_seconds",
    "max_in_flight",
    "ordered",
    "ordered_by",
    "metadata",
)
"""The endpoint's fields that are kept readable, as one JSON text."""


LATE_SECONDS = 0.05
"""Kept back of a burst for the way to the receiver, and once more for the way through the queue: a first one that is
slower than the next must not make the receiver count more than its limit, nor a message come in vain."""

ENDPOINT_FIELDS = (
    "id",
    "tenant",
    "configuration",
    "hidden",
    "enabled",
    "disabled_reason",
    "disabled_at",
    "created_at",
    "updated_at",
)
"""The fields that `endpoint` reads."""


def some_fields(names: Sequence[str], values: Sequence[bytes | None]) -> dict[str, str]:
    """Chosen fields of a hash, without those that it has not."""
    return {name: value.decode() for name, value in zip(names, values, strict=True) if value is not None}


def time_of(text: str | None) -> datetime | None:
    """The moment that `time_text` wrote; None for an empty field."""
    return datetime.fromisoformat(text) if text else None


def flat_hash(flat: list[bytes]) -> dict[str, str]:
    """A script's flat list of fields and values as a mapping of texts."""
    texts = [item.decode() for item in flat]
    return dict(zip(texts[::2], texts[1::2], strict=True))


def delivery(fields: Hash) -> Delivery:
    """A delivery out of its hash."""
    return Delivery(
        id=f"{fields['event_id']}:{fields['endpoint_id']}",
        event_id=fields["event_id"],
        event_type=fields["event_type"],
        endpoint_id=fields["endpoint_id"],
        tenant=fields["tenant"],
        status=Status(fields["status"]),
        trigger=Trigger(fields["trigger"]),
        reason=Reason(fields["reason"]) if fields.get("reason") else None,
        attempts=int(fields["attempts"]),
        retries_used=int(fields["retries_used"]),
        replays=int(fields["replays"]),
        sequence=int(fields["sequence"]),
        ordering_key=fields.get("ordering_key"),
        waiting_for=fields.get("waiting_for") or None,
        last_status_code=int(fields["last_status_code"]) if fields.get("last_status_code") else None,
        last_error=fields.get("last_error") or None,
        next_attempt_at=time_of(fields.get("next_attempt_at")),
        created_at=time_of(fields.get("created_at")),
        updated_at=time_of(fields.get("updated_at")),
        finished_at=time_of(fields.get("finished_at")),
    )


def event(fields: Hash, body: bytes) -> Event:
    """An event out of its hash and its body."""
    chosen = fields.get("endpoint_ids")
    return Event(
        id=fields["id"],
        tenant=fields["tenant"],
        type=fields["type"],
        occurred_at=datetime.fromisoformat(fields["occurred_at"]),
        created_at=time_of(fields.get("created_at")),
        body=body,
        digest=fields["digest"],
        channels=tuple(json.loads(fields.get("channels", "[]"))),
        endpoint_ids=tuple(json.loads(chosen)) if chosen else None,
        ordering_key=fields.get("ordering_key"),
        deliveries_count=int(fields["deliveries"]),
        skipped_count=int(fields["skipped"]),
        payload_erased_at=time_of(fields.get("payload_erased_at")),
        source_id=fields.get("source_id"),
        warnings=tuple(json.loads(fields.get("warnings", "[]"))),
        ignored_at=time_of(fields.get("ignored_at")),
        retention_seconds=int(fields["retention_ms"]) / 1000 if "retention_ms" in fields else None,
        traceparent=fields.get("traceparent"),
    )


def endpoint_fields(endpoint: Endpoint, cipher: Cipher) -> dict[str, str]:
    """What `put_endpoint.lua` writes: plain fields for the scripts, readable ones, and one encrypted text."""
    configuration = {name: getattr(endpoint, name) for name in CONFIGURATION}
    limit = endpoint.rate_limit
    configuration["rate_limit"] = [limit.limit, limit.period_seconds] if limit else None
    hidden = {
        "url": endpoint.url,
        "auth": auth_fields(endpoint.auth) if endpoint.auth else None,
        "tls": asdict(endpoint.tls) if endpoint.tls else None,
        "headers": endpoint.headers,
        "secrets": [
            [secret.text, time_text(secret.expires_at) if secret.expires_at else None] for secret in endpoint.secrets
        ],
    }
    return {
        "host": urlsplit(endpoint.url).hostname or endpoint.url,
        "max_in_flight": str(endpoint.max_in_flight),
        "ordered": str(int(endpoint.ordered)),
        "rate_interval_us": str(round(limit.interval_seconds * 1_000_000) if limit else 0),
        "rate_burst": str(limit.burst if limit else 0),
        "rate_ahead_us": _ahead_us(limit, LATE_SECONDS),
        "rate_published_ahead_us": _ahead_us(limit, 2 * LATE_SECONDS),
        "timeout_us": str(round(endpoint.timeout_seconds * 1_000_000)),
        "configuration": json.dumps(configuration),
        "hidden": cipher.encrypt(json.dumps(hidden).encode()).decode(),
    }


def url_of(hidden: str, cipher: Cipher) -> str:
    """The URL among what an endpoint's hash keeps encrypted."""
    url: str = _parsed(cipher.decrypt(hidden.encode()).decode())["url"]
    return url


def _ahead_us(limit: RateLimit | None, late_seconds: float) -> str:
    return str(round(limit.ahead_seconds(late_seconds=late_seconds) * 1_000_000) if limit else 0)


@lru_cache(maxsize=4096)
def known_endpoint(values: tuple[bytes | None, ...], cipher: Cipher) -> Endpoint | None:
    """The endpoint of its `ENDPOINT_FIELDS`, which many attempts in turn find unchanged; else as `endpoint`."""
    return endpoint(some_fields(ENDPOINT_FIELDS, values), cipher)


def endpoint(fields: Hash, cipher: Cipher) -> Endpoint | None:
    """An endpoint out of its hash; None for a tombstone or nothing."""
    if "configuration" not in fields:
        return None
    known, hidden = (
        _parsed(fields["configuration"]),
        _parsed(cipher.decrypt(fields["hidden"].encode()).decode()),
    )
    schedule, limit = known["retry_schedule"], known.get("rate_limit")
    return Endpoint(
        id=fields["id"],
        tenant=fields["tenant"],
        url=hidden["url"],
        headers=hidden["headers"],
        auth=auth_of(hidden["auth"]) if hidden.get("auth") else None,
        tls=TlsIdentity(**hidden["tls"]) if hidden.get("tls") else None,
        secrets=tuple(SigningSecret(text=text, expires_at=time_of(expires)) for text, expires in hidden["secrets"]),
        description=known["description"],
        event_types=tuple(known["event_types"]),
        channels=tuple(known["channels"]),
        filter=known.get("filter"),
        signing_scheme=known["signing_scheme"],
        header_prefix=known["header_prefix"],
        signature_header=known.get("signature_header"),
        retry_schedule=tuple(schedule) if schedule is not None else None,
        timeout_seconds=known["timeout_seconds"],
        max_in_flight=known["max_in_flight"],
        rate_limit=RateLimit(limit=limit[0], period_seconds=limit[1]) if limit else None,
        ordered=known["ordered"],
        ordered_by=known.get("ordered_by"),
        metadata=known["metadata"],
        enabled=fields["enabled"] == "1",
        disabled_reason=fields.get("disabled_reason"),
        disabled_at=time_of(fields.get("disabled_at")),
        created_at=time_of(fields.get("created_at")),
        updated_at=time_of(fields.get("updated_at")),
    )


@lru_cache(maxsize=4096)
def _parsed(text: str) -> dict[str, Any]:
    """The same endpoint is read for each of its attempts; nobody changes what comes back."""
    parsed: dict[str, Any] = json.loads(text)
    return parsed


def reminder(row: list[Any]) -> Reminder:
    """What a script wants published."""
    delivery_id, attempt, retries_used, event_type, host, timeout_us, yields = row
    return Reminder(
        delivery_id=delivery_id.decode(),
        attempt=attempt,
        retries_used=retries_used,
        event_type=event_type.decode(),
        host=host.decode(),
        timeout_seconds=timeout_us / 1_000_000,
        yields=bool(yields),
    )
