"""Endpoints: the list with their health, one of them, registering and changing, a test send, its secret."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from api import endpoint_rendering
from api.auth import principal
from api.deliveries import Renderer
from api.endpoint_schemas import EndpointPatchSchema, EndpointSchema
from api.endpoints import known
from api.event_schemas import TEST_DATA, TEST_TYPE
from api.schemas import EndpointsQuery
from api.ui import credential_forms, endpoint_forms
from api.ui.auditing import made
from api.ui.filters import Filters
from api.ui.rendering import link, render, show
from api.ui.strips import strip
from api.wiring import wired
from webhooks import rotation, signature_headers
from webhooks.errors import InvalidEndpoint
from webhooks.model import Endpoint
from webhooks.publishing import Draft, publish_test
from webhooks.queries import DeliveryQuery, EndpointQuery
from webhooks.registering import changed, new_endpoint
from webhooks.signing_secrets import SigningScheme

PAGE = 25
NEWEST = 8
OVERLAPS = {"0": "at once", "3600": "an hour", "86400": "a day", "604800": "a week"}

blueprint = Blueprint("endpoints", __name__, url_prefix="/endpoints")


@blueprint.get("")
def show_list() -> ResponseReturnValue:
    """A tenant's endpoints with how they fare."""
    store = wired().store
    filters = Filters(EndpointsQuery, limit=PAGE)
    tenant = principal().tenant_to_read(filters.query.pop("tenant", None))
    found = store.list_endpoints(EndpointQuery(tenant=tenant, **filters.query))
    endpoints = [now for each in found.items if (now := store.endpoint(each.id))]
    recent = store.recent([each.id for each in endpoints])
    return show(
        "ui/endpoints.html",
        page="endpoints",
        filters=filters,
        rows=[(each, strip(latest)) for each, latest in zip(endpoints, recent, strict=True)],
        next=found.next,
    )


@blueprint.get("/new")
def ask_new() -> ResponseReturnValue:
    """The form of a new endpoint."""
    return _form({"period_seconds": "1"}, {}, None)


@blueprint.post("/new")
def register() -> ResponseReturnValue:
    """A new endpoint, or its form again with what is wrong."""
    wiring = wired()
    try:
        fields = EndpointSchema().load(endpoint_forms.body(request.form))
        endpoint = new_endpoint(
            fields,
            tenant=principal().tenant_to_write(request.form.get("tenant", "").strip() or None),
            secret=None,
            rules=wiring.rules,
            now=wiring.clock.now(),
            random_bytes=wiring.random_bytes,
        )
    except InvalidEndpoint as error:
        return _form(request.form, error.errors, None), HTTPStatus.BAD_REQUEST
    made(endpoint.id)
    return _to(wiring.store.add_endpoint(endpoint).id, "registered")


@blueprint.get("/<endpoint_id>")
def show_one(endpoint_id: str) -> ResponseReturnValue:
    """One endpoint, whole."""
    return _whole(known(endpoint_id))


@blueprint.get("/<endpoint_id>/edit")
def ask_change(endpoint_id: str) -> ResponseReturnValue:
    """The form of an endpoint."""
    endpoint = known(endpoint_id)
    return _form(endpoint_forms.typed(endpoint), {}, endpoint)


@blueprint.post("/<endpoint_id>/edit")
def change(endpoint_id: str) -> ResponseReturnValue:
    """The endpoint as its form says, or the form again with what is wrong."""
    present = known(endpoint_id)
    try:
        fields = EndpointPatchSchema().load(endpoint_forms.body(request.form, present=present))
        _change(endpoint_id, fields)
    except InvalidEndpoint as error:
        return _form(request.form, error.errors, present), HTTPStatus.BAD_REQUEST
    return _to(endpoint_id, "changed")


@blueprint.post("/<endpoint_id>/enable")
def enable(endpoint_id: str) -> ResponseReturnValue:
    """It gets what happens from now on."""
    _change(known(endpoint_id).id, {"enabled": True})
    return _to(endpoint_id, "enabled")


@blueprint.post("/<endpoint_id>/disable")
def disable(endpoint_id: str) -> ResponseReturnValue:
    """It gets nothing more."""
    _change(known(endpoint_id).id, {"enabled": False})
    return _to(endpoint_id, "disabled")


@blueprint.post("/<endpoint_id>/delete")
def delete(endpoint_id: str) -> ResponseReturnValue:
    """It is gone."""
    wired().store.delete_endpoint(known(endpoint_id).id)
    return redirect(link("endpoints.show_list", said="deleted"), HTTPStatus.SEE_OTHER)


