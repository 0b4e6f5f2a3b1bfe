"""What is relied on in Celery and kombu; a new version that changes it fails here, by name."""

import base64
import json
import time
from types import SimpleNamespace

import pytest
from celery import Celery
from celery.exceptions import Retry
from celery.worker.state import revoked
from kombu import Connection, Queue
from kombu.asynchronous import Hub
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from webhooks.attempting import Worked
from webhooks.celery.gathering import GatheredEvents
from webhooks.celery.queue import CeleryQueue
from webhooks.celery.showing import AttemptFailed, DeliveryFailed, ReminderTask, Shown, show
from webhooks.model import Lane, Outcome, Reminder, Response, Status, Verdict
from workers.broker import broker_of


@pytest.fixture
def broker(valkey):
    return valkey


@pytest.fixture
def app(broker):
    with broker.client as client:
        client.flushall()
    app = Celery("pinned", broker=f"redis://127.0.0.1:{broker.port}/0")
    app.conf.broker_transport_options = {"ack_emulation": False}
    app.conf.task_ignore_result = True
    yield app
    app.close()


@pytest.fixture
def reminder(app):
    @app.task(base=ReminderTask, bind=True, name="pinned.deliver")
    def deliver(self, delivery_id, attempt):
        return delivery_id, attempt

    return deliver


def queued(broker):
    with broker.client as client:
        return [json.loads(each) for each in client.lrange("celery", 0, -1)]


def test_without_ack_emulation_the_redis_transport_keeps_no_list_of_unacknowledged_messages(app):
    with app.connection_for_write() as connection:
        channel = connection.default_channel

        assert "ack_emulation" in kombu_redis.Channel.from_transport_options
        assert channel.QoS is virtual.QoS


@pytest.mark.parametrize("options", [{"countdown": 3600}, {"countdown": 0}, {"eta": "2026-11-25T10:00:00"}])
def test_a_countdown_publishes_nothing(reminder, broker, options):
    result = reminder.apply_async(("evt_1:ep_1", 1), task_id="evt_1:ep_1", **options)

    assert (result.id, queued(broker)) == ("evt_1:ep_1", [])


def test_retry_publishes_nothing_and_reads_as_its_reason(reminder, broker):
    reminder.push_request(id="evt_1:ep_1", args=("evt_1:ep_1", 1), kwargs={}, called_directly=False, retries=2)
    try:
        with pytest.raises(Retry) as raised:
            reminder.retry(countdown=300, exc=AttemptFailed("503"))
    finally:
        reminder.pop_request()

    assert (repr(raised.value), raised.value.when, queued(broker)) == ("503", 300, [])


def test_a_message_carries_our_id_the_retries_and_a_readable_argument_and_nothing_else(reminder, broker):
    reminder.apply_async(
        ("evt_1:ep_1", 3),
        task_id="evt_1:ep_1",
        retries=2,
        argsrepr="invoice.paid → h.test, attempt 3",
        kwargsrepr="",
    )

    (message,) = queued(broker)
    headers = message["headers"]
    assert (headers["id"], headers["retries"], headers["argsrepr"]) == (
        "evt_1:ep_1",
        2,
        "invoice.paid → h.test, attempt 3",
    )


def test_a_batch_of_one_producer_publishes_all_when_it_ends(app, reminder, broker):
    with app.producer_or_acquire() as producer, producer.batch(max_size=500):
        for n in range(20):
            reminder.apply_async((f"evt_{n}:ep_1", 1), task_id=f"evt_{n}:ep_1", producer=producer)
        before = len(queued(broker))

    assert (before, len(queued(broker))) == (0, 20)


def test_a_passive_declaration_counts_the_messages(app, reminder, broker):
    reminder.apply_async(("evt_1:ep_1", 1), task_id="evt_1:ep_1")
    with app.connection_for_write() as connection:
        declared = connection.default_channel.queue_declare(queue="celery", passive=True)

    assert declared.message_count == 1


def test_an_empty_queue_is_seen_to_be_empty_and_one_with_a_message_not(app, broker):
    queue = CeleryQueue(app)
    app.conf.task_queues = [Queue("deliveries")]
    before = queue.is_empty(Lane.DELIVERIES)
    queue.send_canary(Lane.DELIVERIES)

    assert (before, queue.is_empty(Lane.DELIVERIES)) == (True, False)


def test_what_is_published_is_what_celery_would_send(app, broker):
    app.conf.task_queues = [Queue("deliveries", routing_key="deliveries")]
    text = {"argsrepr": "a.b → h.test, attempt 1", "kwargsrepr": ""}
    app.send_task("hookline.deliver", ("evt_1:ep_1", 1), task_id="evt_1:ep_1", queue="deliveries", **text)
    CeleryQueue(app).publish([Reminder(delivery_id="evt_1:ep_1", attempt=1, event_type="a.b", host="h.test")])
    with broker.client as client:
        ours, celerys = (json.loads(each) for each in client.lrange("deliveries", 0, -1))

    differing = {name for name in celerys["headers"] if celerys["headers"][name] != ours["headers"][name]}
    assert (ours["body"], set(ours["headers"]), differing) == (
        celerys["body"],
        set(celerys["headers"]),
        {"ignore_result"},
    )
    assert ours["properties"]["correlation_id"] == celerys["properties"]["correlation_id"] == "evt_1:ep_1"


