"""One event through all four lanes; runs before other tests post to the receiver, whose counts are kept a second later."""

from bench.stack import wait_until
from tests.e2e.conftest import SOURCE_SECRET


def handled(stack, message_id):
    return stack.get(f"/v1/inbox/default/{message_id}")["status"] == "done"


def test_an_event_goes_through_all_four_lanes_and_every_node_counts_it(api, stack):
    before = stack.get("/v1/stats/flow")["nodes"]
    api.endpoint(f"{stack.url}/webhook", secret=SOURCE_SECRET)
    event = api.publish({"invoice": "in_9", "amount": 1})
    api.settled(event["deliveries"][0]["id"])
    wait_until("the handler ran", lambda: handled(stack, event["id"]))

    def moved():
        after = stack.get("/v1/stats/flow")["nodes"]
        return {node: after[node] - before[node] for node in after}

    expected = {f"n{i}": 1 for i in range(1, 22)} | {"n7": 2, "n12": 0, "n14": 0, "n15": 0, "n16": 0, "n17": 0}
    wait_until(f"the counts are {expected}, not {moved()}", lambda: moved() == expected, seconds=5)
    assert moved() == expected
