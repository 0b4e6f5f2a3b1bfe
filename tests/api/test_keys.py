"""API keys: made, shown once, listed, used within their scopes, revoked."""

import json
from types import SimpleNamespace

import pytest

from api.auth import REMEMBERED_SECONDS

SCOPES = ["manage", "publish", "read"]


@pytest.fixture
def made(client):
    """Makes a key; the answer's JSON."""

    def make(name="shop", scopes=SCOPES, **fields):
        answer = client.post("/v1/keys", {"name": name, "scopes": list(scopes), **fields})
        assert answer.status_code == 201, answer.json
        return answer.json

    return make


@pytest.fixture
def with_key(client_of, wiring):
    """A client of the same app that holds this key."""

    def make(text, **parts):
        client = client_of(wiring, **parts)
        client.headers = {"Authorization": f"Bearer {text}"}
        return client

    return make


def test_a_key_is_shown_once_and_kept_as_a_hash(client, store, made):
    """Case 140."""
    key = made(tenant="acme")

    assert key["key"].startswith("hl_")
    assert len(key["key"]) == 46
    assert (key["name"], key["tenant"], key["scopes"], key["last_used_at"]) == ("shop", "acme", SCOPES, None)
    shown = [client.get("/v1/keys").json, client.get(f"/v1/keys/{key['id']}").json]
    assert key["key"] not in json.dumps(shown)
    kept = [store.client.dump(name) for name in store.client.keys("*")]
    assert not any(key["key"].encode() in each for each in kept)


def test_the_answer_with_a_key_may_not_be_stored(client):
    answer = client.post("/v1/keys", {"name": "shop", "scopes": ["read"]})

    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["read"]}, "name"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "x" * 129, "scopes": ["read"]}, "name"),
        ({"name": "x"}, "scopes"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["admin"]}, "scopes.0"),
        ({"name": "x", "scopes": "read"}, "scopes"),
        ({"name": "x", "scopes": ["read"], "tenant": "no spaces"}, "tenant"),
        ({"name": "x", "scopes": ["read"], "surprise": 1}, "surprise"),
    ],
)
def test_what_makes_no_key_is_refused_by_field(client, body, field):
    answer = client.post("/v1/keys", body)

    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (400, "invalid_request", [field])


def test_keys_are_listed_newest_first_and_by_tenant(client, made):
    first, second, third = made("one"), made("two", tenant="acme"), made("three", tenant="other")

    page = client.get("/v1/keys", limit=2).json
    rest = client.get("/v1/keys", limit=2, cursor=page["next"]).json
    of_acme = client.get("/v1/keys", tenant="acme").json

    assert [each["id"] for each in page["data"] + rest["data"]] == [third["id"], second["id"], first["id"]]
    assert [each["id"] for each in of_acme["data"]] == [second["id"]]


def test_a_revoked_key_is_refused_and_no_longer_listed(client, made, with_key):
    key = made()
    mine = with_key(key["key"])
    assert mine.get("/v1/events").status_code == 200

    revoked = mine.delete(f"/v1/keys/{key['id']}")

    assert revoked.status_code == 204
    assert (mine.get("/v1/events").status_code, mine.get("/v1/events").json["code"]) == (401, "unauthorized")
    assert client.get("/v1/keys").json["data"] == []
    assert client.delete(f"/v1/keys/{key['id']}").status_code == 404


def test_a_key_revoked_in_another_process_is_refused_as_soon_as_it_is_looked_up_again(client, made, with_key, wiring):
    key = made()
    seconds = [0.0]
    elsewhere = with_key(key["key"], clock=SimpleNamespace(now=wiring.clock.now, monotonic=lambda: seconds[0]))
    assert elsewhere.get("/v1/events").status_code == 200
    client.delete(f"/v1/keys/{key['id']}")

    seconds[0] += REMEMBERED_SECONDS

    assert elsewhere.get("/v1/events").status_code == 401


def test_a_key_in_use_is_looked_up_once_in_a_while_only(made, with_key, store):
    mine = with_key(made()["key"])
    mine.get("/v1/events")
    before = store.client.info("commandstats")["cmdstat_evalsha"]["calls"]

    for _ in range(5):
        mine.get("/v1/events")

    assert store.client.info("commandstats")["cmdstat_evalsha"]["calls"] == before