def test_task_events_are_gathered_and_leave_as_one_message_at_the_latest_when_the_worker_stops(app, broker):
    with app.connection_for_write() as connection, broker.client as client, client.pubsub() as heard:
        woken = []
        dispatcher = app.events.Dispatcher(
            connection, buffer_group=["task"], on_send_buffered=lambda: woken.append(True)
        )
        hub = Hub()
        consumer = SimpleNamespace(hub=hub, timer=hub.timer, event_dispatcher=dispatcher)
        heard.psubscribe("*celeryev*")
        assert heard.get_message(timeout=10)["type"] == "psubscribe"
        step = GatheredEvents(consumer)
        step.start(consumer)
        timers = len(hub.timer)
        for number in range(100):
            dispatcher.send("task-received", uuid=str(number))
        dispatcher.send("worker-heartbeat")
        step.stop(consumer)
        messages = [json.loads(heard.get_message(timeout=10)["data"]) for _ in range(2)]

    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    assert (bodies[0]["type"], [each["uuid"] for each in bodies[1]]) == (
        "worker-heartbeat",
        [str(number) for number in range(100)],
    )
    assert (woken, timers) == ([], 1)


def test_a_channel_publishes_with_one_client_until_its_connections_are_thrown_away(broker):
    url = f"redis://127.0.0.1:{broker.port}/0"
    with Connection(url, transport=broker_of(url).transport) as connection:
        channel = connection.default_channel
        with channel.conn_or_acquire() as first, channel.conn_or_acquire() as second:
            assert first is second
        channel._disconnect_pools()
        with channel.conn_or_acquire() as third:
            assert third is not first
            assert third.ping()


def test_messages_that_yield_are_received_after_all_others_and_are_counted_with_them(app, broker):
    queue = CeleryQueue(app)
    app.conf.task_queues = [Queue("deliveries")]
    yielding = [Reminder(delivery_id=f"evt_{n}:ep_1", attempt=1, yields=True) for n in range(3)]
    queue.publish(yielding)
    queue.publish([Reminder(delivery_id="evt_late:ep_2", attempt=1)])
    received = []
    with app.connection_for_read() as connection:
        size = connection.default_channel.queue_declare(queue="deliveries", passive=True).message_count
        with connection.Consumer(Queue("deliveries"), callbacks=[lambda _body, message: received.append(message)]):
            while len(received) < 4:
                connection.drain_events(timeout=10)
    ids = [message.headers["id"] for message in received]

    assert (size, ids) == (4, ["evt_late:ep_2", "evt_0:ep_1", "evt_1:ep_1", "evt_2:ep_1"])


@pytest.mark.timeout(20)
def test_a_replay_needs_no_second_producer_which_threads_could_wait_for_for_ever(app, broker):
    app.conf.broker_pool_limit = 1
    app.conf.task_queues = [Queue("deliveries")]

    assert CeleryQueue(app).publish([Reminder(delivery_id="evt_1:ep_1", attempt=2)]) is True


def test_a_broker_that_is_away_proves_nothing_and_keeps_nobody_waiting(broker):
    app = Celery("away", broker="redis://127.0.0.1:1/0")
    app.conf.broker_transport_options = broker_of("redis://").options
    queue = CeleryQueue(app)
    began = time.monotonic()

    assert queue.is_empty(Lane.DELIVERIES) is False
    assert queue.publish([Reminder(delivery_id="evt_1:ep_1", attempt=1)]) is False
    assert time.monotonic() - began < 3
    app.close()


def test_a_revoked_id_can_be_taken_out_again():
    revoked.add("evt_1:ep_1")
    revoked.discard("evt_1:ep_1")

    assert "evt_1:ep_1" not in revoked


def worked(status: Status, code: int) -> Worked:
    outcome = Outcome(verdict=Verdict.FAILED, duration_ms=12.3, response=Response(status_code=code))
    return Worked(status=status, outcome=outcome, delay_seconds=5)


def test_a_delivered_one_reads_as_its_status_and_its_time(reminder):
    shown = show(reminder, worked(Status.DELIVERED, 200))

    assert isinstance(shown, Shown)
    assert repr(shown) == "200 in 12 ms"


def test_an_exhausted_one_fails_with_its_reason_and_without_a_traceback(reminder):
    with pytest.raises(DeliveryFailed, match="exhausted: 503"):
        show(reminder, worked(Status.EXHAUSTED, 503))

    assert DeliveryFailed in reminder.throws
