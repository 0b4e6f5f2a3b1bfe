"""Remote control, by which Flower asks workers: they answer, but never wait for a broker to take the answer."""

from typing import Any

import celery.app.control
import kombu.pidbox

from workers.broker import ONCE_MORE


class Mailbox(kombu.pidbox.Mailbox):
    """Kombu's tries for ever to send a reply; a worker whose broker has gone would heed no SIGTERM meanwhile."""

    def _publish_reply(self, *args: Any, **options: Any) -> None:
        super()._publish_reply(*args, **options, retry_policy=dict(ONCE_MORE))  # type: ignore[no-untyped-call]


class Control(celery.app.control.Control):
    """Celery's, with that mailbox."""

    Mailbox = Mailbox
