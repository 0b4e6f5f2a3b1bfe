"""A worker's answers to Flower, where the broker goes."""

import pytest
from kombu.exceptions import OperationalError

from bench.stack import Valkey
from webhooks.settings import Settings
from workers.app import bare_app


@pytest.mark.timeout(30)
def test_an_answer_is_given_up_when_the_broker_goes(tmp_path):
    """Kombu would try for ever, and the worker heed no SIGTERM meanwhile."""
    broker = Valkey(tmp_path)
    broker.start()
    url = f"redis://127.0.0.1:{broker.port}/1"
    mailbox = bare_app(Settings(redis_url=url, broker_url=url, api_key="k" * 16, secret_keys=())).control.mailbox

    def answer():
        mailbox._publish_reply({"worker": "pong"}, "reply.celery.pidbox", "me", "ticket", channel=object())

    answer()
    broker.stop()

    with pytest.raises((OperationalError, OSError)):
        answer()
