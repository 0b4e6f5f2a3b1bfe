"""Endpoints in Redis."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from webhooks.adapters import records
from webhooks.adapters.health_records import endpoint_health
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.errors import Conflict, NotFound, Unavailable
from webhooks.model import Endpoint
from webhooks.payload import time_text

TRIES = 20
"""How often a change is computed again because somebody else was quicker."""
LINES_COUNTED, LINES_SHOWN = 1000, 10
"""Of an ordered endpoint with very many ordering keys not every line is looked at when its health is read."""


class RedisEndpoints(RedisPart):
    """`ports.EndpointStore`."""

    def add_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """See `ports.EndpointStore.add_endpoint`."""
        verdict = self._put(endpoint, revision=0, stop=None if endpoint.enabled else "created_disabled")
        _, kept = self._read(endpoint.id)
        ours = (kept.tenant, kept.url, kept.secrets) == (endpoint.tenant, endpoint.url, endpoint.secrets)
        if verdict != b"ok" and not ours:  # ours: the answer to the same call was lost
            raise Conflict(f"there is an endpoint {endpoint.id} already")
        return kept

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """See `ports.EndpointStore.endpoint`."""
        arguments = {"id": endpoint_id, "most_lines": LINES_COUNTED, "shown_lines": LINES_SHOWN}
        raw, *standing = self.scripts.run("endpoint_health", arguments)
        fields = records.flat_hash(raw)
        found = self.endpoint_of(fields)
        return replace(found, health=endpoint_health(found, fields, standing)) if found else None

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
        if verdict == b"deleting":
            raise Conflict(f"the tenant {endpoint.tenant} is being deleted; try again once it is gone")
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