@blueprint.post("/<endpoint_id>/test")
def send_test(endpoint_id: str) -> ResponseReturnValue:
    """A test event is on its way; the page of its delivery shows what comes of it."""
    wiring = wired()
    endpoint = known(endpoint_id)
    published = publish_test(
        wiring.intake,
        Draft(tenant=endpoint.tenant, endpoint_ids=(endpoint.id,), type=TEST_TYPE, data=TEST_DATA),
        endpoint.id,
        now=wiring.clock.now(),
        random_bytes=wiring.random_bytes,
    )
    delivery_id = f"{published.event_id}:{endpoint.id}"
    return redirect(link("deliveries.show_one", delivery_id=delivery_id, said="tested"), HTTPStatus.SEE_OTHER)


@blueprint.post("/<endpoint_id>/secret")
def show_secret(endpoint_id: str) -> ResponseReturnValue:
    """The page with the secret in clear, once; a form asks for it, so that no address does."""
    endpoint = known(endpoint_id)
    shown = endpoint_rendering.secret(endpoint)
    return _whole(endpoint, secret=shown["secret"] or shown["public_key"])


@blueprint.post("/<endpoint_id>/rotate")
def rotate(endpoint_id: str) -> ResponseReturnValue:
    """A new secret signs from now on, the one before it for the chosen time more."""
    wiring = wired()
    endpoint, asked = known(endpoint_id), request.form.get("overlap_seconds", "")
    chosen = asked in OVERLAPS and SigningScheme(endpoint.signing_scheme).takes_several
    overlap = int(asked) if chosen else None
    now, random_bytes = wiring.clock.now(), wiring.random_bytes
    wiring.store.change_endpoint(
        endpoint.id,
        lambda present: rotation.renewed(
            present, secret=None, overlap_seconds=overlap, now=now, random_bytes=random_bytes
        ),
    )
    return _to(endpoint_id, "rotated")


@blueprint.post("/<endpoint_id>/revoke")
def revoke(endpoint_id: str) -> ResponseReturnValue:
    """The current secret signs alone."""
    wired().store.change_endpoint(known(endpoint_id).id, rotation.revoked)
    return _to(endpoint_id, "revoked")


def _whole(endpoint: Endpoint, *, secret: str = "") -> ResponseReturnValue:
    wiring = wired()
    [recent] = wiring.store.recent([endpoint.id])
    found = wiring.store.list_deliveries(DeliveryQuery(tenant=endpoint.tenant, endpoint_id=endpoint.id, limit=NEWEST))
    shown = Renderer().delivery
    return show(
        "ui/endpoint.html",
        page="endpoints",
        endpoint=endpoint,
        typed=endpoint_forms.typed(endpoint),
        strip=strip(recent),
        deliveries=[shown(each) for each in found.items],
        previous=rotation.previous(endpoint, now=wiring.clock.now()),
        overlaps=OVERLAPS,
        kinds=credential_forms.KINDS,
        signed_as=signature_headers.names(endpoint)[2],
        schedule=wiring.settings.retry_schedule if endpoint.retry_schedule is None else endpoint.retry_schedule,
        secret=secret,
    )


def _form(given: Mapping[str, str], problems: Mapping[str, Any], endpoint: Endpoint | None) -> str:
    return render(
        "ui/endpoint_form.html",
        page="endpoints",
        given=given,
        problems=_by_field(problems),
        endpoint=endpoint,
        kept=credential_forms.kept(endpoint),
        opened={name.partition("_")[0] for name in _by_field(problems)},
        untold=any(given.get(name) for name in credential_forms.UNTOLD),
        kinds=credential_forms.KINDS,
        schemes=credential_forms.SCHEMES,
        usual=wired().settings,
    )


def _by_field(problems: Mapping[str, Any]) -> dict[str, str]:
    """The API's names of what is wrong as the form's."""
    found: dict[str, list[str]] = {}
    for name, messages in problems.items():
        found.setdefault(endpoint_forms.field_of(name), []).extend(messages)
    return {name: "; ".join(messages) for name, messages in found.items()}


def _change(endpoint_id: str, fields: dict[str, Any]) -> None:
    wiring = wired()
    now = wiring.clock.now()
    wiring.store.change_endpoint(
        endpoint_id,
        lambda endpoint: changed(endpoint, fields, rules=wiring.rules, now=now, random_bytes=wiring.random_bytes),
    )


def _to(endpoint_id: str, said: str) -> ResponseReturnValue:
    return redirect(link("endpoints.show_one", endpoint_id=endpoint_id, said=said), HTTPStatus.SEE_OTHER)
