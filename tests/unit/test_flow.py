import json
from datetime import UTC, datetime

import pytest

from webhooks.flow import flow

BEGAN = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
NODES = [f"n{number}" for number in range(1, 22)]
EDGES = {
    "n1:n2", "n2:n3", "n3:n4", "n4:n8", "n5:n6", "n5:n15", "n6:n7", "n8:n9", "n9:n10", "n9:n12", "n10:n11",
    "n11:n13", "n10:n14", "n11:n5", "n12:n5", "n14:n5", "n13:n18", "n15:n16", "n16:n17", "n17:n4", "n18:n19",
    "n19:n20", "n20:n21", "n21:n7",
}  # fmt: skip

# One event whose receiver is this installation: refused by 503, then by 401, then taken; its handler fails once.
STORY = {
    "events": 1,
    "attempts.first": 1,
    "attempts.retry": 2,
    "delivered": 1,
    "retries.scheduled": 2,
    "retries.claimed": 2,
    "receiver.checked": 2,
    "receiver.refused": 1,
    "receiver.parsed": 1,
    "receiver.kept": 1,
    "handlers.first": 1,
    "handlers.retry": 1,
    "handlers.failed_retry": 1,
    "handlers.retries_claimed": 1,
    "handlers.done": 1,
    "handlers.done_own": 1,
    "since_ms": round(BEGAN.timestamp() * 1000),
}


def test_every_node_and_every_edge_of_the_drawing_has_a_count():
    counted = flow({})

    assert list(counted.nodes) == NODES
    assert set(counted.edges) == EDGES
    assert set(counted.nodes.values()) == set(counted.edges.values()) == {0}
    assert counted.since is None


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("n1", 1), ("n2", 1), ("n3", 3), ("n4", 3), ("n5", 3), ("n6", 1), ("n7", 2), ("n8", 2), ("n9", 2),
        ("n10", 1), ("n11", 1), ("n12", 1), ("n13", 1), ("n14", 0), ("n15", 3), ("n16", 3), ("n17", 3),
        ("n18", 2), ("n19", 2), ("n20", 2), ("n21", 1),
    ],
)  # fmt: skip
def test_a_story_is_counted_at_each_node(node, expected):
    assert flow(STORY).nodes[node] == expected


@pytest.mark.parametrize(
    ("edge", "expected"),
    [("n2:n3", 1), ("n3:n4", 1), ("n17:n4", 2), ("n5:n6", 1), ("n5:n15", 2), ("n9:n12", 1), ("n21:n7", 1)],
)
def test_an_edge_is_the_count_of_that_move(edge, expected):
    assert flow(STORY).edges[edge] == expected


def test_what_reaches_the_post_are_first_attempts_and_retries():
    counted = flow(STORY)

    assert counted.edges["n3:n4"] + counted.edges["n17:n4"] == counted.nodes["n4"]


def test_since_is_the_moment_when_counting_began():
    assert flow(STORY).since == BEGAN


def test_the_counts_are_plain_numbers():
    assert json.loads(json.dumps(flow(STORY).nodes)) == flow(STORY).nodes
