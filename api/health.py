"""Whether the process runs, and whether everything that deliveries need is there (DESIGN.md section 9)."""

from dataclasses import dataclass
from typing import Any

from flask.typing import ResponseReturnValue

from api.errors import RETRY_AFTER_SECONDS
from api.reading import Blueprint
from api.shapes import LivenessShape, ReadinessShape
from api.wiring import Wiring, wired
from webhooks.answers import Vitals
from webhooks.errors import Unavailable
from webhooks.model import Lane

CANARY_SECONDS = 45.0
STAGER_SECONDS = 30.0
OVERDUE_SECONDS = 60.0

blueprint = Blueprint("health", __name__, url_prefix="/health", description="For probes; without a key")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """The verdict, and what it is made of."""

    failed: list[str]
    """The names of the checks that are red."""
    checks: dict[str, Any]

    @property
    def ready(self) -> bool:
        """Whether nothing is red."""
        return not self.failed


def judge(vitals: Vitals | None, *, broker: bool) -> Readiness:
    """Ready if all marks are fresh and nothing is long overdue; no `vitals`: the store does not answer."""
    lanes = {lane: _age(vitals, lane) for lane in Lane}
    stager = vitals.stager_age if vitals else None
    overdue = vitals.oldest_overdue_seconds if vitals else None
    checks: dict[str, Any] = {
        "redis": {"ok": vitals is not None},
        "broker": {"ok": broker},
        "workers": {
            "ok": all(_fresh(age, CANARY_SECONDS) for age in lanes.values()),
            **{f"{lane}_seconds": age for lane, age in lanes.items()},
        },
        "stager": {"ok": _fresh(stager, STAGER_SECONDS), "age_seconds": stager},
        "oldest_due_seconds": overdue,
    }
    failed = [name for name, check in checks.items() if isinstance(check, dict) and not check["ok"]]
    if not _fresh(overdue, OVERDUE_SECONDS):
        failed.append("oldest_due_seconds")
    return Readiness(failed=failed, checks=checks)


@blueprint.route("/live", methods=["GET"])
@blueprint.doc(security=[])
@blueprint.alt_response(200, schema=LivenessShape)
def live() -> ResponseReturnValue:
    """Say that the process runs."""
    return {"status": "live"}


@blueprint.route("/ready", methods=["GET"])
@blueprint.doc(security=[])
@blueprint.alt_response(200, schema=ReadinessShape)
@blueprint.alt_response(503, schema=ReadinessShape)
def ready() -> ResponseReturnValue:
    """Say whether deliveries can be made, and what is missing."""
    wiring = wired()
    readiness = judge(_vitals(wiring), broker=wiring.broker_answers())
    status = "ready" if readiness.ready else "not_ready"
    body = {"status": status, "failed": readiness.failed, "checks": readiness.checks}
    return (body, 200) if readiness.ready else (body, 503, {"Retry-After": str(RETRY_AFTER_SECONDS)})


def _vitals(wiring: Wiring) -> Vitals | None:
    try:
        return wiring.store.vitals()
    except Unavailable:
        return None


def _age(vitals: Vitals | None, lane: Lane) -> float | None:
    return vitals.canary_ages.get(lane) if vitals else None


def _fresh(age: float | None, limit: float) -> bool:
    return age is not None and age < limit
