"""Case 164 as it happens: 200 deliveries that did not arrive, and one call that sends them again."""

from collections import Counter

from bench.receiver import Answer
from bench.stack import wait_until

SINCE = "2020-01-01T00:00:00Z"
EVENTS, ENDPOINTS = 8, 25
"""Fewer failures at each endpoint than open its breaker."""


def count(api, status):
    total, cursor = 0, ""
    while cursor is not None:
        path = f"/v1/deliveries?tenant={api.tenant}&status={status}&limit=250"
        page = api.stack.get(path + (f"&cursor={cursor}" if cursor else ""))
        total, cursor = total + len(page["data"]), page["next"]
    return total


def over(api, recovery):
    def ended():
        found = api.stack.get(f"/v1/recoveries/{recovery['id']}")
        return found if found["status"] != "running" else None

    return wait_until("the recovery is over", ended, seconds=60)


def test_after_an_outage_a_tenants_failures_all_go_once_more_and_only_once(api, receiver):
    receiver.behaviour = lambda *_: Answer(status=503)
    for _ in range(ENDPOINTS):
        api.endpoint(receiver.url)
    for number in range(EVENTS):
        api.publish({"n": number})
    wait_until("all have failed", lambda: count(api, "exhausted") == EVENTS * ENDPOINTS, seconds=120)
    receiver.behaviour = lambda *_: Answer()
    before = len(receiver.arrivals)

    counted = api.stack.post("/v1/recoveries", {"since": SINCE, "tenant": api.tenant, "dry_run": True})
    first = api.stack.post("/v1/recoveries", {"since": SINCE, "tenant": api.tenant})
    second = api.stack.post("/v1/recoveries", {"since": SINCE, "tenant": api.tenant})
    ended = over(api, first)
    wait_until("all have arrived", lambda: count(api, "undelivered") == 0, seconds=60)

    assert (counted, first["total"], second["total"]) == ({"count": 200}, 200, 0)
    assert (ended["status"], ended["done"], ended["skipped"]) == ("done", 200, 0)
    assert over(api, second)["done"] == 0
    assert len(receiver.arrivals) - before == 200
    assert set(Counter(arrival.event_id for arrival in receiver.arrivals[before:]).values()) == {ENDPOINTS}


def test_what_an_endpoint_missed_while_it_was_disabled_is_sent_by_a_recovery(api, receiver):
    endpoint = api.endpoint(receiver.url, enabled=False)
    for number in range(40):
        api.publish({"n": number})
    api.stack.http.patch(f"{api.stack.url}/v1/endpoints/{endpoint['id']}", json={"enabled": True}, timeout=5)

    begun = api.stack.post(f"/v1/endpoints/{endpoint['id']}/recover", {"since": SINCE, "statuses": ["skipped"]})
    ended = over(api, begun)
    arrivals = receiver.wait_for(40)
    wait_until("all have arrived", lambda: count(api, "undelivered") == 0, seconds=30)

    assert (begun["total"], ended["done"]) == (40, 40)
    assert len({arrival.event_id for arrival in arrivals}) == len(receiver.arrivals) == 40
