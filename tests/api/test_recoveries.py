"""`…/recover`, `/v1/recoveries` and the filter `undelivered`."""

import pytest

from tests.api.attempting import answered, attempt, let_it_come_due

SINCE = "2020-01-01T00:00:00Z"


@pytest.fixture
def endpoint(client):
    return client.endpoint(retry_schedule=[])


@pytest.fixture
def failed(client, store, endpoint):
    """Three deliveries that nobody took."""
    ids = [client.event(data=n).json["deliveries"][0]["id"] for n in range(3)]
    for delivery_id in ids:
        let_it_come_due(store, 1)
        attempt(store, delivery_id, answered(503), schedule=())
    return ids


def recover(client, endpoint, **body):
    return client.post(f"/v1/endpoints/{endpoint['id']}/recover", {"since": SINCE, **body})


def test_an_endpoints_failures_go_again_and_the_progress_is_seen(client, store, endpoint, failed):
    begun = recover(client, endpoint)
    read = f"/v1/recoveries/{begun.json['id']}"
    before = client.get(read).json
    let_it_come_due(store, 1)
    for _ in range(3):
        store.run_job(f"recover:{begun.json['id']}")
    statuses = [client.get(f"/v1/deliveries/{each}").json["status"] for each in failed]
    after = client.get(read).json

    assert (begun.status_code, begun.json) == (202, before)
    assert (before["status"], before["total"], before["done"], before["finished_at"]) == ("running", 3, 0, None)
    assert (before["endpoint_id"], before["tenant"]) == (endpoint["id"], "default")
    assert before["statuses"] == ["cancelled", "exhausted", "skipped"]
    assert after["done"] + after["skipped"] <= 3
    assert statuses.count("pending") == after["done"] > 0


def test_a_second_call_finds_nothing_left(client, endpoint, failed):
    """Case 164."""
    assert recover(client, endpoint).json["total"] == 3
    assert recover(client, endpoint).json["total"] == 0
    assert recover(client, endpoint, dry_run=True).json == {"count": 0}


def test_a_dry_run_says_how_many_and_begins_nothing(client, store, endpoint, failed):
    answer = recover(client, endpoint, dry_run=True)

    assert (answer.status_code, answer.json) == (200, {"count": 3})
    assert not store.client.keys("job:recover:*")
    assert recover(client, endpoint, dry_run=True, statuses=["skipped"]).json == {"count": 0}
    assert recover(client, endpoint, dry_run=True, until="2020-01-02T00:00:00Z").json == {"count": 0}
    assert recover(client, endpoint, dry_run=True, since="2099-01-01T00:00:00Z").json == {"count": 0}


def test_a_tenants_failures_go_again_at_all_its_endpoints(client, store, failed):
    client.endpoint(tenant="other", retry_schedule=[])
    elsewhere = client.event(tenant="other").json["deliveries"][0]["id"]
    attempt(store, elsewhere, answered(503), schedule=())

    assert client.post("/v1/recoveries", {"since": SINCE, "dry_run": True}).json == {"count": 3}
    begun = client.post("/v1/recoveries", {"since": SINCE, "tenant": "other"})
    assert (begun.status_code, begun.json["total"], begun.json["endpoint_id"]) == (202, 1, None)
    assert begun.json["tenant"] == "other"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "since"),
        ({"since": None}, "since"),
        ({"since": "yesterday"}, "since"),
        ({"since": SINCE, "until": SINCE}, "until"),
        ({"since": SINCE, "until": 5}, "until"),
        ({"since": SINCE, "statuses": []}, "statuses"),
        ({"since": SINCE, "statuses": ["delivered"]}, "statuses"),
        ({"since": SINCE, "statuses": "exhausted"}, "statuses"),
        ({"since": SINCE, "dry_run": 1}, "dry_run"),
        ({"since": SINCE, "limit": 1}, "limit"),
    ],
)
@pytest.mark.parametrize("path", ["/v1/endpoints/{}/recover", "/v1/recoveries"])
def test_a_recovery_that_cannot_be_is_refused_by_field(client, endpoint, path, body, field):
    answer = client.post(path.format(endpoint["id"]), body)

    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (400, "invalid_request", [field])


def test_a_disabled_endpoint_must_be_enabled_first(client):
    endpoint = client.endpoint(enabled=False)

    answer = recover(client, endpoint)

    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert "enable" in answer.json["detail"]


def test_what_there_is_not_cannot_be_recovered_or_read(client):
    assert client.post("/v1/endpoints/ep_unknown/recover", {"since": SINCE}).status_code == 404
    assert client.get("/v1/recoveries/rec_unknown").status_code == 404


def test_a_store_that_does_not_answer_is_503(dead_client):
    assert dead_client.post("/v1/recoveries", {"since": SINCE}).status_code == 503


def test_undelivered_lists_all_that_did_not_arrive_across_endpoints_newest_first(client, store, failed):
    """Case 164: what a recovery could be asked for, and what is still under way."""
    let_it_come_due(store, 1)
    delivered = client.event().json["deliveries"][0]["id"]
    attempt(store, delivered, answered(200))
    client.endpoint(event_types=["order.paid"])
    waiting = [client.event("order.paid", data=n).json["deliveries"][1]["id"] for n in range(2)]
    found, cursor = [], {}
    while True:
        answer = client.get("/v1/deliveries", status="undelivered", limit=2, **cursor).json
        found += [each["id"] for each in answer["data"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}

    assert delivered not in found
    assert found[-3:] == failed[::-1]
    assert set(waiting) < set(found)
    assert len(found) == len(set(found)) == 7


def test_one_replay_is_one_attempt_however_often_and_fast_it_is_asked_for(client, store, failed):
    """Case 113: pending and sending are refused; what failed goes once for two calls."""
    path = f"/v1/deliveries/{failed[0]}"
    first, second = client.post(f"{path}/replay"), client.post(f"{path}/replay")
    let_it_come_due(store, 1)
    claim = store.claim(failed[0], 2, "token", lease_margin_seconds=15)
    third = client.post(f"{path}/replay")

    assert (first.status_code, second.status_code, third.status_code) == (202, 409, 409)
    assert claim.won
    assert client.post("/v1/deliveries/evt_unknown:ep_1/replay").status_code == 404
    assert client.get(path).json["replays"] == 1
