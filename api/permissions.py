"""Which scope each call needs, and which calls are nothing for a key that is bound to a tenant: the one table."""

from collections.abc import Mapping

from api.auth import Principal
from webhooks.api_keys import Scope
from webhooks.errors import Forbidden

READING = frozenset({"GET", "HEAD", "OPTIONS"})
EXCEPTIONS: Mapping[tuple[str, str], Scope] = {
    ("POST", "/v1/events"): Scope.PUBLISH,
    ("POST", "/v1/events/batch"): Scope.PUBLISH,
    ("GET", "/v1/endpoints/<endpoint_id>/secret"): Scope.MANAGE,
    ("GET", "/v1/keys"): Scope.MANAGE,
    ("GET", "/v1/keys/<key_id>"): Scope.MANAGE,
    ("GET", "/v1/audit"): Scope.MANAGE,
}
"""All other calls that read need `read`, and all others `manage`."""

OF_THE_INSTALLATION = ("/v1/tenants", "/v1/recoveries/del_", "/v1/sources", "/v1/stats/", "/metrics")
CHANGED_BY_THE_INSTALLATION = ("/v1/event-types",)
"""Read by every key, changed by those alone that are bound to no tenant: all tenants share them."""


def scope_of(method: str, rule: str) -> Scope:
    """What a key must be allowed for this call."""
    usual = Scope.READ if method in READING else Scope.MANAGE
    return EXCEPTIONS.get(("GET" if method == "HEAD" else method, rule), usual)


def check(principal: Principal, *, method: str, rule: str) -> None:
    """Nothing where the key may make the call, else raises Forbidden."""
    needed = scope_of(method, rule)
    if needed not in principal.scopes:
        held = ", ".join(sorted(principal.scopes))
        raise Forbidden(f"this call needs a key with the scope `{needed}`; this key has: {held}")
    shared = OF_THE_INSTALLATION if method in READING else OF_THE_INSTALLATION + CHANGED_BY_THE_INSTALLATION
    if principal.tenant is not None and rule.startswith(shared):
        raise Forbidden("this is about the whole installation: use a key that is bound to no tenant")
