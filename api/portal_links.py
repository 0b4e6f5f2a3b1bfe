"""Portal links over HTTP: what a product hands to its customer, so that they see and change their own things."""

import re
from typing import Any
from urllib.parse import urlsplit

from flask import request
from flask.typing import ResponseReturnValue
from itsdangerous import BadData, URLSafeSerializer
from marshmallow import Schema, fields

from api import rendering
from api.auth import principal
from api.endpoints import unstored
from api.fields import Number, Text, check_name
from api.reading import Blueprint
from api.schemas import StrictSchema, TenantQuery
from api.shape_fields import moment, text
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.portal_links import PortalLink, new_link

DAY_SECONDS = 86_400
LEAST_SECONDS, MOST_SECONDS = 60, 30 * DAY_SECONDS
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LOGO_PLACE = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?")
"""What may stand in a content security policy."""

blueprint = Blueprint("portal_links", __name__, url_prefix="/v1/portal-links", description="Pages for one tenant")


def check_colour(text: str) -> None:
    """Nothing for a colour, else ValueError."""
    if not COLOUR.fullmatch(text):
        raise ValueError("must be a colour such as #3451b2")


def check_logo(text: str) -> None:
    """Nothing for the address of a picture, else ValueError."""
    parts = urlsplit(text)
    if parts.scheme != "https" or not LOGO_PLACE.fullmatch(parts.netloc) or not text.isprintable():
        raise ValueError("must be the https address of a picture, such as https://example.com/logo.svg")


class PortalLinkSchema(StrictSchema):
    """The body of `POST /v1/portal-links`."""

    tenant = Text(least=1, most=64, check=check_name, allow_none=True)
    expires_in_seconds = Number(least=LEAST_SECONDS, most=MOST_SECONDS, allow_none=True)
    name = Text(least=1, most=60, allow_none=True)
    colour = Text(least=7, most=7, check=check_colour, allow_none=True)
    logo_url = Text(least=1, most=2048, check=check_logo, allow_none=True)


class PortalLinkShape(Schema):
    """A link as lists show it."""

    id = text()
    tenant = text()
    name = text(null=True)
    colour = text(null=True)
    logo_url = text(null=True)
    created_at = moment()
    expires_at = moment()


class NewPortalLinkShape(PortalLinkShape):
    """A link as it is shown once."""

    url = text()


class PortalLinksShape(Schema):
    """A tenant's links."""

    data = fields.List(fields.Nested(PortalLinkShape), required=True)


@blueprint.route("", methods=["POST"])
@blueprint.arguments(PortalLinkSchema)
@blueprint.alt_response(201, schema=NewPortalLinkShape, description="Made; its address is shown here and never again")
def create_portal_link(body: dict[str, Any]) -> ResponseReturnValue:
    """Make a link to the pages of one tenant, good for a day unless said otherwise."""
    wiring = wired()
    link = new_link(
        tenant=principal().tenant_to_write(body.get("tenant")),
        expires_in_seconds=body.get("expires_in_seconds") or DAY_SECONDS,
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
        name=body.get("name"),
        colour=body.get("colour"),
        logo_url=body.get("logo_url"),
    )
    wiring.store.add_portal_link(link)
    return unstored({**shown(link), "url": address(link)}, status=201)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(TenantQuery, location="query")
@blueprint.alt_response(200, schema=PortalLinksShape)
def list_portal_links(query: dict[str, Any]) -> ResponseReturnValue:
    """List a tenant's links that have not ended, without their addresses."""
    found = wired().store.portal_links(principal().tenant_to_read(query.get("tenant")))
    return {"data": [shown(link) for link in found]}


@blueprint.route("/<link_id>", methods=["DELETE"])
@blueprint.alt_response(204, description="It opens nothing any more, nor do sessions that it opened")
def revoke_portal_link(link_id: str) -> ResponseReturnValue:
    """End a link at once."""
    store = wired().store
    link = store.portal_link(link_id)
    if link is not None and not principal().sees(link.tenant):
        raise NotFound("there is no such link")
    if link is not None:
        store.delete_portal_link(link)
    return "", 204


def shown(link: PortalLink) -> rendering.Json:
    """The link without its address."""
    return {
        "id": link.id,
        "tenant": link.tenant,
        "name": link.name,
        "colour": link.colour,
        "logo_url": link.logo_url,
        "created_at": rendering.moment(link.created_at),
        "expires_at": rendering.moment(link.expires_at),
    }


def address(link: PortalLink) -> str:
    """Where the link leads; whoever knows it is let in."""
    return f"{request.host_url}portal/enter/{_signer().dumps(link.id)}"


def opened_by(token: str) -> PortalLink | None:
    """The link of an address, if we signed it and it has not ended."""
    try:
        link_id = _signer().loads(token)
    except BadData:
        return None
    return wired().store.portal_link(str(link_id))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(wired().settings.secret_keys)), salt="hookline portal link")
