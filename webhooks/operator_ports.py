"""The seams for what operators ask: recoveries, sources, keys, the audit log, portal links, tenants."""

from datetime import datetime
from typing import Protocol

from webhooks.answers import Recovery, RecoveryScope
from webhooks.api_keys import ApiKey
from webhooks.auditing import AuditEntry
from webhooks.operator_answers import AuditQuery, Deletion, KeyQuery, Retention, Tenant, TenantQuery
from webhooks.portal_links import PortalLink
from webhooks.queries import Page
from webhooks.sources import Source


class RecoveryStore(Protocol):
    """Failures of a time range, replayed in the background."""

    def count_recoverable(self, scope: RecoveryScope) -> int:
        """How many deliveries a recovery of that scope would take now."""
        ...

    def start_recovery(self, recovery_id: str, scope: RecoveryScope) -> Recovery:
        """The recovery, planned; its steps are a background job's. The same id again changes nothing."""
        ...

    def find_recoverable(self, recovery_id: str) -> Recovery:
        """One bounded step of finding what it will replay is done, if there was any left."""
        ...

    def recovery(self, recovery_id: str) -> Recovery | None:
        """The recovery, or None when there is none or it ended more than a day ago."""
        ...


class SourceStore(Protocol):
    """Sources that the API keeps. Each write advances their version in the same step."""

    def put_source(self, source: Source, *, now: datetime) -> Source:
        """Keep it in place of what was there; what comes back has its times."""
        ...

    def delete_source(self, name: str) -> bool:
        """It is gone; False when there was none."""
        ...

    def sources(self) -> tuple[int, list[Source]]:
        """The version and all of them, by name."""
        ...

    def sources_version(self) -> int:
        """Advances with each change; 0 before the first."""
        ...

    def take_turn(self, source: Source) -> float:
        """0 where the source's rate limit lets one more webhook in, which counts; else the seconds until it does."""
        ...


class KeyStore(Protocol):
    """API keys. The keys themselves are not in it, only their digests."""

    def add_api_key(self, api_key: ApiKey, *, digest: str) -> None:
        """Keep a new key; from now on its digest finds it."""
        ...

    def use_api_key(self, digest: str) -> ApiKey | None:
        """The key of that digest, noted as used (to the minute), or None."""
        ...

    def api_key(self, key_id: str) -> ApiKey | None:
        """The key of that id, or None."""
        ...

    def list_api_keys(self, query: KeyQuery) -> Page[ApiKey]:
        """Newest first; raises InvalidRequest for a bad cursor."""
        ...

    def delete_api_key(self, key_id: str) -> bool:
        """Nothing finds it any more; False when there was none."""
        ...


class AuditStore(Protocol):
    """The audit log, of which old entries go by themselves."""

    def record(self, entry: AuditEntry, *, keep_seconds: float) -> None:
        """Keep the entry; those that are older than `keep_seconds` are dropped by and by."""
        ...

    def list_audit(self, query: AuditQuery) -> Page[AuditEntry]:
        """Newest first; raises InvalidRequest for a bad cursor."""
        ...


class PortalLinkStore(Protocol):
    """Links for a tenant's own people."""

    def add_portal_link(self, link: PortalLink) -> None:
        """Keep it until it ends."""
        ...

    def portal_link(self, link_id: str) -> PortalLink | None:
        """The link, or None when there is none or it has ended."""
        ...

    def portal_links(self, tenant: str) -> list[PortalLink]:
        """The tenant's links, the one that lasts longest first, at most 250."""
        ...

    def delete_portal_link(self, link: PortalLink) -> None:
        """It opens nothing any more; nothing where it had gone already."""
        ...


class TenantStore(Protocol):
    """Tenants: what they have, how long it is kept, and how it goes."""

    def tenant(self, tenant: str) -> Tenant | None:
        """The tenant, or None where there is nothing of it."""
        ...

    def list_tenants(self, query: TenantQuery) -> Page[Tenant]:
        """By name; raises InvalidRequest for a bad cursor."""
        ...

    def keep_for(self, tenant: str, retention: Retention) -> Tenant:
        """Its events that finish from now on are kept for so long."""
        ...

    def erase_payload(self, tenant: str, event_id: str) -> None:
        """The event's body is gone, and what waits with it is cancelled by and by. Raises NotFound."""
        ...

    def start_deletion(self, tenant: str) -> Deletion:
        """Nothing is made for the tenant any more, and by and by everything of it goes.

        While it runs another call answers how far it is. Raises NotFound.
        """
        ...

    def deletion(self, tenant: str) -> Deletion | None:
        """How far the deletion is, or was within the last day."""
        ...
