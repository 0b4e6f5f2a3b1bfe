"""Endpoints' latest outcomes in Redis, and which of them fail or are slow."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from webhooks.adapters.attempt_records import LETTERS, VERDICTS, unpack_attempt
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart
from webhooks.adapters.scripts import translated
from webhooks.answers import Recent
from webhooks.model import Attempt, Trigger

RECENT_KEPT = 40
HOUR_SECONDS = 3600
DELIVERIES_COUNTED = 2000
AT_ONCE = 250
HOURS_LOOKED_AT = 2


class RedisRecent(RedisPart):
    """`upkeep_ports.RecentStore`."""

    def recent(self, endpoint_ids: Sequence[str]) -> list[tuple[Recent, ...]]:
        """See `upkeep_ports.RecentStore.recent`."""
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for each in endpoint_ids:
                pipe.lrange(key("recent", each), 0, RECENT_KEPT - 1)
            found = pipe.execute()
        return [tuple(map(_unpacked, reversed(rows))) for rows in found]

    def attempts_since(self, endpoint_id: str, since: datetime) -> list[Recent]:
        """See `upkeep_ports.RecentStore.attempts_since`."""
        index = key("index", "endpoint", endpoint_id, "all")
        with translated():
            ids = self.client.zrange(index, 0, DELIVERIES_COUNTED - 1, desc=True)
        found = []
        for start in range(0, len(ids), AT_ONCE):
            with translated(), self.client.pipeline(transaction=False) as pipe:
                for each in ids[start : start + AT_ONCE]:
                    pipe.lrange(key("attempts", each.decode()), 0, -1)
                rows = [packed for packed_ones in pipe.execute() for packed in packed_ones]
            found += [_shortened(attempt) for attempt in map(unpack_attempt, rows) if _counts(attempt, since)]
        return found

    def failing(self, *, limit: int) -> list[str]:
        """See `upkeep_ports.RecentStore.failing`."""
        with translated():
            found = self.client.zrange(key("failing"), 0, limit - 1)
        return [each.decode() for each in found]

    def slowest(self, *, limit: int) -> list[str]:
        """See `upkeep_ports.RecentStore.slowest`."""
        hour = int(self.now_seconds() // HOUR_SECONDS)
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for back in range(HOURS_LOOKED_AT):
                pipe.zrange(key("slow", str(hour - back)), 0, limit - 1, desc=True, withscores=True)
            rows = [row for rows in pipe.execute() for row in rows]
        slowest_first = sorted(rows, key=lambda row: row[1], reverse=True)
        return list(dict.fromkeys(endpoint.decode() for endpoint, _ in slowest_first))[:limit]

    def now_seconds(self) -> float:
        """The server's clock, with the offset that only tests set."""
        with translated(), self.client.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.get(key("offset"))
            (seconds, _), offset = pipe.execute()
        return float(seconds + int(offset or 0) / 1_000_000)


def pack_recent(attempt: Attempt) -> bytes:
    """What is kept of an attempt beside its endpoint."""
    outcome = attempt.outcome
    came = outcome.status_code or outcome.error or ""
    began_ms = round(attempt.started_at.timestamp() * 1000)
    return LETTERS[outcome.verdict] + msgspec.msgpack.encode((came, round(outcome.duration_ms, 1), began_ms))


def _counts(attempt: Attempt, since: datetime) -> bool:
    return attempt.started_at >= since and attempt.trigger is not Trigger.TEST


def _shortened(attempt: Attempt) -> Recent:
    outcome = attempt.outcome
    return Recent(
        verdict=outcome.verdict,
        came=str(outcome.status_code or outcome.error or ""),
        duration_ms=outcome.duration_ms,
        started_at=attempt.started_at,
    )


def _unpacked(packed: bytes) -> Recent:
    came, duration_ms, began_ms = msgspec.msgpack.decode(packed[1:])
    return Recent(
        verdict=VERDICTS[packed[:1]],
        came=str(came),
        duration_ms=duration_ms,
        started_at=datetime.fromtimestamp(began_ms / 1000, UTC),
    )
