"""The Redis store: every port of `ports.Store` over one client."""

from collections.abc import Mapping
from typing import Any, Self

from webhooks.adapters.encryption import Cipher
from webhooks.adapters.redis_audit import RedisAudit
from webhooks.adapters.redis_client import open_client
from webhooks.adapters.redis_endpoints import RedisEndpoints
from webhooks.adapters.redis_event_types import RedisEventTypes
from webhooks.adapters.redis_events import RedisEvents
from webhooks.adapters.redis_examining import RedisExamining
from webhooks.adapters.redis_keys import RedisKeys
from webhooks.adapters.redis_lists import RedisLists
from webhooks.adapters.redis_portal_links import RedisPortalLinks
from webhooks.adapters.redis_recent import RECENT_KEPT, RedisRecent
from webhooks.adapters.redis_recoveries import RedisRecoveries
from webhooks.adapters.redis_schema import RedisSchema
from webhooks.adapters.redis_sources import RedisSources
from webhooks.adapters.redis_staging import MINUTES_KEPT, RedisStaging
from webhooks.adapters.redis_tenants import RedisTenants
from webhooks.adapters.scripts import Scripts
from webhooks.model import Lane

RESERVE_SECONDS = 60
"""How long a published delivery holds its in-flight slot; then it counts no longer, though it may still be claimed."""
BREAKER = {"minutes": 5, "attempts": 10, "share": 0.7, "first_us": 30_000_000, "most_us": 900_000_000}
"""Opens when at least this share of at least so many attempts failed within so many minutes; then one probe after
the first wait, which doubles with each failed probe up to the most."""
DISABLE = {"after_us": 5 * 86400 * 1_000_000, "attempts": 20}
"""An endpoint is disabled after so long without one success and at least so many attempts; warned at half the time."""
UNYIELDING = 10
"""So many of a tenant's may be on the conveyor before its next ones let those of other tenants go first."""
WATERMARK_SECONDS = 0.1
"""The watermark is written in steps: what proves a message lost is known that much later, and a claim writes less."""
RETRIES_TOLD = 5
"""Retries are counted by their number up to this one; those beyond are counted with it."""
DEFAULT_WINDOWS = {Lane.DELIVERIES: 200, Lane.HANDLERS: 200}


class RedisStore(
    RedisEvents,
    RedisEndpoints,
    RedisEventTypes,
    RedisLists,
    RedisSources,
    RedisRecent,
    RedisStaging,
    RedisRecoveries,
    RedisKeys,
    RedisAudit,
    RedisPortalLinks,
    RedisTenants,
    RedisExamining,
    RedisSchema,
):
    """Everything that is remembered, in one Redis or Valkey server."""

    @classmethod
    def from_url(
        cls,
        url: str,
        *,
        cipher: Cipher,
        retention_seconds: float = 30 * 86400,
        windows: Mapping[Lane, int] | None = None,
        replicas_ack: int = 0,
    ) -> Self:
        """A store on that server; connects when first asked, and gives up within two seconds."""
        return cls.over(
            open_client(url),
            cipher=cipher,
            retention_seconds=retention_seconds,
            windows=windows,
            replicas_ack=replicas_ack,
        )

    @classmethod
    def over(
        cls,
        client: Any,
        *,
        cipher: Cipher,
        retention_seconds: float,
        windows: Mapping[Lane, int] | None = None,
        replicas_ack: int = 0,
    ) -> Self:
        """A store over a client whose answers are bytes."""
        policy = {
            "reserve_us": RESERVE_SECONDS * 1_000_000,
            "retention_ms": round(retention_seconds * 1000),
            "breaker": BREAKER,
            "disable": DISABLE,
            "unyielding": UNYIELDING,
            "watermark_us": round(WATERMARK_SECONDS * 1_000_000),
            "minutes_ms": MINUTES_KEPT * 60_000,
            "recent_kept": RECENT_KEPT,
            "retries_told": RETRIES_TOLD,
            "windows": {lane.value: size for lane, size in (windows or DEFAULT_WINDOWS).items()},
        }
        return cls(client=client, scripts=Scripts(client, policy), cipher=cipher, replicas_ack=replicas_ack)
