"""The overview: how the whole installation fares, now and in the last hours."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from api.health import judge
from api.ui import trends
from api.ui.access import for_installation
from api.ui.rendering import show
from api.ui.strips import Strip, strip
from api.wiring import wired
from webhooks.answers import Backlog
from webhooks.model import Endpoint

LISTED = 6
RANGES = {"60": "an hour", "360": "six hours", "1440": "a day"}
HOUR = 60

blueprint = Blueprint("overview", __name__)


@blueprint.get("/overview")
@for_installation
def show_overview() -> ResponseReturnValue:
    """Tiles, charts, and the endpoints that need a look."""
    wiring = wired()
    hour = wiring.store.minutes(HOUR)
    vitals = wiring.store.vitals()
    counts = trends.merged(hour)
    return show(
        "ui/overview.html",
        page="overview",
        readiness=judge(vitals, broker=wiring.broker_answers()),
        vitals=vitals,
        backlog=_backlog(wiring.store.backlog()),
        hour={line: trends.total(hour, line) for line in trends.OUTCOMES},
        half=trends.delay(counts, trends.HALF),
        most=trends.delay(counts, trends.MOST),
        failing=_rows(wiring.store.failing(limit=LISTED)),
        slowest=_rows(wiring.store.slowest(limit=LISTED)),
        ranges=RANGES,
        range=_range(),
    )


@blueprint.get("/overview/minutes")
@for_installation
def read_minutes() -> ResponseReturnValue:
    """The charts' lines."""
    return jsonify(trends.series(wired().store.minutes(int(_range()))))


def _range() -> str:
    asked = request.args.get("range", "")
    return asked if asked in RANGES else next(iter(RANGES))


def _backlog(backlog: Backlog) -> dict[str, Any]:
    """What is not finished, by what it waits for."""
    return {
        "ready": sum(backlog.ready.values()),
        "on the conveyor": sum(backlog.published.values()),
        "being sent": backlog.claimed,
        "waiting at an endpoint": backlog.waiting,
        "due later": backlog.due,
    }


def _rows(endpoint_ids: list[str]) -> list[tuple[Endpoint, Strip]]:
    store = wired().store
    recent = store.recent(endpoint_ids)
    found = zip(map(store.endpoint, endpoint_ids), recent, strict=True)
    return [(endpoint, strip(latest)) for endpoint, latest in found if endpoint]
