"""`/metrics`: the store's counters and places as Prometheus reads them; whichever process answers says the same."""

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from api.auth import principal
from api.wiring import wired
from webhooks import __version__, measuring
from webhooks.answers import Backlog, Vitals
from webhooks.errors import Forbidden

PATH = "/metrics"
UNMEASURED = frozenset({"health", "metrics"})
"""Probes come all the time; to count them would keep an idle store busy."""

COUNTERS = {
    "hookline_events_accepted": ("events", "Events that were accepted"),
    "hookline_deliveries_delivered": ("delivered", "Deliveries whose receiver answered 2xx"),
    "hookline_retries_scheduled": ("retries.scheduled", "Retries of deliveries that were scheduled"),
    "hookline_retries_claimed": ("retries.claimed", "Retries of deliveries that began"),
    "hookline_handlers_done": ("handlers.done", "Handler runs that ended well"),
    "hookline_handler_retries_scheduled": ("handlers.failed_retry", "Retries of handlers that were scheduled"),
    "hookline_leases_lost": ("leases.lost", "Attempts whose worker never came back"),
    "hookline_endpoints_disabled": ("endpoints.disabled", "Endpoints that were disabled, by hand, a 410 or failing"),
    "hookline_breakers_opened": ("breakers.opened", "Breakers that opened"),
    "hookline_messages_republished": ("republished", "Reminders that were published again, since theirs was lost"),
    "hookline_received_kept": ("receiver.kept", "Received webhooks that were kept and acknowledged"),
    "hookline_received_refused": ("receiver.refused", "Received webhooks whose signature was refused"),
    "hookline_received_malformed": ("receiver.malformed", "Received webhooks whose body could not be read"),
}
"""Each metric's counter in the store, and its help."""

LABELLED = {
    measuring.OUTCOMES: ("hookline_attempts", "Attempts by what came of them", ("lane", "outcome")),
    measuring.REQUESTS: ("hookline_http_requests", "Answered requests", ("part", "status")),
}
HISTOGRAMS = {
    measuring.DURATION: ("hookline_attempt_duration_seconds", "How long attempts took", "lane"),
    measuring.DELAY: ("hookline_first_attempt_delay_seconds", "From acceptance to the first attempt", "lane"),
    measuring.REQUEST_DURATION: ("hookline_http_request_duration_seconds", "How long requests took", "part"),
}

blueprint = Blueprint("metrics", __name__)


@blueprint.get(PATH)
def metrics() -> Response:
    """All metrics in the text format 0.0.4; needs a key that is bound to no tenant."""
    if principal().tenant is not None:
        raise Forbidden("metrics are of all tenants; use a key that is bound to none")
    store = wired().store
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Readings(store.counts(), store.backlog(), store.vitals()))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def measure_requests(app: Flask) -> None:
    """From now on the app counts its answers, by blueprint and status, and how long they took."""
    app.before_request(_begin)
    app.after_request(_measured)


def _begin() -> None:
    g.began = time.perf_counter()


def _measured(response: Response) -> Response:
    part = request.blueprint or "none"
    if part not in UNMEASURED:
        counts = measuring.of_request(part, response.status_code, time.perf_counter() - g.began)
        wired().counts.add_all(counts)
    return response


class _Readings(Collector):
    """One reading of the store, as families of metrics."""

    def __init__(self, counts: Mapping[str, int], backlog: Backlog, vitals: Vitals) -> None:
        self._counts = counts
        self._backlog = backlog
        self._vitals = vitals

    def collect(self) -> Iterator[Metric]:
        """Every family, those that counted nothing yet too."""
        build = GaugeMetricFamily("hookline_build_info", "The version that answers", labels=["version"])
        build.add_metric([__version__], 1)
        yield build
        for name, (counter, text) in COUNTERS.items():
            yield CounterMetricFamily(name, text, value=self._counts.get(counter, 0))
        yield from self._labelled()
        yield from self._histograms()
        yield from self._gauges()

    def _labelled(self) -> Iterator[Metric]:
        for kind, (name, text, labels) in LABELLED.items():
            family = CounterMetricFamily(name, text, labels=labels)
            for parts, value in self._of_kind(kind):
                family.add_metric(parts, value)
            yield family

    def _histograms(self) -> Iterator[Metric]:
        for kind, (name, text, label) in HISTOGRAMS.items():
            family = HistogramMetricFamily(name, text, labels=[label])
            observed: dict[str, dict[str, int]] = defaultdict(dict)
            for (subject, bound), value in self._of_kind(kind):
                observed[subject][bound] = value
            for subject, counts in observed.items():
                family.add_metric([subject], _cumulated(counts), counts.get(measuring.SUM, 0) / 1_000_000)
            yield family

    def _gauges(self) -> Iterator[Metric]:
        backlog = self._backlog
        ready = GaugeMetricFamily("hookline_ready", "Deliveries that may go and wait for room", labels=["lane", "kind"])
        for (lane, kind), size in backlog.ready.items():
            ready.add_metric([lane, kind], size)
        yield ready
        yield _by_label("hookline_published", "Deliveries whose reminder is on its way", "lane", backlog.published)
        yield GaugeMetricFamily("hookline_claimed", "Deliveries that a worker has", value=backlog.claimed)
        yield GaugeMetricFamily("hookline_due", "What waits for its time, retries above all", value=backlog.due)
        yield GaugeMetricFamily("hookline_waiting", "Deliveries that wait for their endpoint", value=backlog.waiting)
        breakers = {"open": 0, "half_open": 0} | dict(backlog.breakers)
        yield _by_label("hookline_breakers", "Endpoints whose breaker is not closed", "state", breakers)
        overdue = self._vitals.oldest_overdue_seconds
        yield GaugeMetricFamily("hookline_oldest_due_seconds", "How late the most overdue is", value=overdue)
        ages = {lane.value: age for lane, age in self._vitals.canary_ages.items() if age is not None}
        yield _by_label("hookline_canary_age_seconds", "Since a worker of this lane last ran one", "lane", ages)
        if self._vitals.stager_age is not None:
            text = "Since a stager last looked"
            yield GaugeMetricFamily("hookline_stager_age_seconds", text, value=self._vitals.stager_age)

    def _of_kind(self, kind: str) -> Iterator[tuple[list[str], int]]:
        for counter, value in self._counts.items():
            own, *parts = counter.split(":")
            if own == kind and len(parts) == 2:  # noqa: PLR2004 - the subject and the rest
                yield parts, value


def _by_label(name: str, text: str, label: str, values: Mapping[Any, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, size in values.items():
        family.add_metric([value], size)
    return family


def _cumulated(counts: Mapping[str, int]) -> list[tuple[str, float]]:
    """Prometheus wants each bucket with all smaller ones in it."""
    buckets: list[tuple[str, float]] = []
    total = 0
    for bound in measuring.BUCKETS:
        total += counts.get(f"{bound:g}", 0)
        buckets.append((str(bound), total))
    buckets.append(("+Inf", total + counts.get(measuring.INFINITE, 0)))
    return buckets
