"""What the stager asks of Redis, and the marks that health is judged by."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from webhooks.adapters import records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart, reminders
from webhooks.adapters.scripts import translated
from webhooks.answers import Backlog, Glance, LostLease, Minute, Notice, Staged, Vitals
from webhooks.measuring import by_the_minute
from webhooks.model import Lane, Reminder

STAGE_AT_ONCE = 500
FILL_AT_ONCE = 500
LOST_AT_ONCE = 100
JOB_STEP = 200
"""Deliveries that one step of background work touches: about 15 ms of the server's time."""
RETRY_SHARE = 10
"""One slot in so many is a retry's when any waits."""
JOB_LEASE_SECONDS = 30
JOB_KEPT_SECONDS = 24 * 3600
TRIM_EVERY_SECONDS = 1
"""What expires one by one goes together, once a second."""
GRACE_SECONDS = 2
"""A message is not taken for lost before this age, doubling with each publishing."""
BEHIND_SECONDS = 1
"""A claimed message that was published so much later proves an earlier one lost."""
OVERDUE_SECONDS = 60
OVERDUE_MOST_SECONDS = 900
MINUTES_KEPT = 25 * 60
"""How many minutes' counts are there: a day's, and an hour's so that a day's is whole."""
TENANTS_COUNTED = 1000


