"""A real server for the contract tests, and a world: a store whose time moves on demand."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from webhooks import lifecycle
from webhooks.adapters.encryption import Cipher
from webhooks.adapters.redis_store import RedisStore
from webhooks.answers import Matched, Posting, Recipient
from webhooks.event_types import Finding
from webhooks.model import Attempt, Endpoint, Event, Lane, Outcome, Response, Verdict

KEY = Fernet.generate_key().decode()
MARGIN_SECONDS = 15
RETENTION_SECONDS = 3600


@pytest.fixture
def world(valkey):
    world = World(valkey.port)
    yield world
    world.check()
    world.store.client.close()


class World:
    """A store, its time, and what a worker and a stager do to it."""

    def __init__(self, port: int, *, window: int = 50, replicas_ack: int = 0) -> None:
        self.window = window
        self.store = RedisStore.from_url(
            f"redis://127.0.0.1:{port}/0",
            cipher=Cipher([KEY]),
            windows=dict.fromkeys(Lane, window),
            retention_seconds=RETENTION_SECONDS,
            replicas_ack=replicas_ack,
        )
        self.store.client.flushdb()
        self.events = 0
        self.ids: list[str] = []
        self.claims: dict[str, tuple] = {}
        self.starts: list[float] = []

    def check(self) -> None:
        """Each delivery that is not final stands in exactly one place, a final one in none."""
        for delivery_id in self.ids:
            fields = self.store.hash("delivery", delivery_id)
            if fields:
                expected = 0 if fields["status"] in ("delivered", "exhausted", "cancelled", "skipped") else 1
                assert len(self.store.places(delivery_id)) == expected, (fields, self.store.places(delivery_id))
        for lane in Lane:
            published = [each.decode() for each in self.store.client.zrange(f"published:{lane}", 0, -1)]
            tenants = Counter(self.store.hash("delivery", each)["tenant"] for each in published)
            assert self.store.hash("conveyor", lane) == {tenant: str(count) for tenant, count in tenants.items()}

    def endpoint(self, endpoint_id="ep_1", *, tenant="default", **fields):
        return self.store.add_endpoint(Endpoint(id=endpoint_id, tenant=tenant, url="https://hooks.test/", **fields))

    def change(self, endpoint_id="ep_1", **fields):
        return self.store.change_endpoint(endpoint_id, lambda endpoint: replace(endpoint, **fields))

    def advance(self, seconds):
        self.store.client.incrby("clock:offset", round(seconds * 1_000_000))

    def event(self, event_id=None, *, tenant="default", event_type="a.b", key=None, digest="d"):
        self.events += 1
        return Event(
            id=event_id or f"evt_{self.events}",
            tenant=tenant,
            type=event_type,
            occurred_at=datetime(2026, 11, 25, 9, tzinfo=UTC),
            body=b'{"type":"a.b","data":{}}',
            digest=digest,
            ordering_key=key,
        )

    def accept(self, event, recipients=(("ep_1", True),), *, call=None, **options):
        """The store's answer to an event for these endpoints."""
        acceptance = self.store.accept([self.posting(event, recipients, call=call, **options)])[0]
        if acceptance.verdict == "kept":
            self.ids += [f"{acceptance.event_id}:{endpoint_id}" for endpoint_id, _ in recipients]
        return acceptance

    def posting(self, event, recipients=(("ep_1", True),), *, call=None, refused=False, **options):
        matched = Matched(
            event=event,
            recipients=tuple(
                Recipient(endpoint_id=endpoint_id, enabled=enabled) for endpoint_id, enabled in recipients
            ),
            endpoints_version=options.pop("endpoints_version", self.store.endpoints_version(event.tenant)),
            event_types_version=options.pop("event_types_version", None),
            finding=Finding(refused=refused),
        )
        return Posting(matched=matched, call=call or f"call-{event.tenant}-{event.id}", **options)

    def publish(self, *, endpoint_id="ep_1", trigger="initial", **fields):
        """The id of a new delivery."""
        event = self.event(**fields)
        self.accept(event, [(endpoint_id, True)], trigger=trigger)
        return f"{event.id}:{endpoint_id}"

    def claim(self, delivery_id, *, number=None, token=None):
        """True where it was won, else the word for why not."""
        number = number or self.store.delivery(delivery_id).attempts + 1
        token = token or f"{delivery_id}#{number}"
        claim = self.store.claim(delivery_id, number, token, lease_margin_seconds=MARGIN_SECONDS)
        if claim.won:
            self.claims[delivery_id] = (claim, number, token)
        return claim.won or claim.refusal

    def decided(self, delivery_id, status=200, *, error=None, schedule=(0.0,) * 20, luck=0.0):
        """What the lifecycle makes of an answer to the claim of this delivery."""
        claim, number, _ = self.claims[delivery_id]
        verdict = Verdict.DELIVERED if status == 200 and not error else Verdict.FAILED
        outcome = Outcome(verdict=verdict, error=error, response=None if error else Response(status_code=status))
        attempt = Attempt(
            number=number, trigger=claim.delivery.next_trigger, started_at=datetime.now(UTC), outcome=outcome
        )
        return lifecycle.settle(claim.delivery, attempt, schedule=schedule, own_schedule=True, luck=luck)

    def settle(self, delivery_id, status=200, **options):
        """The store's answer to a settlement by who claimed last."""
        settlement = self.decided(delivery_id, status, **options)
        _, number, token = self.claims[delivery_id]
        return self.store.settle(delivery_id, number, token, settlement)

    def attempt(self, delivery_id, status=200, **options):
        """Claimed and settled."""
        assert self.claim(delivery_id) is True
        return self.settle(delivery_id, status, **options)

    def stage(self):
        """What a stager publishes in one look, as delivery ids."""
        staged = self.store.stage()
        reminders = list(staged.reminders)
        for job in staged.jobs:
            if job != "notices":
                reminders += self.store.run_job(job)
        for lane in Lane:
            reminders += self.store.fill(lane, window=self.window)
        return [each.delivery_id for each in reminders]

    def health(self, endpoint_id="ep_1"):
        return self.store.endpoint(endpoint_id).health

    def warm_up(self, successes=20, *, endpoint_id="ep_1"):
        """The endpoint is past its slow start."""
        for _ in range(successes):
            self.attempt(self.publish(endpoint_id=endpoint_id))

    def notices(self):
        kinds = []
        while notice := self.store.first_notice():
            kinds.append(notice.kind)
            self.store.drop_notice(notice)
        return kinds