def test_its_last_use_is_shown_to_the_minute(client, made, with_key, store):
    key = made()

    def last_use():
        with_key(key["key"]).get("/v1/events")
        return client.get(f"/v1/keys/{key['id']}").json["last_used_at"]

    first = last_use()
    store.client.incrby("clock:offset", 30_000_000)
    within_the_minute = last_use()
    store.client.incrby("clock:offset", 31_000_000)
    after_it = last_use()

    assert first is not None
    assert within_the_minute == first
    assert after_it > first


@pytest.mark.parametrize(
    ("call", "needed"),
    [
        (("GET", "/v1/events", None), "read"),
        (("GET", "/v1/endpoints", None), "read"),
        (("GET", "/v1/deliveries", None), "read"),
        (("GET", "/v1/stats/flow", None), "read"),
        (("POST", "/v1/events", {"type": "a.b", "data": 1}), "publish"),
        (("POST", "/v1/endpoints", {"url": "https://a.example/"}), "manage"),
        (("DELETE", "/v1/endpoints/ep_1", None), "manage"),
        (("GET", "/v1/keys", None), "manage"),
        (("POST", "/v1/keys", {"name": "x", "scopes": ["manage"]}), "manage"),
    ],
)
def test_each_call_needs_its_scope_and_no_other(made, with_key, call, needed):
    others = with_key(made(scopes=[each for each in SCOPES if each != needed])["key"])
    alone = with_key(made(scopes=[needed])["key"])
    method, path, body = call

    refused = others(method, path, body)

    assert (refused.status_code, refused.json["code"]) == (403, "forbidden")
    assert f"`{needed}`" in refused.json["detail"]
    assert alone(method, path, body).status_code < 300


def test_the_secret_of_an_endpoint_needs_manage(client, made, with_key):
    endpoint = client.endpoint()["id"]

    refused = with_key(made(scopes=["read"])["key"]).get(f"/v1/endpoints/{endpoint}/secret")

    assert refused.status_code == 403
    assert with_key(made(scopes=["manage"])["key"]).get(f"/v1/endpoints/{endpoint}/secret").status_code == 200


def test_every_call_below_the_base_path_needs_the_scope_that_the_table_says(app):
    """A new call is in no list of exceptions by itself: it reads, or it needs `manage`."""
    from api.permissions import EXCEPTIONS

    rules = {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods}

    assert set(EXCEPTIONS) <= rules


def test_a_bound_key_makes_and_finds_keys_of_its_tenant_only(client, made, with_key):
    """Case 139."""
    other, free = made(tenant="other"), made()
    mine = with_key(made("boss", tenant="acme")["key"])

    child = mine.post("/v1/keys", {"name": "child", "scopes": ["read"]})
    for_another = mine.post("/v1/keys", {"name": "child", "scopes": ["read"], "tenant": "other"})

    assert child.json["tenant"] == "acme"
    assert (for_another.status_code, for_another.json["code"]) == (403, "forbidden")
    assert [each["name"] for each in mine.get("/v1/keys").json["data"]] == ["child", "boss"]
    assert mine.get("/v1/keys", tenant="other").status_code == 404
    for key in (other, free):
        assert mine.get(f"/v1/keys/{key['id']}").status_code == 404
        assert mine.delete(f"/v1/keys/{key['id']}").status_code == 404
        assert client.get(f"/v1/keys/{key['id']}").status_code == 200


def test_a_key_gives_away_only_the_scopes_that_it_has(made, with_key):
    answer = with_key(made(scopes=["manage"])["key"]).post("/v1/keys", {"name": "x", "scopes": ["manage", "publish"]})

    assert (answer.status_code, answer.json["code"]) == (403, "forbidden")
    assert "publish" in answer.json["detail"]


@pytest.mark.parametrize("path", ["/v1/stats/flow", "/metrics"])
def test_what_counts_all_tenants_is_nothing_for_a_bound_key(made, with_key, path):
    assert with_key(made(tenant="acme")["key"]).get(path).status_code == 403


def test_too_many_wrong_keys_are_told_to_wait(client):
    answers = [client("GET", "/v1/events", headers={"Authorization": "Bearer wrong"}) for _ in range(21)]

    assert {answer.status_code for answer in answers[:20]} == {401}
    assert (answers[20].status_code, answers[20].json["code"]) == (429, "rate_limited")
    assert int(answers[20].headers["Retry-After"]) > 0


def test_a_key_is_not_judged_while_the_store_is_away(dead_client):
    answer = dead_client("GET", "/v1/events", headers={"Authorization": "Bearer hl_" + "x" * 43})

    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
