"""The nodes of the flow that an event has reached, on both sides."""

import pytest

from webhooks.model import Delivery, Status
from webhooks.reached import nodes


def delivery(status, *, attempts=1, retries_used=0):
    return Delivery(
        id="e:x",
        event_id="e",
        event_type="a",
        endpoint_id="x",
        tenant="t",
        status=status,
        attempts=attempts,
        retries_used=retries_used,
    )


SENT = ["n1", "n2", "n3", "n4", "n5"]
DELIVERED = [*SENT, "n6", "n7"]
RECEIVED = ["n8", "n9", "n10", "n11", "n13"]


@pytest.mark.parametrize(
    ("sent", "handled", "expected"),
    [
        ([], None, ["n1", "n2"]),
        ([delivery(Status.PENDING, attempts=0)], None, ["n1", "n2"]),
        ([delivery(Status.EXHAUSTED)], None, SENT),
        ([delivery(Status.DELIVERED)], None, DELIVERED),
        ([delivery(Status.RETRYING, retries_used=1)], None, [*SENT, "n15", "n16"]),
        ([delivery(Status.DELIVERED, retries_used=1)], None, [*DELIVERED, "n15", "n16", "n17"]),
        ([delivery(Status.DELIVERED)], [], [*DELIVERED, *RECEIVED]),
        ([delivery(Status.DELIVERED)], [delivery(Status.EXHAUSTED)], [*DELIVERED, *RECEIVED, "n18", "n19", "n20"]),
        (
            [delivery(Status.SENDING, attempts=0)],
            [delivery(Status.DELIVERED)],
            ["n1", "n2", "n7", *RECEIVED, "n18", "n19", "n20", "n21"],
        ),
    ],
)
def test_the_nodes_follow_from_what_the_deliveries_tell(sent, handled, expected):
    assert nodes(sent, handled) == expected
