"""The audit log: who changed what, before and after, for whom to see."""

import base64
import json
from datetime import timedelta

import pytest

from webhooks.adapters import pages, redis_audit
from webhooks.payload import time_text


@pytest.fixture
def with_key(client, client_of, wiring):
    """A client with a new key; its id is in `key_id`."""

    def make(name, tenant=None, scopes=("publish", "manage", "read")):
        made = client.post("/v1/keys", {"name": name, "tenant": tenant, "scopes": list(scopes)}).json
        mine = client_of(wiring)
        mine.headers = {"Authorization": f"Bearer {made['key']}"}
        mine.key_id = made["id"]
        return mine

    return make


def entries(client, **query):
    answer = client.get("/v1/audit", **query)
    assert answer.status_code == 200, answer.json
    return answer.json["data"]


def test_a_change_is_noted_with_who_when_and_the_fields_that_differ(client, with_key, store):
    ops = with_key("ops")
    endpoint = ops.endpoint(description="old")

    answer = ops.patch(f"/v1/endpoints/{endpoint['id']}", {"description": "new"})

    [entry] = entries(client, action="change_endpoint")
    assert (entry["key_id"], entry["key_name"], entry["tenant"]) == (ops.key_id, "ops", "default")
    assert (entry["target"], entry["request_id"]) == (endpoint["id"], answer.headers["X-Request-Id"])
    assert (entry["before"], entry["after"]) == ({"description": "old"}, {"description": "new"})
    assert time_text(store.now() - timedelta(seconds=60)) < entry["at"] <= time_text(store.now())


def test_what_is_made_is_noted_whole_and_what_is_deleted_as_it_was(client):
    endpoint = client.endpoint(description="mine")
    client.delete(f"/v1/endpoints/{endpoint['id']}")

    deleted, made = entries(client, target=endpoint["id"])

    assert (made["action"], made["key_id"], made["key_name"]) == ("create_endpoint", None, "installation")
    assert (made["before"], made["after"]["description"]) == (None, "mine")
    assert (deleted["action"], deleted["before"]["description"], deleted["after"]) == ("delete_endpoint", "mine", None)


def test_secrets_and_keys_are_in_no_entry_and_the_store_has_no_url_in_clear(client, store, with_key):
    """Cases 140 and 142."""
    secret = "whsec_" + "QUJD" * 10 + "QQ=="
    endpoint = client.endpoint(url="https://hooks.test/s/T0KEN", secret=secret, headers={"X-Api-Key": "HUSH"})
    client.post(f"/v1/endpoints/{endpoint['id']}/secret/rotate", {})
    rotated = client.get(f"/v1/endpoints/{endpoint['id']}/secret").json["secret"]
    key = client.post("/v1/keys", {"name": "shop", "scopes": ["read"]}).json["key"]

    shown = json.dumps(entries(client))
    kept = str(store.client.xrange("audit:*"))

    for hidden in (secret, rotated, key, "HUSH"):
        assert hidden not in shown
        assert hidden not in kept
    assert "T0KEN" not in kept
    assert {"read_secret", "rotate_secret", "create_key", "create_endpoint"} <= {
        each["action"] for each in entries(client)
    }


def test_publishing_reading_and_what_was_refused_leave_no_entry(client):
    client.event()
    client.get("/v1/endpoints")
    client.patch("/v1/endpoints/ep_none", {"description": "x"})
    client.post("/v1/endpoints", {"url": "nonsense"})
    client("DELETE", "/v1/endpoints/ep_1", headers={"Authorization": "Bearer wrong"})

    assert entries(client) == []


def test_a_replay_and_a_cancel_are_noted_for_their_tenant(client):
    endpoint = client.endpoint(tenant="acme")["id"]
    event = client.event(tenant="acme").json["id"]
    client.post(f"/v1/deliveries/{event}:{endpoint}/cancel")
    client.post(f"/v1/events/{event}/replay?tenant=acme")

    replayed, cancelled, _ = entries(client, tenant="acme")

    assert (replayed["action"], replayed["target"]) == ("replay_events_deliveries", event)
    assert (cancelled["action"], cancelled["target"]) == ("cancel_delivery", f"{event}:{endpoint}")