class RedisStaging(RedisPart):
    """`upkeep_ports.StagingStore` and `upkeep_ports.VitalsStore`."""

    def now(self) -> datetime:
        """The server's clock, with the offset that only tests set."""
        with translated(), self.client.pipeline(transaction=False) as pipe:
            pipe.time()
            pipe.get(key("offset"))
            (seconds, micros), offset = pipe.execute()
        return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=micros + int(offset or 0))

    def glance(self) -> Glance:
        """See `upkeep_ports.StagingStore.glance`."""
        under_way = [key("claimed")]
        for lane in Lane:
            under_way += [key("published", lane), key("ready", lane, "fresh"), key("ready", lane, "retry")]
        with translated(), self.client.pipeline(transaction=False) as pipe:
            pipe.zrange(key("due"), 0, 0, withscores=True)
            pipe.exists(*under_way)
            first, busy = pipe.execute()
        wait = float(first[0][1]) / 1_000_000 - self.now().timestamp() if first else None
        return Glance(next_due_seconds=wait, busy=bool(busy))

    def stage(self) -> Staged:
        """See `upkeep_ports.StagingStore.stage`."""
        rows, jobs, moved, next_us = self.scripts.run(
            "stage", {"limit": STAGE_AT_ONCE, "job_lease_us": JOB_LEASE_SECONDS * 1_000_000}
        )
        return Staged(
            reminders=reminders(rows),
            jobs=tuple(job.decode() for job in jobs),
            moved=moved,
            next_due_seconds=next_us / 1_000_000 if next_us >= 0 else None,
        )

    def fill(self, lane: Lane, *, window: int) -> tuple[Reminder, ...]:
        """See `upkeep_ports.StagingStore.fill`."""
        arguments = {"lane": lane, "window": window, "limit": FILL_AT_ONCE, "retry_share": RETRY_SHARE}
        return reminders(self.scripts.run("fill", arguments))

    def republish(self, lane: Lane, *, queue_empty: bool) -> tuple[Reminder, ...]:
        """See `upkeep_ports.StagingStore.republish`."""
        arguments = {
            "lane": lane,
            "empty": int(queue_empty),
            "limit": FILL_AT_ONCE,
            "grace_us": GRACE_SECONDS * 1_000_000,
            "behind_us": BEHIND_SECONDS * 1_000_000,
            "overdue_us": OVERDUE_SECONDS * 1_000_000,
            "overdue_most_us": OVERDUE_MOST_SECONDS * 1_000_000,
        }
        return reminders(self.scripts.run("republish", arguments))

    def lost_leases(self) -> list[LostLease]:
        """See `upkeep_ports.StagingStore.lost_leases`."""
        lost = []
        for delivery, endpoint, traceparent in self.scripts.run("lost_leases", {"limit": LOST_AT_ONCE}):
            fields = records.flat_hash(delivery)
            lost.append(
                LostLease(
                    delivery=records.delivery(fields),
                    token=fields["token"],
                    claimed_at=datetime.fromisoformat(fields["claimed_at"]),
                    endpoint=self.endpoint_of(records.flat_hash(endpoint)),
                    traceparent=traceparent.decode() or None,
                )
            )
        return lost

    def run_job(self, job_id: str) -> tuple[Reminder, ...]:
        """See `upkeep_ports.StagingStore.run_job`."""
        kind = job_id.partition(":")[0]
        arguments = {
            "job": job_id,
            "limit": JOB_STEP,
            "done_ttl_ms": JOB_KEPT_SECONDS * 1000,
            "pause_us": TRIM_EVERY_SECONDS * 1_000_000,
        }
        return reminders(self.scripts.run(kind, arguments)[1])

    def begin_trim(self) -> bool:
        """See `upkeep_ports.StagingStore.begin_trim`."""
        return bool(self.scripts.run("begin_trim", {}))

    def first_notice(self) -> Notice | None:
        """See `upkeep_ports.StagingStore.first_notice`."""
        with translated():
            raw = self.client.lindex(key("notices"), 0)
        if raw is None:
            return None
        fields = json.loads(raw)
        return Notice(
            kind=fields.pop("kind"),
            tenant=fields.pop("tenant"),
            endpoint_id=fields.pop("endpoint_id"),
            at=datetime.fromtimestamp(int(fields.pop("at_us")) / 1_000_000, UTC),
            details=fields,
            raw=raw,
        )

    def drop_notice(self, notice: Notice) -> None:
        """See `upkeep_ports.StagingStore.drop_notice`."""
        self.scripts.run("drop_notice", {}, notice.raw)

    def mark_stager(self) -> None:
        """See `upkeep_ports.VitalsStore.mark_stager`."""
        self.scripts.run("vitals", {"mark": key("stager")})

    def mark_canary(self, lane: Lane) -> None:
        """See `upkeep_ports.VitalsStore.mark_canary`."""
        self.scripts.run("vitals", {"mark": key("canary", lane)})

    def canary_due(self, lane: Lane, *, every_seconds: float) -> bool:
        """See `upkeep_ports.VitalsStore.canary_due`."""
        with translated():
            return bool(self.client.set(key("canary_turn", lane), "1", nx=True, px=round(every_seconds * 1000)))

    def vitals(self) -> Vitals:
        """See `upkeep_ports.VitalsStore.vitals`."""
        stager, deliveries, handlers, late = self.scripts.run("vitals", {})
        return Vitals(
            stager_age=_seconds(stager),
            canary_ages={Lane.DELIVERIES: _seconds(deliveries), Lane.HANDLERS: _seconds(handlers)},
            oldest_overdue_seconds=late / 1_000_000,
        )

    def backlog(self) -> Backlog:
        """See `upkeep_ports.VitalsStore.backlog`."""
        ready, published, claimed, due, waiting, breakers = self.scripts.run(
            "backlog", {"most_tenants": TENANTS_COUNTED}
        )
        return Backlog(
            ready={(Lane(lane.decode()), kind.decode()): size for lane, kind, size in ready},
            published={Lane(lane.decode()): size for lane, size in published},
            claimed=claimed,
            due=due,
            waiting=waiting,
            breakers=Counter(state.decode() for state in breakers),
        )

    def count(self, counts: dict[str, int]) -> None:
        """See `upkeep_ports.VitalsStore.count`."""
        now = self.now().timestamp()
        minute = key("minute", str(int(now // 60)))
        with translated(), self.client.pipeline(transaction=True) as pipe:
            pipe.hsetnx(key("flow"), "since_ms", round(now * 1000))
            for name, by in counts.items():
                pipe.hincrby(key("flow"), name, by)
                if by_the_minute(name):
                    pipe.hincrby(minute, name, by)
            pipe.expire(minute, MINUTES_KEPT * 60)
            pipe.execute()

    def counts(self) -> dict[str, int]:
        """See `upkeep_ports.VitalsStore.counts`."""
        return {name: int(value) for name, value in self.hash("flow").items()}

    def minutes(self, number: int) -> list[Minute]:
        """See `upkeep_ports.VitalsStore.minutes`."""
        last = int(self.now().timestamp() // 60)
        wanted = range(last - number + 1, last + 1)
        counted = self.hashes([key("minute", str(minute)) for minute in wanted])
        return [
            Minute(
                began_at=datetime.fromtimestamp(minute * 60, UTC),
                counts={name: int(value) for name, value in fields.items()},
            )
            for minute, fields in zip(wanted, counted, strict=True)
        ]

    def places(self, delivery_id: str) -> list[str]:
        """Every place where the delivery stands; exactly one while it is not final."""
        fields = self.hash("delivery", delivery_id)
        endpoint_id, tenant = fields.get("endpoint_id", ""), fields.get("tenant", "")
        candidates = {
            "claimed": key("claimed"),
            "due": key("due"),
            f"waiting:{endpoint_id}": key("waiting", endpoint_id),
            f"line:{endpoint_id}": key("line", endpoint_id, fields.get("ordering_key", "")),
        }
        for lane in Lane:
            candidates[f"published:{lane}"] = key("published", lane)
            for kind in ("fresh", "retry"):
                candidates[f"ready:{lane}:{kind}"] = key("ready", lane, kind, tenant)
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for name in candidates.values():
                pipe.zscore(name, delivery_id)
            scores = pipe.execute()
        return [place for place, score in zip(candidates, scores, strict=True) if score is not None]


def _seconds(us: Any) -> float | None:
    return us / 1_000_000 if us >= 0 else None
