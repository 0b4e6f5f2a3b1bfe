"""Deliveries in Redis: claim, settle, release, replay, cancel."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from webhooks.adapters import attempt_records, records
from webhooks.adapters.keys import key
from webhooks.adapters.redis_part import RedisPart, reminders
from webhooks.adapters.redis_recent import pack_recent
from webhooks.adapters.scripts import translated
from webhooks.answers import Claim, Settled, Settlement
from webhooks.errors import Conflict, NotFound
from webhooks.measuring import by_the_minute
from webhooks.model import Attempt, Delivery, Reason, Reminder, Status, Trigger, Verdict


class RedisDeliveries(RedisPart):
    """`ports.DeliveryStore` but for the lists."""

    def claim(self, delivery_id: str, attempt: int, token: str, *, lease_margin_seconds: float) -> Claim:
        """See `ports.DeliveryStore.claim`."""
        answer = self.scripts.run(
            "claim",
            {
                "id": delivery_id,
                "attempt": attempt,
                "token": token,
                "margin_us": round(lease_margin_seconds * 1_000_000),
                "fields": records.ENDPOINT_FIELDS,
            },
        )
        word, hungry, rows = answer[0].decode(), bool(answer[1]), reminders(answer[2])
        if word != "won":
            return Claim(won=False, refusal=word, hungry=hungry, reminders=rows)
        return Claim(
            won=True,
            delivery=records.delivery(records.flat_hash(answer[3])),
            endpoint=records.known_endpoint(tuple(answer[4]), self.cipher),
            body=answer[5],
            traceparent=answer[6].decode() or None,
            hungry=hungry,
            reminders=rows,
        )

    def settle(self, delivery_id: str, attempt: int, token: str, settlement: Settlement) -> Settled:
        """See `ports.DeliveryStore.settle`."""
        arguments = {
            "id": delivery_id,
            "attempt": attempt,
            "token": token,
            "retry": int(settlement.attempt.trigger is Trigger.RETRY),
            "took_ms": settlement.attempt.outcome.duration_ms,
            "delay_us": round(settlement.delay_seconds * 1_000_000),
            "measures": {name: by for name, by in settlement.measures.items() if by_the_minute(name)},
            "totals": {name: by for name, by in settlement.measures.items() if not by_the_minute(name)},
            **_outcome_fields(settlement),
        }
        won, status, reason, hungry, rows = self.scripts.run(
            "settle", arguments, attempt_records.pack_attempt(settlement.attempt), pack_recent(settlement.attempt)
        )
        return Settled(
            won=bool(won),
            status=Status(status.decode()) if status else settlement.status,
            reason=Reason(reason.decode()) if reason else None,
            hungry=bool(hungry),
            reminders=reminders(rows),
        )

    def settle_late(self, delivery_id: str, settlement: Settlement) -> tuple[bool, tuple[Reminder, ...]]:
        """See `ports.DeliveryStore.settle_late`."""
        arguments = {"id": delivery_id, "attempt": settlement.attempt.number, **_outcome_fields(settlement)}
        found, rows = self.scripts.run("settle_late", arguments, attempt_records.pack_attempt(settlement.attempt))
        return bool(found), reminders(rows)

    def release(self, delivery_id: str, attempt: int, token: str) -> tuple[Reminder, ...]:
        """See `ports.DeliveryStore.release`."""
        return reminders(self.scripts.run("release", {"id": delivery_id, "attempt": attempt, "token": token}))

    def delivery(self, delivery_id: str) -> Delivery | None:
        """See `ports.DeliveryStore.delivery`."""
        found = self.deliveries([delivery_id])
        return found[0] if found else None

    def deliveries(self, delivery_ids: Sequence[str]) -> list[Delivery]:
        """Those of them that there are, as a reader should see them: what a stop will cancel is cancelled."""
        hashes = [fields for fields in self.hashes([key("delivery", each) for each in delivery_ids]) if fields]
        endpoint_ids = sorted({fields["endpoint_id"] for fields in hashes})
        cuts = dict(zip(endpoint_ids, self._cuts(endpoint_ids), strict=True))
        return [_seen(records.delivery(each), each, cuts[each["endpoint_id"]]) for each in hashes]

    def attempts(self, delivery_id: str) -> list[Attempt]:
        """See `ports.DeliveryStore.attempts`."""
        endpoint_id = delivery_id.rpartition(":")[2]
        with translated(), self.client.pipeline(transaction=False) as pipe:
            pipe.lrange(key("attempts", delivery_id), 0, -1)
            pipe.hget(key("endpoint", endpoint_id), "hidden")
            packed, hidden = pipe.execute()
        url = records.url_of(hidden.decode(), self.cipher) if hidden else None
        return [attempt_records.unpack_attempt(each, url=url) for each in packed]

    def replay(self, delivery_id: str) -> tuple[Delivery, tuple[Reminder, ...]]:
        """See `ports.DeliveryStore.replay`."""
        verdict, rows = self.scripts.run("replay", {"id": delivery_id})
        if verdict == b"unfinished":
            raise Conflict("the delivery is not finished; it can be replayed once it is")
        if verdict == b"stopped":
            raise Conflict("its endpoint is disabled or deleted, or its payload erased; enable the endpoint first")
        return self._known(delivery_id), reminders(rows)

    def cancel(self, delivery_id: str) -> tuple[Delivery, tuple[Reminder, ...]]:
        """See `ports.DeliveryStore.cancel`."""
        verdict, rows = self.scripts.run("cancel", {"id": delivery_id})
        if verdict == b"final":
            raise Conflict("the delivery is finished already")
        return self._known(delivery_id), reminders(rows)

    def _known(self, delivery_id: str) -> Delivery:
        found = self.delivery(delivery_id)
        if not found:
            raise NotFound(f"there is no delivery {delivery_id}")
        return found

    def _cuts(self, endpoint_ids: Sequence[str]) -> list[list[str | None]]:
        if not endpoint_ids:
            return []
        with translated(), self.client.pipeline(transaction=False) as pipe:
            for each in endpoint_ids:
                pipe.hmget(key("endpoint", each), "enabled", "deleted", "cut_us", "cut_reason")
            return [[value and value.decode() for value in row] for row in pipe.execute()]


def _outcome_fields(settlement: Settlement) -> dict[str, Any]:
    outcome = settlement.attempt.outcome
    fields: dict[str, Any] = {
        "status": settlement.status,
        "success": int(outcome.verdict is Verdict.DELIVERED),
        "lost": int(outcome.verdict is Verdict.LOST),
        "status_code": outcome.status_code,
        "error": outcome.error or ("lost" if outcome.verdict is Verdict.LOST else None),
        "reason": settlement.reason,
        "stop": settlement.stop_endpoint,
        "slow_down": settlement.slow_down or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _seen(delivery: Delivery, fields: dict[str, str], cut: list[str | None]) -> Delivery:
    """The same rule as `stop_reason` in prelude.lua, for those that a job has not reached yet."""
    enabled, deleted, cut_us, cut_reason = cut
    if delivery.status not in (Status.PENDING, Status.RETRYING):
        return delivery
    if deleted or enabled is None:
        reason = Reason.ENDPOINT_DELETED
    elif delivery.trigger is not Trigger.TEST and (enabled != "1" or int(fields["began_us"]) <= int(cut_us or 0)):
        reason = Reason.GONE if cut_reason == "gone" else Reason.ENDPOINT_DISABLED
    else:
        return delivery
    return replace(delivery, status=Status.CANCELLED, reason=reason, next_attempt_at=None, waiting_for=None)
