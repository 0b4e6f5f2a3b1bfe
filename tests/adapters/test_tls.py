"""TLS: certificates are always verified, and for the name in the URL."""

import ssl

import pytest

from tests.certificates import Authority
from tests.receivers import RecordingReceiver, drips, hangs_up, resets
from webhooks.adapters.tls import tls_context
from webhooks.model import ErrorCode, Verdict


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def sender(senders, authority):
    return senders(ca_bundle=authority.bundle)


def test_a_verified_certificate_is_delivered_to_and_asked_for_by_the_urls_name(post, sender, authority):
    """Case 134: the name is the URL's although an address was dialled."""
    asked = []
    context = authority.server("hooks.test")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with RecordingReceiver(tls=context) as receiver:
        outcome = post(receiver.url_at("hooks.test"), sender=sender)

    assert outcome.verdict is Verdict.DELIVERED
    assert asked == ["hooks.test"]
    assert receiver.arrivals[0].header("host") == f"hooks.test:{receiver.port}"


def test_a_certificate_for_an_address_is_accepted_for_that_address(post, sender, authority):
    with RecordingReceiver(tls=authority.server("127.0.0.1")) as receiver:
        outcome = post(receiver.url, sender=sender)

    assert outcome.verdict is Verdict.DELIVERED


@pytest.mark.parametrize("name", ["other.test", "*.hooks.test", "127.0.0.1"])
def test_a_certificate_for_another_name_is_a_tls_failure_that_says_so(post, sender, authority, name):
    """Case 60."""
    with RecordingReceiver(tls=authority.server(name)) as receiver:
        outcome = post(receiver.url_at("hooks.test"), sender=sender)

    assert (outcome.verdict, outcome.error, outcome.final) == (Verdict.FAILED, ErrorCode.TLS, False)
    assert "not valid for 'hooks.test'" in outcome.detail
    assert outcome.detail.endswith("nothing was sent")
    assert receiver.arrivals == []


def test_an_expired_certificate_is_a_tls_failure_that_says_so(post, sender, authority):
    """Case 60."""
    with RecordingReceiver(tls=authority.server("hooks.test", expired=True)) as receiver:
        outcome = post(receiver.url_at("hooks.test"), sender=sender)

    assert outcome.error is ErrorCode.TLS
    assert "certificate has expired" in outcome.detail
    assert receiver.arrivals == []


def test_a_certificate_of_an_unknown_authority_is_a_tls_failure(post, senders, authority):
    """Case 60: by default only the well-known authorities count."""
    with RecordingReceiver(tls=authority.server("hooks.test")) as receiver:
        outcome = post(receiver.url_at("hooks.test"), sender=senders())

    assert outcome.error is ErrorCode.TLS
    assert "is not accepted" in outcome.detail
    assert receiver.arrivals == []


def test_a_receiver_that_speaks_plain_http_on_an_https_url_is_a_tls_failure(post, sender):
    def greets_in_plain_text(line):
        line.receive()
        line.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with RecordingReceiver(greeting=greets_in_plain_text) as receiver:
        outcome = post(receiver.url.replace("http:", "https:"), sender=sender)

    assert outcome.error is ErrorCode.TLS


@pytest.mark.parametrize("end", ["reset", "close"])
def test_a_receiver_that_goes_away_during_the_handshake_got_nothing(post, sender, end):
    def leaves(line):
        line.receive()
        getattr(line, end)()

    with RecordingReceiver(greeting=leaves) as receiver:
        outcome = post(receiver.url.replace("http:", "https:"), sender=sender)

    assert outcome.error in {ErrorCode.RESET, ErrorCode.TLS}
    assert outcome.detail.endswith("nothing was sent")


@pytest.mark.parametrize("behaviour", [resets, hangs_up])
def test_a_receiver_that_goes_away_after_reading_leaves_the_outcome_unknown(post, sender, authority, behaviour):
    """Case 59."""
    with RecordingReceiver(behaviour, tls=authority.server("hooks.test")) as receiver:
        outcome = post(receiver.url_at("hooks.test"), sender=sender)

    assert outcome.error is ErrorCode.RESET
    assert outcome.detail.endswith("the outcome is unknown: the receiver may have got it")
    assert len(receiver.arrivals) == 1


def test_the_deadline_holds_over_tls(timed_post, sender, authority):
    """Case 52."""
    with RecordingReceiver(drips(b"HTTP/1.1 200 OK\r\n", b"X"), tls=authority.server("hooks.test")) as receiver:
        outcome, seconds = timed_post(receiver.url_at("hooks.test"), sender=sender, timeout=0.5)

    assert outcome.error is ErrorCode.TIMEOUT
    assert seconds < 3.5


def test_a_large_body_arrives_whole_over_tls(post, sender, authority):
    body = bytes(range(256)) * 8_192
    with RecordingReceiver(tls=authority.server("hooks.test")) as receiver:
        outcome = post(receiver.url_at("hooks.test"), body=body, sender=sender)

    assert outcome.verdict is Verdict.DELIVERED
    assert receiver.arrivals[0].body == body


def test_a_connection_over_tls_is_kept_for_the_next_request_to_that_name_alone(post, sender, authority):
    """A pool shared between names on one address would lend one customer the connection of another."""
    context = authority.server("a.test", "b.test")
    with RecordingReceiver(tls=context) as receiver:
        for host in ("a.test", "b.test", "a.test", "b.test"):
            post(receiver.url_at(host), sender=sender)

    assert [arrival.connection for arrival in receiver.arrivals] == [1, 2, 1, 2]


def test_a_receiver_that_demands_a_client_certificate_is_a_tls_failure(post, sender, authority):
    context = authority.server("hooks.test")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    with RecordingReceiver(tls=context) as receiver:
        outcome = post(receiver.url_at("hooks.test"), sender=sender)

    assert outcome.error is ErrorCode.TLS
    assert receiver.arrivals == []


def test_verification_cannot_be_weaker_than_the_default():
    context = tls_context()

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
