"""Endpoints in Redis."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart, texts
from webhooks.adapters.scripts import translated
from webhooks.errors import Conflict, NotFound, Unavailable
from webhooks.model import Endpoint, EndpointHealth
from webhooks.payload import time_text

TRIES = 20
"""How often a change is computed again because somebody else was quicker."""


class RedisEndpoints(RedisPart):
    """`ports.EndpointStore`."""

    def add_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """See `ports.EndpointStore.add_endpoint`."""
        if self._put(endpoint, revision=0, stop=None if endpoint.enabled else "created_disabled") != b"ok":
            raise Conflict(f"there is an endpoint {endpoint.id} already")
        return self._read(endpoint.id)[1]

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """See `ports.EndpointStore.endpoint`."""
        with translated(), self.client.pipeline(transaction=False) as pipe:
            pipe.hgetall(key("endpoint", endpoint_id))
            pipe.zcard(key("in_flight", endpoint_id))
            pipe.zcard(key("waiting", endpoint_id))
            pipe.zcard(key("line", endpoint_id, ""))
            pipe.hget(key("heads", endpoint_id), "")
            raw, in_flight, waiting, standing, head = pipe.execute()
        fields = texts(raw)
        found = self.endpoint_of(fields)
        if not found:
            return None
        health = _health(found, fields, in_flight, waiting + standing)
        return replace(found, health=self._with_head(health, head.decode()) if head else health)

    def change_endpoint(self, endpoint_id: str, change: Callable[[Endpoint], Endpoint]) -> Endpoint:
        """See `ports.EndpointStore.change_endpoint`."""
        for _ in range(TRIES):
            revision, before = self._read(endpoint_id)
            after = change(before)
            stop = (after.disabled_reason or "manual") if before.enabled and not after.enabled else None
            start = after.enabled and not before.enabled
            verdict = self._put(after, revision=revision, stop=stop, start=start, rotated=_rotated(before, after))
            if verdict == b"ok":
                return self.endpoint(endpoint_id) or after
        raise Unavailable(f"endpoint {endpoint_id} is being changed by too many at once")

    def delete_endpoint(self, endpoint_id: str) -> bool:
        """See `ports.EndpointStore.delete_endpoint`."""
        return bool(self.scripts.run("delete_endpoint", {"id": endpoint_id}))

    def endpoints(self, tenant: str) -> tuple[int, list[Endpoint]]:
        """See `ports.EndpointStore.endpoints`."""
        version = self.endpoints_version(tenant)
        with translated():
            ids = self.client.zrange(key("endpoints", tenant), 0, -1)
        found = [self.endpoint_of(fields) for fields in self.hashes([key("endpoint", each.decode()) for each in ids])]
        return version, [each for each in found if each]

    def endpoints_version(self, tenant: str) -> int:
        """See `ports.EndpointStore.endpoints_version`."""
        with translated():
            return int(self.client.get(key("version", tenant)) or 0)

    def _with_head(self, health: EndpointHealth, delivery_id: str) -> EndpointHealth:
        with translated():
            since = self.client.hget(key("delivery", delivery_id), "head_since")
        return replace(health, head=delivery_id, head_since=records.time_of(since.decode() if since else None))

    def _read(self, endpoint_id: str) -> tuple[int, Endpoint]:
        fields = self.hash("endpoint", endpoint_id)
        found = self.endpoint_of(fields)
        if not found:
            raise NotFound(f"there is no endpoint {endpoint_id}")
        return int(fields["revision"]), found

    def _put(
        self,
        endpoint: Endpoint,
        *,
        revision: int,
        stop: str | None = None,
        start: bool = False,
        rotated: dict[str, str] | None = None,
    ) -> bytes:
        arguments: dict[str, Any] = {
            "id": endpoint.id,
            "tenant": endpoint.tenant,
            "revision": revision,
            "fields": records.endpoint_fields(endpoint, self.cipher),
        }
        if stop:
            arguments["stop"] = stop
        if start:
            arguments["start"] = 1
        if rotated is not None:
            arguments["rotated"] = rotated
        verdict: bytes = self.scripts.run("put_endpoint", arguments)[0]
        if verdict == b"unknown":
            raise NotFound(f"there is no endpoint {endpoint.id}")
        return verdict


def _rotated(before: Endpoint, after: Endpoint) -> dict[str, str] | None:
    """What the operational event of a new signing secret says: until when the one before it signs, if it does."""
    if after.secrets[:1] == before.secrets[:1]:
        return None
    replaced = {each.text for each in before.secrets[:1]}
    ends = [each.expires_at for each in after.secrets[1:] if each.text in replaced and each.expires_at]
    return {"previous_expires_at": time_text(ends[0])} if ends else {}


def _health(endpoint: Endpoint, fields: dict[str, str], in_flight: int, waiting: int) -> EndpointHealth:
    state = fields.get("breaker", "closed")
    until = fields.get("breaker_until_us")
    return EndpointHealth(
        state=state,
        next_probe_at=datetime.fromtimestamp(int(until) / 1_000_000, UTC) if until else None,
        failing_since=records.time_of(fields.get("failing_since")),
        in_flight=in_flight,
        waiting=waiting,
        effective_cap=1 if state != "closed" else min(endpoint.max_in_flight, 1 + int(fields.get("streak", 0))),
        last_success_at=records.time_of(fields.get("last_success_at")),
        last_failure_at=records.time_of(fields.get("last_failure_at")),
    )
