"""Operational events: what Hookline tells its users about their endpoints, delivered like any other event."""

import hashlib
import json
from datetime import datetime
from importlib import resources
from typing import Any, Protocol

import structlog

from webhooks.answers import Notice
from webhooks.model import Event
from webhooks.payload import encode, time_text
from webhooks.upkeep_ports import StagingStore

PREFIX = "hookline."
AT_ONCE = 100
"""Notices that one look deals with."""
WORRYING = frozenset({"endpoint.disabled", "endpoint.failing"})
BY_HAND = "manual"

log = structlog.get_logger()


class EventIntake(Protocol):
    """What keeps an event for whoever asked for it (webhooks/publishing.py)."""

    def offer(self, event: Event) -> bool:
        """Keep it if any endpoint asked for it; whether one did. Raises Unavailable."""
        ...


def send_notices(store: StagingStore, intake: EventIntake) -> int:
    """Make events of the changes that wait, in order; how many. Raises Unavailable.

    A notice is dropped after its event is kept, and the event's id follows from the notice, so that a crash between
    the two doubles nothing.
    """
    for done in range(AT_ONCE):
        notice = store.first_notice()
        if notice is None:
            return done
        _log(notice)
        intake.offer(event_of(notice))
        store.drop_notice(notice)
    return AT_ONCE


def event_of(notice: Notice) -> Event:
    """The event that tells of a change: `data` is `{"endpoint_id": "ep_…", "at": "…", …}` (docs/events.md)."""
    kind = PREFIX + notice.kind
    data = {"endpoint_id": notice.endpoint_id, "at": time_text(notice.at), **notice.details}
    body = json.dumps(data, separators=(",", ":"), sort_keys=True).encode()
    return Event(
        id=_id(notice),
        tenant=notice.tenant,
        type=kind,
        occurred_at=notice.at,
        body=encode(kind, notice.at, body),
        digest=hashlib.sha256(body).hexdigest(),
    )


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each type's body, by type; each has an example."""
    folder = resources.files("webhooks").joinpath("event_schemas")
    files = sorted((each for each in folder.iterdir() if each.name.endswith(".json")), key=lambda each: each.name)
    return {each.name.removesuffix(".json"): json.loads(each.read_text()) for each in files}


def _log(notice: Notice) -> None:
    """What nobody asked for is a warning; of deliveries the attempt's own line tells."""
    if not notice.kind.startswith("endpoint."):
        return
    worrying = notice.kind in WORRYING and notice.details.get("reason") != BY_HAND
    say = log.warning if worrying else log.info
    say(notice.kind, endpoint_id=notice.endpoint_id, tenant=notice.tenant, at=time_text(notice.at), **notice.details)


def _id(notice: Notice) -> str:
    name = f"{notice.kind}|{notice.tenant}|{notice.endpoint_id}|{_micros(notice.at)}|{sorted(notice.details.items())}"
    return "evt_op_" + hashlib.sha256(name.encode()).hexdigest()[:32]


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
