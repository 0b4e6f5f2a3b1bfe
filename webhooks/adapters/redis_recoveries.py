"""Recoveries in Redis: planned here, carried out by the steps of a background job."""

from typing import Any, Literal, cast

from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.redis_staging import JOB_KEPT_SECONDS, JOB_STEP
from webhooks.adapters.scripts import translated
from webhooks.answers import Recovery, RecoveryScope
from webhooks.errors import NotFound
from webhooks.model import Status
from webhooks.payload import time_text

COUNT_AT_ONCE = 500
PAUSE_SECONDS = 0.1
"""Between two steps while endpoints take what is replayed."""
IDLE_SECONDS = 1.0
"""The same while none does."""


class RedisRecoveries(RedisPart):
    """`operator_ports.RecoveryStore`."""

    def count_recoverable(self, scope: RecoveryScope) -> int:
        """See `operator_ports.RecoveryStore.count_recoverable`."""
        return sum(self._count(endpoint_id, scope) for endpoint_id in self._with_failures(scope))

    def start_recovery(self, recovery_id: str, scope: RecoveryScope) -> Recovery:
        """See `operator_ports.RecoveryStore.start_recovery`."""
        fields = {
            **_range(scope),
            "tenant": scope.tenant,
            "since": time_text(scope.since),
            "until": time_text(scope.until),
            "pause_us": str(round(PAUSE_SECONDS * 1_000_000)),
            "idle_us": str(round(IDLE_SECONDS * 1_000_000)),
            **({"endpoint_id": scope.endpoint_id} if scope.endpoint_id else {}),
        }
        job = _job(recovery_id)
        self.scripts.run("start_recovery", {"job": job, "endpoints": self._with_failures(scope), "fields": fields})
        return self._begun(recovery_id)

    def find_recoverable(self, recovery_id: str) -> Recovery:
        """See `operator_ports.RecoveryStore.find_recoverable`."""
        if not self._begun(recovery_id).found:
            arguments = {"job": _job(recovery_id), "limit": JOB_STEP, "done_ttl_ms": JOB_KEPT_SECONDS * 1000}
            self.scripts.run("recover", arguments)
        return self._begun(recovery_id)

    def recovery(self, recovery_id: str) -> Recovery | None:
        """See `operator_ports.RecoveryStore.recovery`."""
        fields = self.hash("job", _job(recovery_id))
        return _recovery(recovery_id, fields) if fields else None

    def _begun(self, recovery_id: str) -> Recovery:
        found = self.recovery(recovery_id)
        if found is None:
            raise NotFound(f"there is no recovery {recovery_id}")
        return found

    def _with_failures(self, scope: RecoveryScope) -> list[str]:
        """The endpoints in the scope that are enabled and have anything to look at."""
        ids, span = self._endpoint_ids(scope), _range(scope)
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for each in ids:
                pipe.hget(key("endpoint", each), "enabled")
                pipe.zcount(key("index", "endpoint", each, "failed"), span["oldest"], span["newest"])
            answers = pipe.execute()
        return [
            each
            for each, enabled, count in zip(ids, answers[::2], answers[1::2], strict=True)
            if enabled == b"1" and count
        ]

    def _endpoint_ids(self, scope: RecoveryScope) -> list[str]:
        if scope.endpoint_id:
            return [scope.endpoint_id]
        with translated():
            return [each.decode() for each in self.client.zrange(key("endpoints", scope.tenant), 0, -1)]

    def _count(self, endpoint_id: str, scope: RecoveryScope) -> int:
        arguments: dict[str, Any] = {"endpoint": endpoint_id, "limit": COUNT_AT_ONCE, **_range(scope)}
        count, more = 0, True
        while more:
            found, more = self.scripts.run("count_recoverable", arguments)
            arguments["oldest"] = more.decode()
            count += found
        return count


def _job(recovery_id: str) -> str:
    return f"recover:{recovery_id}"


def _range(scope: RecoveryScope) -> dict[str, str]:
    """Scores of the index, `until` exclusive, and the statuses as the scripts look for them."""
    return {
        "oldest": str(round(scope.since.timestamp() * 1_000_000)),
        "newest": "(" + str(round(scope.until.timestamp() * 1_000_000)),
        "statuses": f",{','.join(sorted(scope.statuses))},",
    }


def _recovery(recovery_id: str, fields: dict[str, str]) -> Recovery:
    since, until = records.time_of(fields["since"]), records.time_of(fields["until"])
    assert since is not None
    assert until is not None
    return Recovery(
        id=recovery_id,
        scope=RecoveryScope(
            tenant=fields["tenant"],
            endpoint_id=fields.get("endpoint_id"),
            since=since,
            until=until,
            statuses=frozenset(Status(name) for name in fields["statuses"].strip(",").split(",")),
        ),
        state=cast("Literal['running', 'done', 'failed']", fields["state"]),
        found=fields["phase"] != "finding",
        total=int(fields["total"]),
        done=int(fields["done"]),
        skipped=int(fields["skipped"]),
        started_at=records.time_of(fields["started_at"]),
        finished_at=records.time_of(fields.get("finished_at")),
    )
