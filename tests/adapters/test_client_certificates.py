"""Client certificates and authorities of an endpoint's own, on the wire."""

import ssl

import pytest
from cryptography.hazmat.primitives import serialization

from tests.certificates import Authority
from tests.receivers import RecordingReceiver
from webhooks.adapters.tls import sealed_key
from webhooks.credentials import TlsIdentity
from webhooks.model import ErrorCode, Request, Verdict


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("other"))


@pytest.fixture
def demanding(authority):
    """A receiver that takes nobody without a certificate of the authority."""
    context = authority.server("hooks.test")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    with RecordingReceiver(tls=context) as receiver:
        yield receiver


def send(sender, receiver, identity):
    request = Request(url=receiver.url_at("hooks.test"), headers={}, body=b"{}", tls=identity)
    return sender.send(request, timeout_seconds=5)


def test_a_receiver_that_asks_for_a_certificate_gets_the_endpoints(senders, authority, demanding):
    certificate, private_key = authority.client("us")
    identity = TlsIdentity(certificate=certificate, private_key=private_key)
    outcome = send(senders(ca_bundle=authority.bundle), demanding, identity)

    assert outcome.verdict is Verdict.DELIVERED


@pytest.mark.parametrize("whose", ["nobody's", "a stranger's"])
def test_without_a_certificate_that_it_accepts_the_outcome_is_a_tls_failure(
    senders, authority, other, demanding, whose
):
    certificate, private_key = other.client("stranger")
    stranger = TlsIdentity(certificate=certificate, private_key=private_key)
    outcome = send(senders(ca_bundle=authority.bundle), demanding, None if whose == "nobody's" else stranger)

    assert (outcome.verdict, outcome.error) == (Verdict.FAILED, ErrorCode.TLS)
    assert demanding.arrivals == []


def test_an_authority_of_its_own_is_trusted_for_this_endpoint_alone(senders, authority, other):
    """Neither by other endpoints at the same host, nor beside the usual authorities."""
    sender = senders(ca_bundle=other.bundle)
    with RecordingReceiver(tls=authority.server("hooks.test")) as receiver:
        own = send(sender, receiver, TlsIdentity(ca=authority.pem))
        usual = send(sender, receiver, None)
    with RecordingReceiver(tls=other.server("hooks.test")) as receiver:
        elsewhere = send(sender, receiver, TlsIdentity(ca=authority.pem))

    assert own.verdict is Verdict.DELIVERED
    assert (usual.error, elsewhere.error) == (ErrorCode.TLS, ErrorCode.TLS)


def test_two_identities_at_one_host_never_share_a_connection(senders, authority, demanding):
    sender = senders(ca_bundle=authority.bundle)
    first, second = (
        TlsIdentity(certificate=certificate, private_key=private_key)
        for certificate, private_key in (authority.client("first"), authority.client("second"))
    )
    for identity in (first, second, first):
        assert send(sender, demanding, identity).verdict is Verdict.DELIVERED

    assert [arrival.connection for arrival in demanding.arrivals] == [1, 2, 1]


def test_a_key_that_this_openssl_will_not_use_is_a_tls_failure_that_says_so(senders, authority, demanding):
    certificate, _ = authority.client("us")
    _, other_key = authority.client("other")
    identity = TlsIdentity(certificate=certificate, private_key=other_key)
    outcome = send(senders(ca_bundle=authority.bundle), demanding, identity)

    assert (outcome.error, outcome.detail) == (
        ErrorCode.TLS,
        "the endpoint's client certificate cannot be used: key values mismatch; nothing was sent",
    )


def test_what_is_put_into_a_file_for_a_moment_is_encrypted(authority):
    """`ssl` reads private keys from files alone."""
    _, private_key = authority.client("us")

    sealed = sealed_key(private_key, b"password")
    assert sealed.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert serialization.load_pem_private_key(sealed, password=b"password") is not None
