"""The queue port on Celery: reminders as messages that may be lost without harm."""

import time
from collections.abc import Sequence
from typing import Any

import structlog
from amqp.exceptions import ChannelError
from celery import Celery
from kombu.exceptions import KombuError, OperationalError

from webhooks.model import Lane, Reminder

DELIVER, PROCESS, CANARY = "hookline.deliver", "hookline.process", "hookline.canary"
TRIM = "hookline.trim"
TRIM_EVERY_SECONDS = 3600.0
TASKS = {Lane.DELIVERIES: DELIVER, Lane.HANDLERS: PROCESS}
BATCH = 500
NOT_FOUND = "404"
GOING, YIELDING = 0, 3
"""Kombu's Redis transport keeps a list for each of these and empties the first one first; RabbitMQ ignores them for a
queue without `x-max-priority`."""
REST_SECONDS = 2.0
"""After the broker did not answer nobody is kept waiting for it again for so long; the stager publishes later."""

HARD_LIMIT_AFTER_SECONDS = 5.0
"""A handler that ignores being interrupted is killed so long afterwards, still within its lease."""

BROKER_TROUBLES = (OperationalError, KombuError, OSError)

log = structlog.get_logger()


def _limits(reminder: Reminder) -> dict[str, float]:
    """A handler's own time limit; a POST keeps its deadline by itself."""
    if reminder.lane is not Lane.HANDLERS or not reminder.timeout_seconds:
        return {}
    return {
        "soft_time_limit": reminder.timeout_seconds,
        "time_limit": reminder.timeout_seconds + HARD_LIMIT_AFTER_SECONDS,
    }


class CeleryQueue:
    """`ports.Queue`: one Celery message for each reminder, the delivery's id being the task's."""

    def __init__(self, app: Celery) -> None:
        self._app = app
        self._rest_until = 0.0
        self._declared: set[Lane] = set()

    def publish(self, reminders: Sequence[Reminder]) -> bool:
        """See `ports.Queue.publish`."""
        if not reminders or time.monotonic() < self._rest_until:
            return not reminders
        try:
            with self._app.producer_or_acquire() as producer:
                self._publish_all(producer, reminders)
        except BROKER_TROUBLES as error:
            self._rest(error)
            return False
        return True

    def is_empty(self, lane: Lane) -> bool:
        """Whether the broker surely holds no message for the lane."""
        try:
            with self._app.pool.acquire(block=True, timeout=1) as connection:
                declared = connection.default_channel.queue_declare(queue=lane.value, passive=True)
                return bool(declared.message_count == 0)
        except ChannelError as error:
            return str(error.reply_code) == NOT_FOUND  # kombu says so of an empty queue on Redis, which has no key
        except BROKER_TROUBLES:
            return False

    def send_canary(self, lane: Lane) -> None:
        """A message whose only purpose is to be run: health hears of it."""
        try:
            self._app.send_task(CANARY, (lane.value,), queue=lane.value, retry=False)
        except BROKER_TROUBLES as error:
            self._rest(error)

    def answers(self) -> bool:
        """Whether the broker answers now."""
        try:
            with self._app.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, timeout=1)
                return True
        except BROKER_TROUBLES:
            return False

    def _publish_all(self, producer: Any, reminders: Sequence[Reminder]) -> None:
        self._declare(producer, {reminder.lane for reminder in reminders})
        if len(reminders) == 1:
            with producer.connection._reraise_as_library_errors():  # noqa: SLF001 - as Celery's own `send_task` does
                self._send(producer, reminders[0])
            return
        with producer.batch(max_size=BATCH):
            for reminder in reminders:
                self._send(producer, reminder)

    def _declare(self, producer: Any, lanes: set[Lane]) -> None:
        """RabbitMQ drops what is sent to a queue that nobody declared; later the workers see to it."""
        for lane in lanes - self._declared:
            producer.maybe_declare(self._app.amqp.queues[lane.value])
            self._declared.add(lane)

    def _send(self, producer: Any, reminder: Reminder) -> None:
        """What `send_task` publishes, by the default exchange: its routing and declaring cost twice the rest."""
        if reminder.attempt > 1 and reminder.retries_used == 0:
            self._announce_replay(producer, reminder)
        message = self._app.amqp.create_task_message(
            reminder.delivery_id,
            TASKS[reminder.lane],
            (reminder.delivery_id, reminder.attempt),
            retries=reminder.retries_used,
            argsrepr=f"{reminder.event_type} → {reminder.host}, attempt {reminder.attempt}",
            kwargsrepr="",
            ignore_result=True,
            **_limits(reminder),
        )
        producer.publish(
            message.body,
            exchange="",
            routing_key=reminder.lane.value,
            headers=message.headers,
            priority=YIELDING if reminder.yields else GOING,
            serializer="json",
            **message.properties,
        )

    def _announce_replay(self, producer: Any, reminder: Reminder) -> None:
        """Without it Flower would go on showing what the task was when it finished.

        By the producer's own channel: threads that each hold one and wait for another would wait for ever.
        """
        with self._app.events.Dispatcher(
            producer.connection, channel=producer.channel, buffer_while_offline=False
        ) as dispatcher:
            dispatcher.send("task-retried", uuid=reminder.delivery_id, exception="replay")

    def _rest(self, error: Exception) -> None:
        self._rest_until = time.monotonic() + REST_SECONDS
        log.warning("enqueue.failed", why=f"the broker does not answer ({type(error).__name__}); the stager will")
