"""Access: the keys of the API and the portal links, made, listed and ended."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from api import portal_links
from api.auth import authenticator, principal
from api.key_schemas import KeySchema
from api.ui.auditing import made
from api.ui.rendering import link, render
from api.wiring import wired
from webhooks.api_keys import Scope, digest_of, new_key
from webhooks.errors import Forbidden, InvalidRequest, NotFound
from webhooks.operator_answers import KeyQuery
from webhooks.portal_links import PortalLink, new_link

PAGE = 100
LASTING = {"3600": "an hour", "86400": "a day", "604800": "a week", "2592000": "30 days"}

blueprint = Blueprint("access", __name__, url_prefix="/access")


@blueprint.get("")
def show() -> ResponseReturnValue:
    """Who may come in."""
    return _page()


@blueprint.post("/keys")
def create_key() -> ResponseReturnValue:
    """The page with the new key on it, once."""
    try:
        fields = KeySchema().load(_typed(("name", "tenant")) | {"scopes": request.form.getlist("scopes")})
    except InvalidRequest as error:
        return _page(problems=error.errors), HTTPStatus.BAD_REQUEST
    if fields["scopes"] - principal().scopes:
        raise Forbidden("a key gives away only what it has itself")
    wiring, tenant = wired(), fields.get("tenant")
    key, text = new_key(
        fields["name"],
        tenant=principal().tenant_to_write(tenant) if principal().tenant else tenant,
        scopes=fields["scopes"],
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
    )
    wiring.store.add_api_key(key, digest=digest_of(text))
    made(key.id)
    return _page(new_key=text)


@blueprint.post("/keys/<key_id>/revoke")
def revoke_key(key_id: str) -> ResponseReturnValue:
    """The key opens nothing any more."""
    found = wired().store.api_key(key_id)
    if found is None or principal().tenant not in (None, found.tenant):
        raise NotFound("there is no such key")
    wired().store.delete_api_key(key_id)
    authenticator().forget(key_id)
    return _back("key_revoked")


@blueprint.post("/links")
def create_link() -> ResponseReturnValue:
    """The page with the new link on it, once."""
    names = ("tenant", "name", "colour", "logo_url")
    lasts = request.form.get("expires_in_seconds", "")
    try:
        fields = portal_links.PortalLinkSchema().load(_typed(names))
    except InvalidRequest as error:
        return _page(
            problems={f"link_{name}": messages for name, messages in error.errors.items()}
        ), HTTPStatus.BAD_REQUEST
    wiring = wired()
    found = new_link(
        tenant=principal().tenant_to_write(fields.pop("tenant", None)),
        expires_in_seconds=int(lasts) if lasts in LASTING else portal_links.DAY_SECONDS,
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
        **fields,
    )
    wiring.store.add_portal_link(found)
    made(found.id)
    return _page(new_link=found)


@blueprint.post("/links/<link_id>/revoke")
def revoke_link(link_id: str) -> ResponseReturnValue:
    """The link, and who came in by it, is out."""
    found = wired().store.portal_link(link_id)
    if found is None or not principal().sees(found.tenant):
        raise NotFound("there is no such link")
    wired().store.delete_portal_link(found)
    return _back("link_revoked")


def _page(
    *, new_key: str = "", new_link: PortalLink | None = None, problems: Mapping[str, Sequence[str]] | None = None
) -> str:
    store = wired().store
    tenant = principal().tenant_to_read(request.values.get("tenant", "").strip() or None)
    return render(
        "ui/access.html",
        page="access",
        keys=store.list_api_keys(KeyQuery(tenant=principal().tenant, limit=PAGE)).items,
        links=store.portal_links(tenant),
        tenant=tenant,
        scopes=list(Scope),
        lasting=LASTING,
        given=request.form,
        problems={name.partition(".")[0]: "; ".join(each) for name, each in (problems or {}).items()},
        new_key=new_key,
        new_link=portal_links.address(new_link) if new_link else "",
    )


def _typed(names: tuple[str, ...]) -> dict[str, Any]:
    given = {name: request.form.get(name, "").strip() for name in names}
    return {name: value for name, value in given.items() if value}


def _back(said: str) -> ResponseReturnValue:
    return redirect(link("access.show", said=said), HTTPStatus.SEE_OTHER)
