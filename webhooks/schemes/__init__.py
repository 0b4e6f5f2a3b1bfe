"""The ways in which providers prove that a webhook is theirs, by name; each is a small pure module."""

from collections.abc import Mapping
from datetime import datetime

from webhooks.schemes import (
    generic,
    github,
    gitlab,
    meta,
    paddle,
    shared_password,
    shopify,
    slack,
    square,
    standard,
    stripe,
    twilio,
    x,
    zoom,
)
from webhooks.schemes.scheme import Incoming, Scheme, Terms

STANDARD, UNVERIFIED = "standard", "none"


def _verify_nothing(_request: Incoming, _terms: Terms, _now: datetime) -> None:
    """Whoever chose this said so by name: everybody may send."""


SCHEMES: Mapping[str, Scheme] = {
    STANDARD: standard.SCHEME,
    "github": github.SCHEME,
    "stripe": stripe.SCHEME,
    "shopify": shopify.SCHEME,
    "slack": slack.SCHEME,
    "gitlab": gitlab.SCHEME,
    "twilio": twilio.SCHEME,
    "square": square.SCHEME,
    "paddle": paddle.SCHEME,
    "zoom": zoom.SCHEME,
    "meta": meta.SCHEME,
    "x": x.SCHEME,
    "hmac": generic.SCHEME,
    "basic": shared_password.BASIC,
    "bearer": shared_password.BEARER,
    UNVERIFIED: Scheme(verify=_verify_nothing, identify=standard.identify, read_secret=None),
}
