"""Deliveries over HTTP: what became of an event at an endpoint, replay and cancel."""

from typing import Any

from flask.typing import ResponseReturnValue

from api import rendering
from api.auth import principal
from api.reading import Blueprint
from api.schemas import DeliveriesQuery
from api.shapes import DeliveryListShape, DeliveryShape, WholeDeliveryShape
from api.wiring import wired
from webhooks.errors import NotFound
from webhooks.model import Delivery, Endpoint
from webhooks.queries import DeliveryQuery
from webhooks.replaying import replay

blueprint = Blueprint(
    "deliveries",
    __name__,
    url_prefix="/v1/deliveries",
    description="The duty to get one event to one endpoint",
)


@blueprint.route("", methods=["GET"])
@blueprint.arguments(DeliveriesQuery, location="query")
@blueprint.alt_response(200, schema=DeliveryListShape)
def list_deliveries(query: dict[str, Any]) -> ResponseReturnValue:
    """List deliveries, newest first, without their attempts."""
    renderer = Renderer()
    found = wired().store.list_deliveries(DeliveryQuery(**{**query, "tenant": _tenant_of(query, renderer)}))
    return rendering.page(found, renderer.delivery)


@blueprint.route("/<delivery_id>", methods=["GET"])
@blueprint.alt_response(200, schema=WholeDeliveryShape)
def read_delivery(delivery_id: str) -> ResponseReturnValue:
    """Read one delivery with all its attempts."""
    return Renderer().whole(_known(delivery_id))


@blueprint.route("/<delivery_id>/replay", methods=["POST"])
@blueprint.alt_response(202, schema=DeliveryShape)
@blueprint.problem(409, "Unfinished, or its endpoint is stopped")
def replay_delivery(delivery_id: str) -> ResponseReturnValue:
    """Send a finished delivery once more, with a full budget."""
    wiring = wired()
    _known(delivery_id)
    return Renderer().delivery(replay(wiring.store, wiring.queue, delivery_id)), 202


@blueprint.route("/<delivery_id>/cancel", methods=["POST"])
@blueprint.alt_response(200, schema=DeliveryShape)
@blueprint.problem(409, "Finished already")
def cancel_delivery(delivery_id: str) -> ResponseReturnValue:
    """Give up on a delivery; one that is being sent ends with its attempt."""
    wiring = wired()
    _known(delivery_id)
    delivery, reminders = wiring.store.cancel(delivery_id)
    if reminders:
        wiring.queue.publish(reminders)
    return Renderer().delivery(delivery)


class Renderer:
    """Renders deliveries, reading each endpoint that they name once."""

    def __init__(self) -> None:
        self._wiring = wired()
        self._endpoints: dict[str, Endpoint | None] = {}

    def endpoint(self, endpoint_id: str) -> Endpoint | None:
        """The endpoint, None where there is none."""
        if endpoint_id not in self._endpoints:
            self._endpoints[endpoint_id] = self._wiring.store.endpoint(endpoint_id)
        return self._endpoints[endpoint_id]

    def delivery(self, delivery: Delivery) -> rendering.Json:
        """The delivery without its attempts."""
        return rendering.delivery(
            delivery,
            self.endpoint(delivery.endpoint_id),
            retry_schedule=self._wiring.settings.retry_schedule,
        )

    def whole(self, delivery: Delivery) -> rendering.Json:
        """The delivery with its attempts."""
        attempts = self._wiring.store.attempts(delivery.id)
        return {**self.delivery(delivery), "attempts": [rendering.attempt(attempt) for attempt in attempts]}


def _tenant_of(query: dict[str, Any], renderer: Renderer) -> str:
    """The tenant that is named; else that of the endpoint which is asked for, for its id says enough."""
    named, endpoint_id = query.get("tenant"), query.get("endpoint_id")
    if named is None and endpoint_id is not None:
        endpoint = renderer.endpoint(endpoint_id)
        if endpoint is not None and principal().sees(endpoint.tenant):
            return endpoint.tenant
    return principal().tenant_to_read(named)


def _known(delivery_id: str) -> Delivery:
    delivery = wired().store.delivery(delivery_id)
    if delivery is None or not principal().sees(delivery.tenant):
        raise NotFound("there is no such delivery")
    return delivery
