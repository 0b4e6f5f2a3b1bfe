"""What the tests of the wire share: a sender that may dial loopback, and names that lead there."""

import time
from collections.abc import Callable, Iterator

import pytest

from webhooks.adapters.http_sender import HttpSender
from webhooks.model import Outcome, Request
from webhooks.url_policy import UrlPolicy

LOOPBACK = UrlPolicy(("127.0.0.0/8", "::1/128"))


def to_loopback(_host: str) -> list[str]:
    return ["127.0.0.1"]


@pytest.fixture
def senders() -> Iterator[Callable[..., HttpSender]]:
    """Makes senders, and closes them in the end. Every name leads to loopback."""
    made: list[HttpSender] = []

    def make(policy: UrlPolicy = LOOPBACK, *, resolve=to_loopback, **options) -> HttpSender:
        made.append(HttpSender(policy, resolve=resolve, **options))
        return made[-1]

    yield make
    for sender in made:
        sender.close()


@pytest.fixture
def post(senders) -> Callable[..., Outcome]:
    """Sends one request, by a sender of its own unless one is given."""

    def send(url, *, body=b"{}", headers=None, timeout=5.0, sender=None) -> Outcome:
        request = Request(url=url, headers=headers or {}, body=body)
        return (sender or senders()).send(request, timeout_seconds=timeout)

    return send


@pytest.fixture
def timed_post(post) -> Callable[..., tuple[Outcome, float]]:
    """The same, and the seconds it took."""

    def send(url, **options) -> tuple[Outcome, float]:
        began = time.monotonic()
        outcome = post(url, **options)
        return outcome, time.monotonic() - began

    return send
