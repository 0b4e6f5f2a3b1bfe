"""How an endpoint fares, out of what endpoint_health.lua answers."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from webhooks.adapters.records import time_of
from webhooks.health import EndpointHealth, Line
from webhooks.model import Endpoint, Status

CLOSED = "closed"


def endpoint_health(endpoint: Endpoint, fields: Mapping[str, str], standing: Sequence[Any]) -> EndpointHealth:
    """The health of the endpoint whose hash has those fields; `standing` is the rest of the script's answer."""
    in_flight, waiting, lines, *head = standing
    state = fields.get("breaker", CLOSED)
    until = fields.get("breaker_until_us")
    return EndpointHealth(
        state=state,
        reason=fields.get("breaker_reason"),
        next_probe_at=datetime.fromtimestamp(int(until) / 1_000_000, UTC) if until else None,
        failing_since=time_of(fields.get("failing_since")),
        failures=int(fields.get("failures", 0)),
        in_flight=in_flight,
        effective_cap=1 if state != CLOSED else min(endpoint.max_in_flight, 1 + int(fields.get("streak", 0))),
        waiting=waiting,
        head=_text(head, 0),
        head_since=time_of(_text(head, 1)),
        lines=tuple(_line(row) for row in lines),
        last_success_at=time_of(fields.get("last_success_at")),
        last_failure_at=time_of(fields.get("last_failure_at")),
        last_status_code=int(fields["last_status_code"]) if fields.get("last_status_code") else None,
        last_error=fields.get("last_error") or None,
    )


def _line(row: Sequence[Any]) -> Line:
    return Line(
        ordering_key=_text(row, 0) or None,
        waiting=row[1],
        head=row[2].decode(),
        since=time_of(_text(row, 3)),
        status=Status(row[4].decode()),
        waiting_for=_text(row, 5),
        next_attempt_at=time_of(_text(row, 6)),
    )


def _text(row: Sequence[Any], place: int) -> str | None:
    """A script's answer ends where nothing but nil would follow."""
    return row[place].decode() if len(row) > place and row[place] else None
