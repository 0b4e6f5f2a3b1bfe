"""The flow, counted: the store's raw counters as the nodes and edges of the drawing."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from webhooks.answers import Minute

RETRIES = 5
STEPS: Mapping[str, str] = {
    "n1": "Start",
    "n2": "Event occurs",
    "n3": "Prepare webhook payload",
    "n4": "Send HTTP POST request",
    "n5": "Response 2xx?",
    "n6": "Log successful delivery",
    "n7": "End",
    "n8": "Validate signature header",
    "n9": "Signature valid?",
    "n10": "Parse JSON payload",
    "n11": "Acknowledge with 200 OK",
    "n12": "Return 401 Unauthorized",
    "n13": "Queue for async processing",
    "n14": "Return 400 Bad Request",
    "n15": "Add to retry queue",
    "n16": "Wait with backoff",
    "n17": "Retry delivery",
    "n18": "Deserialize event data",
    "n19": "Route to handler",
    "n20": "Execute business logic",
    "n21": "Update local state",
}
"""What each node of the drawing is called."""
SINCE = "since_ms"
"""The counter that holds when counting began, in milliseconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """How often each node was reached, and each edge taken."""

    nodes: dict[str, int]
    edges: dict[str, int]
    loop: tuple[int, ...]
    """First attempts, then those that were the first, second, … retry; the last stands for all beyond, too."""
    since: datetime | None = None
    """None before anything was counted."""


def flow(counts: Mapping[str, int]) -> Flow:
    """The drawing's counts out of the raw ones; a counter that is missing is 0."""
    raw = Counter(counts)
    nodes = _nodes(raw)
    since = counts.get(SINCE)
    return Flow(
        nodes=nodes,
        edges=_edges(raw, nodes),
        loop=(
            raw["attempts.first"] + raw["handlers.first"],
            *(raw[f"retries.claimed.{number}"] for number in range(1, RETRIES + 1)),
        ),
        since=None if since is None else datetime.fromtimestamp(since / 1000, UTC),
    )


def per_minute(minutes: Sequence[Minute], now: datetime) -> Flow:
    """How often in the last sixty seconds: this minute's counts, and of the last one the part that is not past.

    What happened within a minute is taken to be spread evenly; any minute that was counted shows as 1 at least.
    """
    *_, before, current = minutes
    past = min(1.0, (now - current.began_at).total_seconds() / 60)
    return flow(
        {
            name: current.counts.get(name, 0) + math.ceil(before.counts.get(name, 0) * (1 - past))
            for name in before.counts.keys() | current.counts.keys()
        }
    )


def _nodes(raw: Counter[str]) -> dict[str, int]:
    events = raw["events"]
    attempts = raw["attempts.first"] + raw["attempts.retry"]
    delivered = raw["delivered"]
    checked = raw["receiver.checked"]
    kept = raw["receiver.kept"]
    scheduled = raw["retries.scheduled"] + raw["handlers.failed_retry"]
    handled = raw["handlers.first"] + raw["handlers.retry"]
    return {
        "n1": events,
        "n2": events,
        "n3": attempts,
        "n4": attempts,
        "n5": attempts,
        "n6": delivered,
        "n7": delivered + raw["handlers.done_own"],
        "n8": checked,
        "n9": checked,
        "n10": raw["receiver.parsed"],
        "n11": kept,
        "n12": raw["receiver.refused"],
        "n13": kept,
        "n14": raw["receiver.malformed"],
        "n15": scheduled,
        "n16": scheduled,
        "n17": raw["retries.claimed"] + raw["handlers.retries_claimed"],
        "n18": handled,
        "n19": handled,
        "n20": handled,
        "n21": raw["handlers.done"],
    }


def _edges(raw: Counter[str], nodes: Mapping[str, int]) -> dict[str, int]:
    """Where a node has one way in, the edge is the node; a retry joins the first attempts at n4."""
    first = raw["attempts.first"]
    return {
        "n1:n2": nodes["n1"],
        "n2:n3": first,
        "n3:n4": first,
        "n4:n8": nodes["n8"],
        "n5:n6": nodes["n6"],
        "n5:n15": raw["retries.scheduled"],
        "n6:n7": nodes["n6"],
        "n8:n9": nodes["n8"],
        "n9:n10": nodes["n10"],
        "n9:n12": nodes["n12"],
        "n10:n11": nodes["n11"],
        "n11:n13": nodes["n13"],
        "n10:n14": nodes["n14"],
        "n11:n5": nodes["n11"],
        "n12:n5": nodes["n12"],
        "n14:n5": nodes["n14"],
        "n13:n18": raw["handlers.first"],
        "n15:n16": nodes["n15"],
        "n16:n17": nodes["n17"],
        "n17:n4": raw["attempts.retry"],
        "n18:n19": nodes["n18"],
        "n19:n20": nodes["n19"],
        "n20:n21": nodes["n21"],
        "n21:n7": raw["handlers.done_own"],
    }
