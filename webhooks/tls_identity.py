"""A client certificate, its key and an authority, judged before they are kept."""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from webhooks.credentials import TlsIdentity
from webhooks.errors import InvalidEndpoint

_WHOLE_KEY = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def check_identity(identity: TlsIdentity, *, now: datetime) -> None:
    """Nothing for PEM that can be used from now on; else raises InvalidEndpoint naming the field."""
    if (identity.certificate is None) != (identity.private_key is None):
        missing = "private_key" if identity.private_key is None else "certificate"
        raise _refused(missing, "a certificate and its private key belong together")
    if identity.ca is not None:
        _require_valid(_certificates(identity.ca, "ca"), "ca", now=now)
    if identity.certificate is not None and identity.private_key is not None:
        first, *_issuers = _certificates(identity.certificate, "certificate")
        # Its issuers are the receiver's to judge: one that expired does no harm where another way leads to a root.
        _require_valid([first], "certificate", now=now)
        if first.public_key().public_bytes(*_WHOLE_KEY) != _public_half(identity.private_key):
            raise _refused("private_key", "must be the key of the first certificate")


def _certificates(pem: str, field: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise _refused(field, "must be certificates in PEM, each from BEGIN CERTIFICATE to END CERTIFICATE") from None


def _require_valid(certificates: Sequence[x509.Certificate], field: str, *, now: datetime) -> None:
    """One of them may be used now (RFC 5280 §4.1.2.5); several authorities are trusted each by itself."""
    if any(each.not_valid_before_utc <= now <= each.not_valid_after_utc for each in certificates):
        return
    latest = max(certificates, key=lambda each: each.not_valid_after_utc)
    if latest.not_valid_after_utc < now:
        raise _refused(field, f"expired at {_moment(latest.not_valid_after_utc)}; give one that is valid now")
    raise _refused(field, f"is not valid before {_moment(latest.not_valid_before_utc)}; give it from then on")


def _moment(value: datetime) -> str:
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def _public_half(pem: str) -> bytes:
    try:
        key = serialization.load_pem_private_key(pem.encode(), password=None)
        return key.public_key().public_bytes(*_WHOLE_KEY)
    except (ValueError, TypeError):
        raise _refused("private_key", "must be one private key in PEM without a passphrase") from None


def _refused(field: str, problem: str) -> InvalidEndpoint:
    return InvalidEndpoint(f"the TLS identity cannot be kept: {problem}", {f"tls.{field}": [problem]})
