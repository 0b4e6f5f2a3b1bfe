"""How a body names an endpoint's `auth` and `tls`, and how both read back: masked."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validates_schema

from api.fields import Text
from webhooks.credentials import AUTH_TYPES, MASK, Auth, TlsIdentity, auth_fields

_VISIBLE = re.compile(r"[!-~]+")
_PRINTABLE = re.compile(r"[ -~]+")


def check_no_mask(text: str) -> None:
    """Nothing for a value of its own, else ValueError."""
    if text == MASK:
        raise ValueError(f"{MASK} is what is shown in place of a credential; give the credential, or leave this out")


def check_user(text: str) -> None:
    """Nothing for what may stand before the colon of basic authentication (RFC 7617 §2), else ValueError."""
    check_password(text)
    if ":" in text:
        raise ValueError("must have no colon")


def check_password(text: str) -> None:
    """Nothing for a text without control characters, else ValueError."""
    check_no_mask(text)
    if not text.isprintable():
        raise ValueError("must have no control characters")


def check_token(text: str) -> None:
    """Nothing for visible ASCII, else ValueError."""
    check_no_mask(text)
    if not _VISIBLE.fullmatch(text):
        raise ValueError("must be visible ASCII without space")


def check_printable(text: str) -> None:
    """Nothing for printable ASCII (RFC 6749, appendix A), else ValueError."""
    check_no_mask(text)
    if not _PRINTABLE.fullmatch(text):
        raise ValueError("must be printable ASCII")


class CredentialSchema(Schema):
    """Members of `auth` and `tls`."""

    class Meta:
        """Unknown fields are refused."""

        unknown = RAISE

    error_messages = {"unknown": "there is no such field"}  # noqa: RUF012 - marshmallow declares it so


class BasicSchema(CredentialSchema):
    """A name and a password."""

    username = Text(required=True, most=255, check=check_user)
    password = Text(required=True, most=1024, check=check_password)


class BearerSchema(CredentialSchema):
    """A token."""

    token = Text(required=True, least=1, most=4096, check=check_token)


class OAuth2Schema(CredentialSchema):
    """Client credentials, and where a token is had for them."""

    token_url = Text(required=True, least=1, most=4096, check=check_no_mask)
    client_id = Text(required=True, least=1, most=1024, check=check_printable)
    client_secret = Text(required=True, least=1, most=1024, check=check_printable)
    scope = Text(least=1, most=1024, check=check_printable, allow_none=True)
    audience = Text(least=1, most=1024, check=check_printable, allow_none=True)
    client_auth = Text(most=6, check=lambda text: _one_of(text, "header", "body"))


SCHEMAS: Mapping[str, CredentialSchema] = {"basic": BasicSchema(), "bearer": BearerSchema(), "oauth2": OAuth2Schema()}


class AuthField(fields.Field[Auth]):
    """`{"type": "basic" | "bearer" | "oauth2", …}`, as one of the kinds of `credentials.Auth`."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"oneOf": [_described(name, schema) for name, schema in SCHEMAS.items()]}, **options)

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Auth:
        if not isinstance(value, dict):
            raise ValidationError("must be an object")
        kind = value.get("type")
        if not isinstance(kind, str) or kind not in SCHEMAS:
            raise ValidationError({"type": ["must be one of " + " ".join(SCHEMAS)]})
        loaded = SCHEMAS[kind].load({name: each for name, each in value.items() if name != "type"})
        return AUTH_TYPES[kind](**loaded)


class TlsSchema(CredentialSchema):
    """A client certificate with its private key, an authority to trust in place of the usual ones, or both."""

    certificate = Text(most=32_768, check=check_no_mask, allow_none=True)
    private_key = Text(most=16_384, check=check_no_mask, allow_none=True)
    ca = Text(most=65_536, check=check_no_mask, allow_none=True)

    @validates_schema
    def _says_something(self, loaded: dict[str, Any], **_: Any) -> None:
        if not any(loaded.values()):
            raise ValidationError("give a certificate with its private key, a ca, or all of them")

    @post_load
    def _as_value(self, loaded: dict[str, Any], **_: Any) -> TlsIdentity:
        return TlsIdentity(**loaded)


def shown_auth(auth: Auth | None) -> dict[str, Any] | None:
    """Which kind it is, and `***` for all that is given."""
    if auth is None:
        return None
    kept = auth_fields(auth)
    return {"type": kept.pop("type"), **_hidden(kept)}


def shown_tls(identity: TlsIdentity | None) -> dict[str, Any] | None:
    """`***` for all that is given."""
    return None if identity is None else _hidden(asdict(identity))


def _hidden(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: None if value is None else MASK for name, value in given.items()}


def _one_of(text: str, *allowed: str) -> None:
    if text not in allowed:
        raise ValueError("must be one of " + " ".join(allowed))


def _described(kind: str, schema: CredentialSchema) -> dict[str, Any]:
    """One alternative in the OpenAPI document."""
    required = ["type", *(name for name, each in schema.fields.items() if each.required)]
    properties = {name: dict(each.metadata) for name, each in schema.fields.items()}
    return {
        "title": kind,
        "type": "object",
        "required": required,
        "properties": {"type": {"const": kind}, **properties},
        "additionalProperties": False,
    }
