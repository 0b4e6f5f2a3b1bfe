"""Basic and bearer: the header `Authorization` holds the secret itself; the body is not covered.

Source: RFC 7617 (Basic) and RFC 6750 §2.1 (Bearer). Id, type and time are taken where Standard Webhooks has
them; without `webhook-id` a digest of the body stands for it.
"""

from base64 import b64decode
from datetime import datetime

from webhooks.errors import BadSignature
from webhooks.schemes import proof, standard
from webhooks.schemes.scheme import Incoming, Scheme, Terms, text_secret


def verify_bearer(request: Incoming, terms: Terms, _now: datetime) -> None:
    """The token is one of the secrets; else raises BadSignature."""
    proof.require_match([_credentials(request, b"bearer")], terms.keys)


def verify_basic(request: Incoming, terms: Terms, _now: datetime) -> None:
    """The user and password are one of the secrets; else raises BadSignature."""
    try:
        given = b64decode(_credentials(request, b"basic"), validate=True)
    except ValueError:
        raise BadSignature("the credentials are not base64") from None
    proof.require_match([given], terms.keys)


def _credentials(request: Incoming, scheme: bytes) -> bytes:
    named, _, credentials = proof.header(request, "authorization").partition(b" ")
    if named.lower() != scheme:
        raise BadSignature(f"the header authorization is not {scheme.decode()}")
    return credentials.strip()


def read_basic_secret(text: str) -> bytes:
    """`user:password`; raises ValueError, which never repeats the text."""
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise ValueError("a secret for basic is user:password")
    return text_secret(text)


BASIC = Scheme(verify=verify_basic, identify=standard.identify, read_secret=read_basic_secret)
BEARER = Scheme(verify=verify_bearer, identify=standard.identify)
