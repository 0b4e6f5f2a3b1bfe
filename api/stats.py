"""The flow's counts over HTTP."""

from flask.typing import ResponseReturnValue

from api import rendering
from api.reading import Blueprint
from api.shapes import FlowShape
from api.wiring import wired
from webhooks.flow import flow

blueprint = Blueprint("stats", __name__, url_prefix="/v1/stats", description="Counts")


@blueprint.route("/flow", methods=["GET"])
@blueprint.alt_response(200, schema=FlowShape)
def read_flow() -> ResponseReturnValue:
    """How often each node of the flow was reached, and each edge taken."""
    wiring = wired()
    counted = flow(wiring.store.counts())
    since = counted.since or wiring.clock.now()
    return {"nodes": counted.nodes, "edges": counted.edges, "since": rendering.moment(since)}
