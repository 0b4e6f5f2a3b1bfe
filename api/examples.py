"""An example of each body, for the OpenAPI document and `/docs`, by the name of its schema."""

from collections.abc import Mapping
from typing import Any

EXAMPLES: Mapping[str, Any] = {
    "EventSchema": {"type": "invoice.paid", "data": {"invoice": "in_1", "amount": 4200}, "tenant": "acme"},
    "BatchSchema": {
        "events": [
            {"type": "invoice.paid", "data": {"invoice": "in_1"}, "id": "paid-in_1"},
            {"type": "invoice.late", "data": {"invoice": "in_2"}, "idempotency_key": "late in_2"},
        ]
    },
    "TestSchema": {"type": "invoice.paid", "data": {"invoice": "in_1"}},
    "EndpointSchema": {
        "url": "https://hooks.example.com/in",
        "event_types": ["invoice.*"],
        "headers": {"X-Env": "prod"},
        "retry_schedule": [5, 300, 1800],
        "rate_limit": {"limit": 100, "period_seconds": 1},
    },
    "EndpointPatchSchema": {"enabled": False, "description": "moving house", "retry_schedule": None},
    "RotationSchema": {"overlap_seconds": 86400},
    "RecoverSchema": {"since": "2026-11-25T09:00:00Z", "until": "2026-11-25T10:00:00Z", "dry_run": True},
    "RecoverTenantSchema": {"tenant": "acme", "since": "2026-11-25T09:00:00Z", "statuses": ["exhausted"]},
    "EventTypeSchema": {
        "description": "An invoice was paid in full",
        "schema": {"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}}},
        "example": {"amount": 120.5},
        "enforcement": "warn",
    },
    "SourceSchema": {"scheme": "github", "secrets": ["the secret of the webhook's settings"]},
    "PortalLinkSchema": {"tenant": "acme", "expires_in_seconds": 86400, "name": "Acme webhooks"},
    "KeySchema": {"name": "shop backend", "tenant": "acme", "scopes": ["publish", "read"]},
    "TenantPatchSchema": {"retention_seconds": 604800, "retention_by_type": {"invoice.paid": 31536000}},
}
