"""Who asks: a bearer key, and what it may see."""

import hmac
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from flask import Flask, current_app, g

from api.failures import FailureLimit
from webhooks.api_keys import ApiKey, Scope, digest_of, looks_like_key
from webhooks.errors import Forbidden, NotFound, RateLimited, Unauthorized
from webhooks.model import INBOX_TENANT_PREFIX
from webhooks.operator_ports import KeyStore

DEFAULT_TENANT = "default"
INSTALLATION = "installation"
"""The name of `HOOKLINE_API_KEY`, which is no key of the store and so has no id."""
REMEMBERED_SECONDS = 1.0
"""How long a key that was looked up is not looked up again: so long may a revoked one go on elsewhere."""
MOST_REMEMBERED = 10_000
EXTENSION = "hookline.authenticator"

Memory = TypeVar("Memory")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The holder of a key; bound to one tenant, or to none."""

    tenant: str | None = None
    scopes: frozenset[Scope] = frozenset(Scope)
    key_id: str | None = None
    name: str = INSTALLATION

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


class Authenticator:
    """Knows the installation's key and looks the others up; safe with many threads."""

    def __init__(self, keys: KeyStore, *, api_key: str, monotonic: Callable[[], float]) -> None:
        self._keys = keys
        self._api_key = api_key
        self._monotonic = monotonic
        self._failures = FailureLimit(monotonic)
        self._lock = threading.Lock()
        self._looked_up: OrderedDict[str, tuple[float, ApiKey]] = OrderedDict()
        self._welcome: OrderedDict[tuple[str, str], None] = OrderedDict()
        """Addresses, each with the digest of a key that it used with success."""

    def principal_of(self, authorization: str | None, *, address: str) -> Principal:
        """Who the header `Authorization` (RFC 6750 §2.1) stands for; raises Unauthorized, RateLimited, Unavailable."""
        scheme, _, token = (authorization or "").partition(" ")
        return self.principal_of_key(token.strip() if scheme.lower() == "bearer" else "", address=address)

    def principal_of_key(self, text: str, *, address: str) -> Principal:
        """Who holds this key; raises Unauthorized, RateLimited, Unavailable.

        An address that failed too often is refused before anything is looked up, unless it used this very key
        before: many clients may share one address with one that is set up wrongly.
        """
        digest = digest_of(text)
        wait = self._failures.wait_seconds(address)
        if wait and (address, digest) not in self._welcome:
            raise RateLimited("too many calls without a valid key from this address", retry_after_seconds=wait)
        found = self._known(text, digest)
        if found is None:
            self._welcome.pop((address, digest), None)
            self._failures.note(address)
            raise Unauthorized("send the header `Authorization: Bearer <key>` with a key of this installation")
        self._remember(self._welcome, (address, digest), None)
        return found

    def forget(self, key_id: str) -> None:
        """A revoked key is refused by this process from now on, and by the others within a second."""
        with self._lock:
            for digest in [each for each, (_, known) in self._looked_up.items() if known.id == key_id]:
                del self._looked_up[digest]

    def _known(self, text: str, digest: str) -> Principal | None:
        if self._api_key and _same(text, self._api_key):
            return Principal()
        if not looks_like_key(text):
            return None
        found = self._look_up(digest)
        if found is None:
            return None
        return Principal(tenant=found.tenant, scopes=found.scopes, key_id=found.id, name=found.name)

    def _look_up(self, digest: str) -> ApiKey | None:
        until, known = self._looked_up.get(digest, (0.0, None))
        if known and self._monotonic() < until:
            return known
        found = self._keys.use_api_key(digest)
        if found:
            self._remember(self._looked_up, digest, (self._monotonic() + REMEMBERED_SECONDS, found))
        return found

    def _remember(self, memory: OrderedDict[Memory, Value], item: Memory, value: Value) -> None:
        with self._lock:
            memory[item] = value
            memory.move_to_end(item)
            if len(memory) > MOST_REMEMBERED:
                memory.popitem(last=False)


def attach(app: Flask, authenticator: Authenticator) -> None:
    """From now on the app's views find the authenticator."""
    app.extensions[EXTENSION] = authenticator


def authenticator() -> Authenticator:
    """The authenticator of the app that serves this request."""
    return cast("Authenticator", current_app.extensions[EXTENSION])


def principal() -> Principal:
    """Who makes this request."""
    return cast("Principal", g.principal)


def _same(given: str, expected: str) -> bool:
    """In constant time, and as bytes: a header may hold what is no ASCII."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())
