"""What a process knows of who asks for what: tenants' endpoints and the catalogue of event types, by version."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from webhooks.answers import Matched, Recipient
from webhooks.enforcing import Catalogue, CatalogueStore
from webhooks.filtering import Judge
from webhooks.matching import CompiledEndpoints
from webhooks.model import INBOX_TENANT_PREFIX, Event
from webhooks.ports import EndpointStore

TENANTS_KEPT = 1000
"""How many tenants' compiled endpoints a process keeps."""


class DirectoryStore(EndpointStore, CatalogueStore, Protocol):
    """What the directory asks of the store."""


class Directory:
    """Matches events from memory; the store says when that is stale. Safe with many threads."""

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store
        self._kept: OrderedDict[str, tuple[int, CompiledEndpoints]] = OrderedDict()
        self._lock = threading.Lock()
        self._catalogue = Catalogue(store)

    def match(self, event: Event, *, only: Sequence[str] | None = None) -> Matched:
        """Whom the event is owed to; `only` names the endpoints instead of matching. Raises Unavailable."""
        version, compiled = self._of(event.tenant)
        if only is not None:
            named = tuple(Recipient(endpoint_id=endpoint_id) for endpoint_id in only)
            return Matched(event=event, recipients=named, endpoints_version=version)
        judge = Judge(event)
        matched = Matched(event=event, recipients=tuple(compiled.recipients(event, judge)), endpoints_version=version)
        return matched if event.tenant.startswith(INBOX_TENANT_PREFIX) else self._judged(matched, judge)

    def refresh(self, tenant: str) -> None:
        """What is known of the tenant's endpoints and of the catalogue is as it is now. Raises Unavailable."""
        self._reload(tenant)
        self._catalogue.refresh()

    def refresh_endpoints(self, tenant: str) -> None:
        """What is known of the tenant's endpoints is as it is now. Raises Unavailable."""
        if self._of(tenant)[0] != self._store.endpoints_version(tenant):
            self._reload(tenant)

    def _judged(self, matched: Matched, judge: Judge) -> Matched:
        rules = self._catalogue.rules()
        finding = rules.judge(matched.event, judge)
        event = replace(matched.event, warnings=finding.warnings) if finding.warnings else matched.event
        return replace(matched, event=event, event_types_version=rules.version, finding=finding)

    def _of(self, tenant: str) -> tuple[int, CompiledEndpoints]:
        with self._lock:
            known = self._kept.get(tenant)
            if known:
                self._kept.move_to_end(tenant)
                return known
        return self._reload(tenant)

    def _reload(self, tenant: str) -> tuple[int, CompiledEndpoints]:
        version, endpoints = self._store.endpoints(tenant)
        entry = (version, CompiledEndpoints(endpoints))
        with self._lock:
            self._kept[tenant] = entry
            self._kept.move_to_end(tenant)
            if len(self._kept) > TENANTS_KEPT:
                self._kept.popitem(last=False)
        return entry
