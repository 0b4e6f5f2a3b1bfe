"""The seams of what looks after deliveries and at them: the stager, readiness, statistics."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from webhooks.answers import Backlog, Glance, LostLease, Minute, Notice, Recent, Staged, Vitals
from webhooks.model import Lane, Reminder


class StagingStore(Protocol):
    """What the stager asks (docs/adr/0002)."""

    def glance(self) -> Glance:
        """Whether anything is due, and when, or is under way; a few cheap commands."""
        ...

    def stage(self) -> Staged:
        """Move a bounded number of what is due to where it may go."""
        ...

    def fill(self, lane: Lane, *, window: int) -> tuple[Reminder, ...]:
        """Move from ready to published until the window is full, in bounded batches, tenants in turn."""
        ...

    def republish(self, lane: Lane, *, queue_empty: bool) -> tuple[Reminder, ...]:
        """Those published ones whose message the queue proves lost, or that are overdue, marked anew."""
        ...

    def lost_leases(self) -> list[LostLease]:
        """A bounded number of claimed deliveries whose lease ran out."""
        ...

    def first_notice(self) -> Notice | None:
        """The oldest change that no operational event was made of yet."""
        ...

    def drop_notice(self, notice: Notice) -> None:
        """That notice is dealt with."""
        ...

    def begin_trim(self) -> bool:
        """The job `trim` looks now for what has expired, as it does by itself; False where nothing will expire."""
        ...

    def run_job(self, job_id: str) -> tuple[Reminder, ...]:
        """One bounded step of a background job."""
        ...


class VitalsStore(Protocol):
    """Marks that health is judged by, and counts."""

    def schema_version(self, *, current: int) -> int:
        """The version of what is stored; an empty store takes the current one. Raises Unavailable."""
        ...

    def mark_schema_version(self, version: int) -> None:
        """From now on what is stored has that version. Raises Unavailable."""
        ...

    def examine(self) -> list[str]:
        """What an operator should know about the store, one sentence each; none where all is well.

        Raises SettingsError where it cannot be used at all, or not with this secret key; Unavailable.
        """
        ...

    def mark_stager(self) -> None:
        """The stager looked just now."""
        ...

    def mark_canary(self, lane: Lane) -> None:
        """A worker ran this lane's canary just now."""
        ...

    def canary_due(self, lane: Lane, *, every_seconds: float) -> bool:
        """Whether this caller, alone among all, should publish the lane's canary now."""
        ...

    def vitals(self) -> Vitals:
        """All marks, as ages by the store's clock."""
        ...

    def backlog(self) -> Backlog:
        """What stands where, now; of a thousand tenants at most."""
        ...

    def count(self, counts: dict[str, int]) -> None:
        """Add to the flow counters that are kept in memory by the receiving lane."""
        ...

    def counts(self) -> dict[str, int]:
        """The raw flow counters and `since_ms`, when they began (webhooks/flow.py makes nodes and edges of them)."""
        ...

    def minutes(self, number: int) -> list[Minute]:
        """The same counters for each of the last `number` minutes, the present one last; of one day at most."""
        ...


class RecentStore(Protocol):
    """What endpoints did lately."""

    def recent(self, endpoint_ids: Sequence[str]) -> list[tuple[Recent, ...]]:
        """Each endpoint's latest outcomes, at most forty, the latest last; test sends are left out."""
        ...

    def attempts_since(self, endpoint_id: str, since: datetime) -> list[Recent]:
        """Attempts that started since then, of the endpoint's latest two thousand deliveries; no test sends."""
        ...

    def failing(self, *, limit: int) -> list[str]:
        """Endpoints without a success since a failure, those that fail for longest first."""
        ...

    def slowest(self, *, limit: int) -> list[str]:
        """Endpoints by their slowest attempt of this hour and the last, the slowest first."""
        ...
