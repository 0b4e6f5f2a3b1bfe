"""How an endpoint lets requests in: basic, bearer or OAuth 2.0 client credentials, and the identity in TLS."""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import quote_plus, urlencode

MASK = "***"
"""What stands in place of a credential wherever one is shown."""
_CREDENTIAL = re.compile(
    r"authorization|authentication|cookie|token|secret|key|password|passwd|signature|credential|session|jwt"
    r"|(^|[-_])(auth|pass|pwd)([-_]|$)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicAuth:
    """A name and a password in every request (RFC 7617)."""

    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerAuth:
    """A token in every request (RFC 6750 §2.1)."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2Auth:
    """A token that is asked for by client credentials (RFC 6749 §4.4) and kept until shortly before it expires."""

    token_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    scope: str | None = None
    audience: str | None = None
    client_auth: Literal["header", "body"] = "header"
    """Where the client's id and secret stand in the token request (RFC 6749 §2.3.1)."""


Auth = BasicAuth | BearerAuth | OAuth2Auth

AUTH_TYPES: Mapping[str, type[Auth]] = {"basic": BasicAuth, "bearer": BearerAuth, "oauth2": OAuth2Auth}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsIdentity:
    """In PEM: who we are in TLS, and whom alone we trust there; either may be missing."""

    certificate: str | None = field(default=None, repr=False)
    """The client's, with what it was issued by behind it."""
    private_key: str | None = field(default=None, repr=False)
    ca: str | None = field(default=None, repr=False)


def looks_like_credential(name: str) -> bool:
    """Whether a header of that name may carry one: then its value is never shown."""
    return _CREDENTIAL.search(name.lower()) is not None


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with `***` for every value whose name looks like a credential, signatures included."""
    return {name: MASK if looks_like_credential(name) else value for name, value in headers.items()}


def authorization(auth: Auth | None) -> str | None:
    """The value of the header `Authorization` as far as it is known without asking anybody."""
    if isinstance(auth, BasicAuth):
        return _basic(auth.username, auth.password)
    if isinstance(auth, BearerAuth):
        return f"Bearer {auth.token}"
    return None


def token_request(auth: OAuth2Auth) -> tuple[dict[str, str], bytes]:
    """Headers and body of the request for a token."""
    form = {"grant_type": "client_credentials", "scope": auth.scope, "audience": auth.audience}
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
    if auth.client_auth == "header":
        # Both are form-encoded first (RFC 6749 §2.3.1): a colon in the id would end it.
        headers["authorization"] = _basic(quote_plus(auth.client_id), quote_plus(auth.client_secret))
    else:
        form |= {"client_id": auth.client_id, "client_secret": auth.client_secret}
    return headers, urlencode({name: value for name, value in form.items() if value is not None}).encode()


def auth_fields(auth: Auth) -> dict[str, Any]:
    """Its type and all its fields, in clear: for encryption alone."""
    name = next(name for name, kind in AUTH_TYPES.items() if isinstance(auth, kind))
    return {"type": name, **asdict(auth)}


def auth_of(fields: Mapping[str, Any]) -> Auth:
    """What `auth_fields` took apart."""
    return AUTH_TYPES[fields["type"]](**{name: value for name, value in fields.items() if name != "type"})


def _basic(username: str, password: str) -> str:
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()
