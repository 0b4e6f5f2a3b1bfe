"""Tenants in Redis: what they have, how long it is kept, and how it goes."""

import json

from webhooks.adapters import pages, records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart, texts
from webhooks.adapters.scripts import translated
from webhooks.errors import NotFound
from webhooks.model import INBOX_TENANT_PREFIX
from webhooks.operator_answers import Deletion, Retention, Tenant, TenantQuery
from webhooks.queries import Page

BEING_DELETED = -(10**15)
"""The version of the tenant's endpoints meanwhile: below 0, however often it is advanced."""
GROUPS = ("unfinished", "delivered", "failed")


class RedisTenants(RedisPart):
    """`operator_ports.TenantStore`."""

    def tenant(self, tenant: str) -> Tenant | None:
        """See `operator_ports.TenantStore.tenant`."""
        with translated():
            known = self.client.zscore(key("tenants"), tenant)
        return None if known is None else self._tenants([tenant])[0]

    def list_tenants(self, query: TenantQuery) -> Page[Tenant]:
        """See `operator_ports.TenantStore.list_tenants`."""
        marker = pages.marker_of(query)
        after = pages.decode(query.cursor, marker)
        names = self._names(after[1] if after else "", query.limit + 1)
        more = len(names) > query.limit
        cursor = pages.encode((0, names[query.limit - 1]), marker) if more else None
        return Page(tuple(self._tenants(names[: query.limit])), cursor)

    def keep_for(self, tenant: str, retention: Retention) -> Tenant:
        """See `operator_ports.TenantStore.keep_for`."""
        self.scripts.run("keep_for", {"tenant": tenant, "fields": _fields(retention)})
        return self._tenants([tenant])[0]

    def erase_payload(self, tenant: str, event_id: str) -> None:
        """See `operator_ports.TenantStore.erase_payload`."""
        if not self.scripts.run("erase_payload", {"tenant": tenant, "id": event_id}):
            raise NotFound(f"there is no such event in the tenant {tenant}")

    def start_deletion(self, tenant: str) -> Deletion:
        """See `operator_ports.TenantStore.start_deletion`."""
        arguments = {"tenant": tenant, "job": _job(tenant), "version": BEING_DELETED}
        found = _deletion(records.flat_hash(self.scripts.run("start_deletion", arguments)))
        if found is None:
            raise NotFound("there is no such tenant")
        return found

    def deletion(self, tenant: str) -> Deletion | None:
        """See `operator_ports.TenantStore.deletion`."""
        return _deletion(self.hash("job", _job(tenant)))

    def _names(self, after: str, most: int) -> list[str]:
        """The next names; those of sources, which stand beside one another, are passed over."""
        found: list[str] = []
        start = f"({after}" if after else "-"
        while len(found) < most:
            with translated():
                chunk = self.client.zrangebylex(key("tenants"), start, "+", start=0, num=most)
            found += [name for each in chunk if not (name := each.decode()).startswith(INBOX_TENANT_PREFIX)]
            if len(chunk) < most:
                break
            start = f"({chunk[-1].decode()}"
        return found[:most]

    def _tenants(self, names: list[str]) -> list[Tenant]:
        if not names:
            return []
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.zcard(key("endpoints", name))
                pipe.zcard(key("events", name))
                for group in GROUPS:
                    pipe.zcard(key("index", "tenant", name, group))
                pipe.hgetall(key("tenant", name))
            answers = iter(pipe.execute())
        return [
            Tenant(
                id=name,
                endpoints_count=next(answers),
                events_count=next(answers),
                unfinished_count=next(answers),
                delivered_count=next(answers),
                failed_count=next(answers),
                retention=_retention(texts(next(answers))),
            )
            for name in names
        ]


def _job(tenant: str) -> str:
    return f"delete_tenant:{tenant}"


def _fields(retention: Retention) -> dict[str, str]:
    """What retention_us of finishing.lua reads, and for reading back what it was made of."""
    fields = {f"retention_us:{name}": str(round(seconds * 1_000_000)) for name, seconds in retention.by_type.items()}
    if retention.by_type:
        fields["by_type"] = json.dumps(retention.by_type)
    if retention.seconds is not None:
        fields["retention_us"] = str(round(retention.seconds * 1_000_000))
    return fields


def _retention(fields: records.Hash) -> Retention:
    own = fields.get("retention_us")
    return Retention(
        seconds=int(own) / 1_000_000 if own else None,
        by_type=json.loads(fields.get("by_type", "{}")),
    )


def _deletion(fields: records.Hash) -> Deletion | None:
    started_at = records.time_of(fields.get("started_at"))
    if started_at is None:
        return None
    return Deletion(
        tenant=fields["tenant"],
        state=fields["state"],
        total=int(fields["total"]),
        done=int(fields["done"]),
        started_at=started_at,
        finished_at=records.time_of(fields.get("finished_at")),
    )