def test_a_bound_key_sees_its_tenants_entries_alone(client, with_key):
    """Case 139."""
    mine = with_key("acme's", tenant="acme")
    mine.endpoint()
    client.endpoint(tenant="acme")
    client.endpoint(tenant="other")
    client.post("/v1/keys", {"name": "free", "scopes": ["read"]})

    assert [each["action"] for each in entries(mine)] == ["create_endpoint", "create_endpoint", "create_key"]
    assert {each["tenant"] for each in entries(mine)} == {"acme"}
    assert mine.get("/v1/audit", tenant="other").status_code == 404


def test_it_is_filtered_by_key_action_target_and_time(client, with_key, store):
    ops = with_key("ops")
    endpoint = ops.endpoint()["id"]
    middle = store.now()
    store.client.incrby("clock:offset", 10_000_000)
    client.delete(f"/v1/endpoints/{endpoint}")

    def actions(**query):
        return [each["action"] for each in entries(client, **query)]

    assert actions(key_id=ops.key_id) == ["create_endpoint"]
    assert actions(action="create_key") == ["create_key"]
    assert actions(target=endpoint) == ["delete_endpoint", "create_endpoint"]
    assert actions(since=time_text(middle + timedelta(seconds=1))) == ["delete_endpoint"]
    assert actions(until=time_text(middle + timedelta(seconds=1))) == ["create_endpoint", "create_key"]


def test_following_the_cursor_shows_each_entry_once_while_others_arrive(client):
    made = [client.endpoint()["id"] for _ in range(7)]
    seen, cursor = [], {}
    while True:
        page = client.get("/v1/audit", limit=3, **cursor).json
        seen += [each["target"] for each in page["data"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
        client.endpoint()

    assert seen == made[::-1]


def test_a_cursor_from_other_filters_is_refused(client):
    client.endpoint()
    client.endpoint()
    cursor = client.get("/v1/audit", limit=1).json["next"]

    answer = client.get("/v1/audit", limit=1, cursor=cursor, action="create_endpoint")

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["cursor"])


def test_a_rare_filter_examines_a_bounded_part(client, monkeypatch):
    monkeypatch.setattr(pages, "MOST_EXAMINED", 4)
    rare = client.endpoint()["id"]
    for _ in range(5):
        client.endpoint()

    first = client.get("/v1/audit", target=rare).json
    second = client.get("/v1/audit", target=rare, cursor=first["next"]).json

    assert (first["data"], [each["target"] for each in second["data"]]) == ([], [rare])


def test_old_entries_go_and_their_number_is_bounded(client, store, monkeypatch):
    monkeypatch.setattr(redis_audit, "MOST_ENTRIES", 100)
    for _ in range(3):
        client.delete("/v1/endpoints/ep_none")
    store.client.incrby("clock:offset", 366 * 86400 * 1_000_000)
    for _ in range(250):
        client.delete("/v1/endpoints/ep_none")

    # trimming is approximate: Redis drops whole nodes of the stream, of 100 entries by default
    assert 100 <= store.client.xlen("audit:default") <= 200
    newest_first = store.client.xrevrange("audit:default")
    assert int(newest_first[-1][0].split(b"-")[0]) > (store.now().timestamp() - 86400) * 1000


def test_a_clock_that_was_set_back_hides_no_entry(client, store):
    client.endpoint(description="before")
    store.client.incrby("clock:offset", -3_600_000_000)
    client.endpoint(description="after")

    assert [each["after"]["description"] for each in entries(client)] == ["after", "before"]


def test_it_needs_manage(client, with_key):
    assert with_key("reader", scopes=["read"]).get("/v1/audit").status_code == 403


def test_times_before_the_first_there_can_be_find_nothing_and_everything(client):
    client.endpoint()

    assert client.get("/v1/audit", until="1969-12-31T23:59:59Z").json["data"] == []
    assert len(client.get("/v1/audit", since="0527-09-16T01:14:31Z").json["data"]) == 1


@pytest.mark.parametrize("place", ["5|abc", "-5|0", "0|0", f"{2**64}|0", "5|", f"5|{2**64}"])
def test_a_cursor_that_somebody_made_up_is_refused(client, place):
    for _ in range(2):
        client.endpoint()
    made = client.get("/v1/audit", limit=1).json["next"]
    marker = base64.urlsafe_b64decode(made + "=" * (-len(made) % 4)).decode().partition("|")[0]
    forged = base64.urlsafe_b64encode(f"{marker}|{place}".encode()).decode().rstrip("=")

    answer = client.get("/v1/audit", limit=1, cursor=forged)

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["cursor"])
