import re

import pytest

from webhooks.model import Endpoint
from webhooks.signing import decode_secret

FIELDS = {
    "id", "tenant", "url", "description", "event_types", "channels", "filter", "enabled", "disabled_reason",
    "disabled_at", "headers", "auth", "tls", "signing", "retry_schedule", "timeout_seconds", "rate_limit", "max_in_flight",
    "ordered", "metadata", "health", "public_key", "created_at", "updated_at",
}  # fmt: skip
SETTABLE = FIELDS - {"id", "public_key", "disabled_reason", "disabled_at", "health", "created_at", "updated_at"}
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def refused(client, field, value, *, method="POST", path="/v1/endpoints", **also):
    body = {"url": "https://hooks.example.com/in", **also, field: value}
    return client(method, path, body)


def test_an_endpoint_is_made_with_every_default_and_its_secret(client):
    answer = client.post("/v1/endpoints", {"url": "https://hooks.example.com/in"})

    made = answer.json
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(made) == FIELDS | {"secret"}
    assert len(decode_secret(made["secret"])) == 32
    assert re.fullmatch(r"ep_[0-9A-HJKMNP-TV-Z]{26}", made["id"])
    assert TIME.fullmatch(made["created_at"])
    assert (made["tenant"], made["event_types"], made["enabled"]) == ("default", ["*"], True)
    assert (made["retry_schedule"], made["timeout_seconds"], made["max_in_flight"]) == (None, 15, 10)
    assert made["signing"] == {"scheme": "v1", "header_prefix": "webhook-", "signature_header": None}


def test_what_was_given_is_read_back(client):
    given = {
        "tenant": "acme",
        "description": "é",
        "event_types": ["invoice.*", "hookline.*"],
        "channels": [f"channel-{number}" for number in range(10)],
        "filter": "data.amount > `100`",
        "headers": {"X-Env": "prod"},
        "signing": {"header_prefix": "svix-"},
        "retry_schedule": [1, 2.5],
        "timeout_seconds": 2.5,
        "rate_limit": {"limit": 100, "period_seconds": 1},
        "max_in_flight": 3,
        "ordered": True,
        "metadata": {"n": 2**70, "deep": [{"a": None}]},
    }
    made = client.endpoint(**given)

    read = client.get(f"/v1/endpoints/{made['id']}").json

    assert set(read) == FIELDS
    expected = {**given, "signing": {"scheme": "v1", "header_prefix": "svix-", "signature_header": None}}
    assert {name: read[name] for name in given} == expected
    assert {name: value for name, value in made.items() if name != "secret"} == {**read, "health": made["health"]}


def test_null_means_the_default_on_create(client):
    nulls = dict.fromkeys([*SETTABLE - {"url"}, "secret"])
    plain, nulled = client.endpoint(), client.endpoint(**nulls)

    varying = {"id", "secret", "created_at", "updated_at"}
    assert {name: nulled[name] for name in FIELDS - varying} == {name: plain[name] for name in FIELDS - varying}


def test_an_empty_list_of_event_types_asks_for_all(client):
    assert client.endpoint(event_types=[])["event_types"] == ["*"]


def test_an_endpoint_made_disabled_says_so(client):
    made = client.endpoint(enabled=False)

    assert (made["enabled"], made["disabled_reason"]) == (False, "created_disabled")
    assert TIME.fullmatch(made["disabled_at"])


def test_a_given_secret_is_taken_as_it_is(client):
    made = client.endpoint(secret=SECRET)

    assert made["secret"] == SECRET
    read = client.get(f"/v1/endpoints/{made['id']}/secret")
    assert read.json == {"secret": SECRET, "public_key": None, "previous": []}
    assert read.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("secret", ["whsec_xyz!", "whsec_", "whsec_QQ==", "whsec_-_-_", "secret", 5, ""])
