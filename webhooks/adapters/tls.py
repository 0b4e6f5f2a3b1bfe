"""What TLS trusts and shows: the installation's context, and that of an endpoint with an identity of its own."""

import secrets
import ssl
from tempfile import NamedTemporaryFile

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from webhooks.adapters.deadline import DeadlineTlsSocket
from webhooks.adapters.failure import NOTHING_SENT, SendFailure
from webhooks.credentials import TlsIdentity
from webhooks.model import ErrorCode


def tls_context(ca_bundle: str | None = None) -> ssl.SSLContext:
    """Certificates are verified, TLS 1.2 or later.

    Trusted are the authorities of the bundle alone; without one the system's, and those that come with
    requests, since a bare container has none of its own.
    """
    context = ssl.create_default_context(cafile=ca_bundle)
    if ca_bundle is None:
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = DeadlineTlsSocket
    return context


def context_of(identity: TlsIdentity, ca_bundle: str | None = None) -> ssl.SSLContext:
    """The same with the identity's certificate, and its authority in place of all others. Raises SendFailure."""
    try:
        context = ssl.create_default_context(cadata=identity.ca) if identity.ca else tls_context(ca_bundle)
        if identity.certificate and identity.private_key:
            _show(context, identity.certificate, identity.private_key)
    except (ssl.SSLError, ValueError) as error:
        reason = (getattr(error, "reason", None) or "it is no PEM").replace("_", " ").lower()
        detail = f"the endpoint's client certificate cannot be used: {reason}; {NOTHING_SENT}"
        raise SendFailure(ErrorCode.TLS, detail) from None
    context.sslsocket_class = DeadlineTlsSocket
    return context


def sealed_key(private_key: str, password: bytes) -> bytes:
    """The same key in PEM, under a password; raises ValueError."""
    key = load_pem_private_key(private_key.encode(), password=None)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password))


def _show(context: ssl.SSLContext, certificate: str, private_key: str) -> None:
    """`ssl` reads keys from files alone; what stands in one for this moment nobody else can open."""
    password = secrets.token_hex(32).encode()
    with NamedTemporaryFile(prefix="hookline-") as file:
        file.write(certificate.encode() + b"\n" + sealed_key(private_key, password))
        file.flush()
        context.load_cert_chain(file.name, password=password)
