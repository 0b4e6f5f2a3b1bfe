"""What stands in the store of an attempt, and what is known again when it is read."""

from dataclasses import replace

from tests.unit.vectors import NOW
from webhooks.adapters.attempt_records import pack_attempt, unpack_attempt
from webhooks.model import Attempt, Outcome, Response, Trigger, Verdict

URL = "https://hooks.test:8443/s/T0KEN?key=S3CRET"
HEADERS = {
    "content-type": "application/json",
    "accept": "*/*",
    "accept-encoding": "identity",
    "connection": "keep-alive",
    "user-agent": "Hookline/0.1.0",
    "X-Api-Key": "***",
    "X-Env": "prod",
}
ATTEMPT = Attempt(
    number=1,
    trigger=Trigger.INITIAL,
    started_at=NOW,
    outcome=Outcome(verdict=Verdict.DELIVERED, response=Response(status_code=200)),
    url=URL,
    request_headers=HEADERS,
)


def test_nothing_of_the_url_after_its_host_stands_in_a_record():
    """Case 142."""
    packed = pack_attempt(ATTEMPT)

    assert [word for word in (b"T0KEN", b"S3CRET") if word in packed] == []
    assert b"https://hooks.test:8443/" in packed


def test_headers_that_are_always_sent_are_not_repeated_in_each_record_and_come_back():
    packed = pack_attempt(ATTEMPT)

    assert b"keep-alive" not in packed
    assert unpack_attempt(packed).request_headers == HEADERS


def test_the_url_is_known_as_long_as_the_endpoint_has_it():
    packed = pack_attempt(ATTEMPT)

    assert unpack_attempt(packed, url=URL).url == URL
    assert unpack_attempt(packed, url="https://hooks.test:8443/other").url == "https://hooks.test:8443/…"
    assert unpack_attempt(packed).url == "https://hooks.test:8443/…"


def test_a_run_of_a_handler_has_neither():
    found = unpack_attempt(pack_attempt(replace(ATTEMPT, url=None, request_headers={})), url=URL)

    assert (found.url, found.request_headers) == (None, {})
