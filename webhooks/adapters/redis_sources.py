"""Sources that the API keeps, in Redis; their secrets, and options that are secret too, encrypted."""

import json
from dataclasses import replace
from datetime import datetime

import structlog

from webhooks import sources
from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.errors import InvalidRequest
from webhooks.model import RateLimit
from webhooks.payload import time_text
from webhooks.sources import Source

log = structlog.get_logger()


class RedisSources(RedisPart):
    """`ports.SourceStore`."""

    def put_source(self, source: Source, *, now: datetime) -> Source:
        """See `ports.SourceStore.put_source`."""
        name = key("source", source.name)
        with translated(), self.client.pipeline(transaction=True) as pipe:
            pipe.hsetnx(name, "created_at", time_text(now))
            pipe.hset(name, mapping=self._fields(source, now))
            pipe.zadd(key("sources"), {source.name: 0})
            pipe.incr(key("sources_version"))
            pipe.hget(name, "created_at")
            created_at = pipe.execute()[-1]
        return replace(source, created_at=records.time_of(created_at.decode()), updated_at=now)

    def delete_source(self, name: str) -> bool:
        """See `ports.SourceStore.delete_source`."""
        with translated(), self.client.pipeline(transaction=True) as pipe:
            pipe.delete(key("source", name))
            pipe.zrem(key("sources"), name)
            pipe.incr(key("sources_version"))
            return bool(pipe.execute()[0])

    def sources(self) -> tuple[int, list[Source]]:
        """See `ports.SourceStore.sources`."""
        version = self.sources_version()
        with translated():
            names = self.client.zrange(key("sources"), 0, -1)
        found = self.hashes([key("source", name.decode()) for name in names])
        made = (self._made(name.decode(), fields) for name, fields in zip(names, found, strict=True) if fields)
        return version, [each for each in made if each]

    def sources_version(self) -> int:
        """See `ports.SourceStore.sources_version`."""
        with translated():
            return int(self.client.get(key("sources_version")) or 0)

    def take_turn(self, source: Source) -> float:
        """See `ports.SourceStore.take_turn`."""
        limit = source.rate_limit
        if limit is None:
            return 0.0
        interval_us = round(limit.period_seconds / limit.limit * 1_000_000)
        arguments = {"name": source.name, "interval_us": interval_us, "burst": limit.burst}
        return int(self.scripts.run("take_turn", arguments)) / 1_000_000

    def _fields(self, source: Source, now: datetime) -> dict[str, str]:
        limit = source.rate_limit
        configuration = {
            "networks": source.networks,
            "rate_limit": [limit.limit, limit.period_seconds] if limit else None,
            "retention_seconds": source.retention_seconds,
        }
        hidden = {"secrets": source.secrets, "options": dict(source.options)}
        return {
            "scheme": source.scheme,
            "configuration": json.dumps(configuration),
            "hidden": self.cipher.encrypt(json.dumps(hidden).encode()).decode(),
            "updated_at": time_text(now),
        }

    def _made(self, name: str, fields: dict[str, str]) -> Source | None:
        """None for one that this version cannot verify by: it must not take the others with it."""
        try:
            return self._source(name, fields)
        except InvalidRequest as error:
            log.error("source.unusable", source=name, why=str(error))  # noqa: TRY400 - nothing to trace
            return None

    def _source(self, name: str, fields: dict[str, str]) -> Source:
        known = json.loads(fields["configuration"])
        hidden = json.loads(self.cipher.decrypt(fields["hidden"].encode()))
        limit = known["rate_limit"]
        made = sources.source(
            name,
            scheme=fields["scheme"],
            secrets=hidden["secrets"],
            options=hidden["options"],
            networks=known["networks"],
            rate_limit=RateLimit(limit=limit[0], period_seconds=limit[1]) if limit else None,
            retention_seconds=known["retention_seconds"],
        )
        return replace(
            made,
            created_at=records.time_of(fields.get("created_at")),
            updated_at=records.time_of(fields.get("updated_at")),
        )
