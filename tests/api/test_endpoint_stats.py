"""`GET /v1/endpoints/<id>/stats`."""

from tests.api.attempting import answered, attempt, let_it_come_due, unanswered


def test_an_endpoints_attempts_are_counted_timed_and_put_into_hours(client, store):
    made = client.endpoint()
    delivery = client.event().json["deliveries"][0]["id"]
    for outcome in (answered(503), unanswered(), answered(200)):
        attempt(store, delivery, outcome)
        let_it_come_due(store, 400)
    client.post(f"/v1/endpoints/{made['id']}/test")

    found = client.get(f"/v1/endpoints/{made['id']}/stats").json
    assert (found["attempts"], found["delivered"], found["failed"]) == (3, 1, 2)
    assert (found["p50_ms"], found["p95_ms"]) == (12.44, 15000.0)
    assert sum(bucket["delivered"] + bucket["failed"] for bucket in found["buckets"]) == 3
    assert len(found["buckets"]) == 25


def test_since_is_from_when_on_they_count(client, store):
    made = client.endpoint()
    attempt(store, client.event().json["deliveries"][0]["id"], answered(200))
    let_it_come_due(store, 7200)
    since = store.now().isoformat().replace("+00:00", "Z")

    assert client.get(f"/v1/endpoints/{made['id']}/stats", since=since).json["attempts"] == 0


def test_what_is_not_there_or_no_time_is_refused(client):
    made = client.endpoint()

    assert client.get("/v1/endpoints/ep_none/stats").status_code == 404
    refused = client.get(f"/v1/endpoints/{made['id']}/stats", since="yesterday")
    assert (refused.status_code, list(refused.json["errors"])) == (400, ["since"])
