"""Our transport on a real server: several messages with each round trip, and kombu's own understand each other."""

import pytest
from celery.worker import state
from kombu import Connection, Queue

from workers.broker import broker_of
from workers.transport import MOST_AT_ONCE

QUEUE = Queue("deliveries")


@pytest.fixture
def url(valkey):
    with valkey.client as client:
        client.flushall()
    return f"redis://127.0.0.1:{valkey.port}/0"


@pytest.fixture
def connect(url):
    """A connection as the workers have it; `kombus=True`: as kombu makes one."""
    opened = []

    def open_one(*, kombus=False):
        broker = broker_of(url)
        transport = None if kombus else broker.transport
        opened.append(Connection(url, transport=transport, transport_options=broker.options))
        return opened[-1]

    yield open_one
    for each in opened:
        each.release()


@pytest.fixture
def under_way():
    """Puts so many tasks into this worker's slots."""
    requests = []

    def begin(count):
        requests.extend(Reserved() for _ in range(count))
        state.reserved_requests.update(requests)

    yield begin
    state.reserved_requests.clear()


class Reserved:
    """Stands for a task that a worker has taken."""


def send(connection, numbers, *, priority=0):
    with connection.Producer() as producer:
        for number in numbers:
            producer.publish({"number": number}, routing_key="deliveries", declare=[QUEUE], priority=priority)


def receive(connection, *, slots=100):
    """What one look at the broker brings."""
    received = []
    with connection.Consumer(
        QUEUE, callbacks=[lambda body, _message: received.append(body["number"])], prefetch_count=slots
    ):
        connection.drain_events(timeout=10)
    return received


def test_one_round_trip_brings_several_messages_in_the_order_in_which_they_were_sent(connect):
    send(connect(), range(3))

    assert receive(connect()) == [0, 1, 2]


def test_a_consumer_leaves_something_for_others(connect):
    send(connect(), range(MOST_AT_ONCE + 2))

    assert receive(connect()) == list(range(MOST_AT_ONCE))
    assert receive(connect()) == [MOST_AT_ONCE, MOST_AT_ONCE + 1]


@pytest.mark.parametrize(("busy", "taken"), [(0, 4), (3, 1), (4, 1)])
def test_a_worker_takes_no_more_than_it_has_slots_for_but_one(connect, under_way, busy, taken):
    send(connect(), range(MOST_AT_ONCE))
    under_way(busy)

    assert receive(connect(), slots=4) == list(range(taken))


def test_messages_that_yield_come_after_all_others(connect):
    send(connect(), [0, 1], priority=3)
    send(connect(), [2])
    taking = connect()

    assert receive(taking) == [2]
    assert receive(taking) == [0, 1]


@pytest.mark.parametrize("kombus_sends", [True, False])
def test_workers_of_either_transport_read_each_other_s_messages(connect, kombus_sends):
    send(connect(kombus=kombus_sends), ["naïve →"])

    assert receive(connect(kombus=not kombus_sends)) == ["naïve →"]


def test_where_nothing_comes_the_caller_hears_so(connect):
    taking = connect()
    taking.default_channel.brpop_timeout = 0.05

    with taking.Consumer(QUEUE), pytest.raises(TimeoutError):
        taking.drain_events(timeout=0.1)


@pytest.mark.parametrize("garbage", [b"garbage", b"\xff", b"[]", b"{}", b'{"properties": []}', b'{"properties": {}}'])
def test_what_is_no_message_is_dropped_and_the_next_ones_arrive(valkey, connect, garbage):
    with valkey.client as client:
        client.lpush("deliveries", garbage)
    send(connect(), range(2))

    assert receive(connect()) == [0, 1]
