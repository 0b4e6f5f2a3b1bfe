"""API keys in Redis: a hash for each, found by its digest."""

from webhooks.adapters import pages, records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.api_keys import ApiKey, Scope
from webhooks.operator_answers import KeyQuery
from webhooks.payload import time_text
from webhooks.queries import Page

ALL = "*"
"""In place of a tenant: the list of all keys. No tenant has this name."""
USE_NOTED_EVERY_SECONDS = 60


class RedisKeys(RedisPart):
    """`operator_ports.KeyStore`."""

    def add_api_key(self, api_key: ApiKey, *, digest: str) -> None:
        """See `operator_ports.KeyStore.add_api_key`."""
        fields = {
            "id": api_key.id,
            "name": api_key.name,
            "tenant": api_key.tenant or "",
            "scopes": " ".join(sorted(api_key.scopes)),
            "digest": digest,
            "created_at": time_text(api_key.created_at),
        }
        at = round(api_key.created_at.timestamp() * 1_000_000)
        with translated(), self.client.pipeline(transaction=True) as pipe:
            pipe.hset(key("api_key", api_key.id), mapping=fields)
            pipe.set(key("api_key_of", digest), api_key.id)
            for holder in _holders(api_key.tenant):
                pipe.zadd(key("api_keys", holder), {api_key.id: at})
            pipe.execute()

    def use_api_key(self, digest: str) -> ApiKey | None:
        """See `operator_ports.KeyStore.use_api_key`."""
        found = self.scripts.run("use_key", {"digest": digest, "every_us": USE_NOTED_EVERY_SECONDS * 1_000_000})
        return _api_key(records.flat_hash(found))

    def api_key(self, key_id: str) -> ApiKey | None:
        """See `operator_ports.KeyStore.api_key`."""
        return _api_key(self.hash("api_key", key_id))

    def list_api_keys(self, query: KeyQuery) -> Page[ApiKey]:
        """See `operator_ports.KeyStore.list_api_keys`."""
        marker = pages.marker_of(query)
        after = pages.decode(query.cursor, marker)
        return pages.page(
            self.client,
            pages.window(key("api_keys", query.tenant or ALL), since=None, until=None, after=after),
            query.limit,
            marker,
            read=self._keys,
            ident=lambda each: each.id,
        )

    def delete_api_key(self, key_id: str) -> bool:
        """See `operator_ports.KeyStore.delete_api_key`."""
        fields = self.hash("api_key", key_id)
        if not fields:
            return False
        with translated(), self.client.pipeline(transaction=True) as pipe:
            pipe.delete(key("api_key", key_id), key("api_key_of", fields["digest"]))
            for holder in _holders(fields["tenant"] or None):
                pipe.zrem(key("api_keys", holder), key_id)
            pipe.execute()
        return True

    def _keys(self, key_ids: list[str]) -> list[ApiKey]:
        found = [_api_key(fields) for fields in self.hashes([key("api_key", each) for each in key_ids])]
        return [each for each in found if each]


def _holders(tenant: str | None) -> list[str]:
    return [ALL, tenant] if tenant else [ALL]


def _api_key(fields: records.Hash) -> ApiKey | None:
    created_at = records.time_of(fields.get("created_at"))
    if created_at is None:
        return None
    return ApiKey(
        id=fields["id"],
        name=fields["name"],
        tenant=fields["tenant"] or None,
        scopes=frozenset(Scope(each) for each in fields["scopes"].split()),
        created_at=created_at,
        last_used_at=records.time_of(fields.get("last_used_at")),
    )
