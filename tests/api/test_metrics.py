"""`/metrics` as Prometheus reads it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.api.attempting import answered, attempt, let_it_come_due, unanswered
from webhooks.model import Lane

DEPLOY = Path(__file__).parents[2] / "deploy" / "monitoring"


def readings(client):
    """Each sample's value by name and labels."""
    answer = client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(client, name, **labels):
    return readings(client).get((name, tuple(sorted(labels.items()))))


def test_attempts_are_counted_by_what_came_of_them(client, store):
    client.endpoint()
    delivery = client.event().json["deliveries"][0]["id"]
    for outcome in (answered(503), unanswered(), answered(200)):
        attempt(store, delivery, outcome)
        let_it_come_due(store, 3600)

    assert value(client, "hookline_attempts_total", lane="deliveries", outcome="5xx") == 1
    assert value(client, "hookline_attempts_total", lane="deliveries", outcome="timeout") == 1
    assert value(client, "hookline_attempts_total", lane="deliveries", outcome="2xx") == 1
    assert value(client, "hookline_retries_scheduled_total") == 2
    assert value(client, "hookline_retries_claimed_total") == 2
    assert value(client, "hookline_deliveries_delivered_total") == 1


def test_histograms_hold_each_observation_in_every_larger_bucket(client, store):
    client.endpoint()
    for _ in range(2):
        attempt(store, client.event().json["deliveries"][0]["id"], answered(200))

    read = readings(client)
    buckets = {
        float(dict(labels)["le"]): count
        for (name, labels), count in read.items()
        if name == "hookline_attempt_duration_seconds_bucket"
    }
    assert buckets[0.01] == 0
    assert buckets[0.025] == 2
    assert buckets[float("inf")] == 2
    total = read["hookline_attempt_duration_seconds_sum", (("lane", "deliveries"),)]
    assert total == pytest.approx(2 * 0.01244)
    assert read["hookline_first_attempt_delay_seconds_count", (("lane", "deliveries"),)] == 2


def test_every_place_shows_how_many_stand_there(client, store):
    client.endpoint(max_in_flight=1)
    for _ in range(3):
        client.event()

    assert value(client, "hookline_published", lane="deliveries") == 1
    assert value(client, "hookline_waiting") == 2
    assert value(client, "hookline_claimed") == 0


def test_what_waited_and_went_is_not_counted_as_waiting_any_more(client, store):
    client.endpoint(max_in_flight=1)
    deliveries = [client.event().json["deliveries"][0]["id"] for _ in range(3)]
    attempt(store, deliveries[0], answered(200))  # two slots now: both go
    assert value(client, "hookline_waiting") == 1
    client.post(f"/v1/deliveries/{deliveries[2]}/cancel")

    assert value(client, "hookline_waiting") == 0


def test_lines_of_ordered_endpoints_count_as_waiting_until_they_move(client, store):
    client.endpoint(ordered=True)
    deliveries = [client.event().json["deliveries"][0]["id"] for _ in range(3)]
    assert value(client, "hookline_waiting") == 2
    for left, delivery in zip((1, 0, 0), deliveries, strict=True):
        attempt(store, delivery, answered(200))
        assert value(client, "hookline_waiting") == left


def test_breakers_that_are_not_closed_are_counted_by_state(client, store):
    made = client.endpoint(retry_schedule=[0] * 12)
    delivery = client.event().json["deliveries"][0]["id"]
    for _ in range(10):
        attempt(store, delivery, answered(500), schedule=(0,) * 12)
        let_it_come_due(store, 1)
    assert value(client, "hookline_breakers", state="open") == 1

    client.delete(f"/v1/endpoints/{made['id']}")
    assert value(client, "hookline_breakers", state="open") == 0


def test_requests_are_counted_by_part_and_status_but_not_probes(client, store, wiring):
    client.event()
    client.get("/health/live")
    client.get("/v1/nothing")
    client.post("/webhook", {"type": "a.b"})
    counted = {name: by for name, by in wiring.counts.drain().items() if name.startswith("requests:")}

    assert counted == {"requests:events:202": 1, "requests:none:404": 1, "requests:receiver:200": 1}
    store.count(counted)
    assert value(client, "hookline_http_requests_total", part="events", status="202") == 1


def test_metrics_need_a_key(client):
    assert client("GET", "/metrics", headers={"Authorization": None}).status_code == 401


def test_without_the_store_metrics_are_unavailable(dead_client):
    assert dead_client.get("/metrics").status_code == 503


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_accepts_the_alerts_and_the_configuration():
    for kind, *more in (("rules", "alerts.yml"), ("config", "--syntax-only", "prometheus.yml")):
        command = ["promtool", "check", kind, *more]
        checked = subprocess.run(command, cwd=DEPLOY, check=False, capture_output=True, text=True)
        assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alerts_and_dashboard_name_only_metrics_that_there_are(client, store):
    client.endpoint()
    attempt(store, client.event().json["deliveries"][0]["id"], answered(200))
    store.count({"requests:events:202": 1, "request_duration:events:0.01": 1})
    store.mark_stager()
    store.mark_canary(Lane.DELIVERIES)
    names = {name for name, _ in readings(client)}
    alerts = yaml.safe_load((DEPLOY / "alerts.yml").read_text())
    dashboard = json.loads((DEPLOY / "dashboard.json").read_text())
    asked = [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    asked += [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]

    named = {name for expr in asked for name in re.findall(r"\bhookline_\w+", expr)}
    assert len(named) > 10
    assert named <= names
