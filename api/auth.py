"""Who asks: a bearer key, and what it may see."""

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from flask import g

from webhooks.errors import Forbidden, NotFound, Unauthorized
from webhooks.model import INBOX_TENANT_PREFIX

DEFAULT_TENANT = "default"


class Scope(StrEnum):
    """What a key may do."""

    PUBLISH = "publish"
    MANAGE = "manage"
    READ = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The holder of a key; bound to one tenant, or to none."""

    tenant: str | None = None
    scopes: frozenset[Scope] = frozenset(Scope)

    def tenant_to_write(self, named: str | None) -> str:
        """The tenant whose things are made; raises Forbidden for another one than the key's."""
        if self._outside(named):
            raise Forbidden("this key is bound to another tenant; leave `tenant` out")
        return named or self.tenant or DEFAULT_TENANT

    def tenant_to_read(self, named: str | None) -> str:
        """The tenant whose things are read; raises NotFound for another one than the key's."""
        if self._outside(named):
            raise NotFound("there is no such tenant")
        return named or self.tenant or DEFAULT_TENANT

    def sees(self, tenant: str) -> bool:
        """Whether the tenant's things exist for this key; received events are seen in the inbox alone."""
        return not tenant.startswith(INBOX_TENANT_PREFIX) and not self._outside(tenant)

    def _outside(self, tenant: str | None) -> bool:
        return None not in (self.tenant, tenant) and tenant != self.tenant


def principal_of(authorization: str | None, *, api_key: str) -> Principal:
    """Who the header `Authorization` (RFC 6750 §2.1) stands for; raises Unauthorized."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not api_key or not _same(token.strip(), api_key):
        raise Unauthorized("send the header `Authorization: Bearer <key>` with a key of this installation")
    return Principal()


def principal() -> Principal:
    """Who makes this request."""
    return cast("Principal", g.principal)


def _same(given: str, expected: str) -> bool:
    """In constant time, and as bytes: a header may hold what is no ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
