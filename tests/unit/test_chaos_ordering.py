"""What the chaos run takes for a broken order or a broken cap."""

from bench.ordering import most_at_once, overtaking
from bench.receiver import Arrival
from webhooks.model import Delivery, Status


def delivery(sequence, *, key=None, endpoint="ep_1"):
    return Delivery(
        id=f"evt_{sequence}:{endpoint}", event_id=f"evt_{sequence}", event_type="a", endpoint_id=endpoint, tenant="t",
        status=Status.DELIVERED, sequence=sequence, ordering_key=key,
    )  # fmt: skip


def arrival(at, seconds):
    return Arrival(path="/", event_id="", headers={}, body=b"", at=at, answered=200, delay_seconds=seconds)


def test_one_that_was_received_before_an_earlier_one_overtook_it():
    first, second, third = delivery(1), delivery(2), delivery(3)

    assert overtaking([first, second, third], {first.id: 1.0, second.id: 2.0, third.id: 3.0}) == []
    assert overtaking([first, second, third], {first.id: 2.5, second.id: 2.0, third.id: 3.0}) == [second.id]


def test_only_those_of_one_line_have_an_order():
    first, second = delivery(1, key="a"), delivery(2, key="b")
    other = delivery(2, key="a", endpoint="ep_2")

    assert overtaking([first, second, other], {first.id: 3.0, second.id: 2.0, other.id: 1.0}) == []


def test_one_that_was_never_received_holds_nobody():
    assert overtaking([delivery(1), delivery(2)], {delivery(2).id: 1.0}) == []


def test_requests_that_overlap_are_counted_together_and_one_that_ends_or_is_given_up_makes_room():
    assert most_at_once([arrival(0, 2), arrival(1, 2), arrival(2, 1)], at_most=9) == 2
    assert most_at_once([arrival(0, 3), arrival(1, 2), arrival(2, 1)], at_most=9) == 3
    assert most_at_once([arrival(0, 4), arrival(3, 4)], at_most=3) == 1
    assert most_at_once([], at_most=9) == 0
