"""The part of an endpoint's form that says how requests are signed, let in and shown to be ours in TLS.

What is kept is never shown again: an empty field keeps what it had, as `***` does where emptying means something.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from webhooks.credentials import MASK, Auth, auth_fields
from webhooks.model import Endpoint
from webhooks.registering import same_place
from webhooks.signing_secrets import SigningScheme

Problems = dict[str, list[str]]

FIELDS: Mapping[str, tuple[str, ...]] = {
    "basic": ("username", "password"),
    "bearer": ("token",),
    "oauth2": ("token_url", "client_id", "client_secret", "scope", "audience", "client_auth"),
}
"""What each kind of `auth` consists of."""
MASKED = ("scope", "audience")
"""May be left out, so emptying takes them away."""
AS_TYPED = ("password",)
"""May begin or end with a space."""
TLS = {"certificate": "identity", "private_key": "identity", "ca": "ca"}
"""Each field, and what it is taken away with."""
UNTOLD = ("auth_password", "auth_token", "auth_client_secret", "tls_private_key")
"""No page shows these again, not even the one that says what is wrong elsewhere."""
KINDS = {"": "nothing", "basic": "name and password", "bearer": "a token", "oauth2": "OAuth 2.0 client credentials"}
SCHEMES = {
    SigningScheme.V1: "HMAC-SHA256 of id, time and body",
    SigningScheme.V1A: "ed25519; the receiver has a public key alone",
    SigningScheme.SHA256: "HMAC-SHA256 of the body alone",
}
SIGNING = ("scheme", "header_prefix", "signature_header")
NOT_KEPT = "was meant for the old address and is not kept for another one: type it again, or take it away"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What empty fields keep."""

    values: Mapping[str, str | None]
    moves: bool
    """It goes to another place: then nothing is kept, for whoever changes an address need not know what is kept."""


def typed(endpoint: Endpoint) -> dict[str, str]:
    """How the endpoint is signed and which kind of `auth` it has; of what must not be shown, nothing."""
    return {
        "signing_scheme": endpoint.signing_scheme,
        "signing_header_prefix": endpoint.header_prefix,
        "signing_signature_header": endpoint.signature_header or "",
        **_typed_auth(endpoint.auth),
    }


def kept(endpoint: Endpoint | None) -> set[str]:
    """The fields of the form that keep something while they are empty."""
    if endpoint is None:
        return set()
    auth, tls = _auth_of(endpoint), _tls_of(endpoint)
    return {f"auth_{name}" for name in auth if auth[name]} | {f"tls_{name}" for name in tls if tls[name]}


def read(given: Mapping[str, str], present: Endpoint | None, problems: Problems) -> Iterator[tuple[str, Any]]:
    """`signing`, `auth` and `tls` for the API's schema, each where the form has it; `present` has what is kept."""
    moves = present is not None and not same_place(present.url, given.get("url", "").strip())
    if "signing_scheme" in given:
        said = {name: given.get(f"signing_{name}", "").strip() for name in SIGNING}
        yield "signing", {name: text for name, text in said.items() if text} or None
    if "auth_type" in given:
        yield "auth", _auth(given, Kept(values=_auth_of(present), moves=moves), problems)
    if "tls_certificate" in given:
        yield "tls", _tls(given, Kept(values=_tls_of(present), moves=moves), problems)


def _auth_of(endpoint: Endpoint | None) -> dict[str, Any]:
    return auth_fields(endpoint.auth) if endpoint and endpoint.auth else {}


def _tls_of(endpoint: Endpoint | None) -> dict[str, Any]:
    return asdict(endpoint.tls) if endpoint and endpoint.tls else {}


def _typed_auth(auth: Auth | None) -> dict[str, str]:
    if auth is None:
        return {"auth_type": ""}
    fields = auth_fields(auth)
    masks = {f"auth_{name}": MASK for name in MASKED if fields.get(name) is not None}
    return {"auth_type": fields["type"], "auth_client_auth": fields.get("client_auth", ""), **masks}


def _auth(given: Mapping[str, str], old: Kept, problems: Problems) -> dict[str, Any] | None:
    kind = given["auth_type"]
    if not kind:
        return None
    if old.values.get("type") != kind:
        old = Kept(values={}, moves=False)
    elif kind == "oauth2" and (url := given.get("auth_token_url", "").strip()):
        # The secret was told to the old token endpoint alone.
        old = Kept(values=old.values, moves=old.moves or not same_place(str(old.values["token_url"]), url))
    said = {name: _said(f"auth_{name}", given, old, problems) for name in FIELDS.get(kind, ())}
    return {"type": kind, **{name: value for name, value in said.items() if value is not None}}


def _tls(given: Mapping[str, str], old: Kept, problems: Problems) -> dict[str, str] | None:
    removed = {name for name, part in TLS.items() if given.get(f"tls_remove_{part}")}
    left = Kept(values={name: value for name, value in old.values.items() if name not in removed}, moves=old.moves)
    said = {name: _said(f"tls_{name}", given, left, problems) for name in TLS}
    return {name: value for name, value in said.items() if value is not None} or None


def _said(field: str, given: Mapping[str, str], old: Kept, problems: Problems) -> str | None:
    """What was typed, else what is kept."""
    name = field.partition("_")[2]
    text, value = given.get(field, ""), old.values.get(name)
    text = text if name in AS_TYPED else "\n".join(text.strip().splitlines())
    if text and not (text == MASK and value):
        return text
    if value is None or (name in MASKED and not text):
        return None
    if old.moves:
        problems[field] = [NOT_KEPT]
    return value