def test_a_secret_that_is_none_is_refused_and_not_repeated(client, secret):
    """Case 9."""
    answer = refused(client, "secret", secret)

    assert (answer.status_code, list(answer.json["errors"])) == (400, ["secret"])
    assert str(secret) not in answer.text or secret in ("whsec_", "secret", 5, "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", None),
        ("url", 5),
        ("url", ""),
        ("url", "hooks.example.com"),
        ("url", "http://a..b.com/"),
        ("url", "http://hooks.test:99999/"),
        ("url", "http:///x"),
        ("url", "https://hooks.test/a b"),
        ("url", "https://hooks.test/h\r\nX-Evil: 1"),
        ("url", "javascript:alert(1)"),
        ("url", "https://user:pass@hooks.test/"),
        ("url", "http://127.0.0.1:6379/"),
        ("url", "http://[::ffff:169.254.169.254]/"),
        ("url", "http://0x7f000001/"),
        ("event_types", "a"),
        ("event_types", ["*.a"]),
        ("event_types", [5]),
        ("event_types", ["a"] * 501),
        ("channels", ["x" * 129]),
        ("description", 5),
        ("enabled", "true"),
        ("enabled", 1),
        ("headers", ["a"]),
        ("headers", {"X": 5}),
        ("headers", {"X": None}),
        ("headers", {"X": {"a": 1}}),
        ("headers", {"X": "日本"}),
        ("headers", {"X": "a\r\nX-Injected: 1"}),
        ("headers", {"X C": "1"}),
        ("headers", {"Webhook-Signature": "v1,AAAA"}),
        ("headers", {f"X-{number}": "1" for number in range(60)}),
        ("timeout_seconds", "5"),
        ("timeout_seconds", True),
        ("timeout_seconds", 0),
        ("timeout_seconds", -1),
        ("timeout_seconds", 61),
        ("max_in_flight", 1.5),
        ("max_in_flight", 0),
        ("max_in_flight", "10"),
        ("retry_schedule", 5),
        ("retry_schedule", ["5"]),
        ("retry_schedule", [-1]),
        ("retry_schedule", [604801]),
        ("retry_schedule", [1] * 21),
        ("retry_schedule", [604800] * 5),
        ("rate_limit", {"limit": 0, "period_seconds": 1}),
        ("rate_limit", {"limit": 5}),
        ("rate_limit", {"limit": 5, "period_seconds": 1, "burst": 2}),
        ("ordered", "yes"),
        ("signing", {"scheme": "v2"}),
        ("signing", {"header_prefix": "x y"}),
        ("metadata", []),
        ("metadata", {"a": "x" * 3900, "b": 1e400}),
        ("filter", ""),
        ("filter", 5),
        ("filter", "a" * 1025),
        ("filter", "data.amount >"),
        ("filter", "sort(data.items)"),
        ("channels", ["c"] * 11),
        ("auth", {"type": "basic"}),
        ("id", "ep_mine"),
        ("health", {}),
        ("surprise", 1),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_kind_is_named(client, field, value):
    """Cases 15, 61, 62, 64, 128, 131, 138, 143, 156; on create and on change."""
    made = client.endpoint()

    on_create = refused(client, field, value)
    on_change = client.patch(f"/v1/endpoints/{made['id']}", {field: value})

    for answer in (on_create, on_change):
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_endpoint")
        assert {name.partition(".")[0] for name in answer.json["errors"]} == {field}
    assert client.get(f"/v1/endpoints/{made['id']}").json["updated_at"] == made["updated_at"]


def test_all_problems_are_told_at_once(client):
    answer = client.post("/v1/endpoints", {"timeout_seconds": "5", "surprise": 1})

    assert set(answer.json["errors"]) == {"url", "timeout_seconds", "surprise"}


def test_outer_white_space_of_a_url_is_cut(client):
    """Case 62."""
    assert client.endpoint(url=" https://hooks.example.com/h ")["url"] == "https://hooks.example.com/h"


def test_no_read_shows_a_secret_or_a_credential(client):
    """Case 140."""
    made = client.endpoint(secret=SECRET, headers={"Authorization": "Bearer HUSH", "X-Api-Key": "HUSH", "X-Env": "p"})
    event = client.event().json
    path = f"/v1/endpoints/{made['id']}"

    answers = [
        client.get(path),
        client.get("/v1/endpoints"),
        client.patch(path, {"description": "new"}),
        client.get(f"/v1/deliveries/{event['id']}:{made['id']}"),
        client.patch(path, {"headers": {"X-Api-Key": "HUSH\n"}}),
    ]

    for answer in answers:
        assert "HUSH" not in answer.text
        assert SECRET.removeprefix("whsec_") not in answer.text
    assert answers[0].json["headers"] == {"Authorization": "***", "X-Api-Key": "***", "X-Env": "p"}


def test_changing_event_types_matters_for_the_next_event_at_once(client):
    made = client.endpoint(event_types=["order.*"])
    before = client.event().json

    client.patch(f"/v1/endpoints/{made['id']}", {"event_types": ["invoice.*"]})
    after = client.event().json

    assert (before["deliveries_count"], after["deliveries_count"]) == (0, 1)


def test_deleting_is_final_and_may_be_repeated(client):
    made = client.endpoint()
    path = f"/v1/endpoints/{made['id']}"

    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.patch(path, {"description": "x"}).status_code == 404
    assert client.get(f"{path}/secret").status_code == 404
    assert client.get("/v1/endpoints").json["data"] == []
    assert client.event().json["deliveries_count"] == 0


def test_a_test_goes_to_this_endpoint_alone_even_disabled_and_whatever_it_asked_for(client):
    tested, other = client.endpoint(enabled=False, event_types=["order.*"]), client.endpoint()

    answer = client.post(f"/v1/endpoints/{tested['id']}/test")

    event = answer.json
    assert (answer.status_code, event["type"]) == (202, "hookline.test")
    assert [each["endpoint_id"] for each in event["deliveries"]] == [tested["id"]]
    assert other["id"] not in answer.text


def test_a_test_sends_the_data_that_it_was_given(client):
    made = client.endpoint()

    event = client.post(f"/v1/endpoints/{made['id']}/test", raw=b'{"type":"invoice.paid","data":{"n": 1.10}}').json

    assert client.get(f"/v1/events/{event['id']}").json["body"].endswith('"data":{"n": 1.10}}')
    assert event["type"] == "invoice.paid"


@pytest.mark.parametrize("body", [{"type": "hookline.endpoint.disabled"}, {"type": "a b"}, {"id": "x"}])
def test_a_test_that_cannot_be_sent_is_refused(client, body):
    made = client.endpoint()

    answer = client.post(f"/v1/endpoints/{made['id']}/test", body)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_event")


def test_an_endpoint_of_a_handler_is_not_one_of_these(client, store):
    store.add_endpoint(Endpoint(id="fn_default.book", tenant="in.default", url="handler:book"))

    assert client.get("/v1/endpoints/fn_default.book").status_code == 404
    assert client.delete("/v1/endpoints/fn_default.book").status_code == 404
    assert store.endpoint("fn_default.book") is not None
