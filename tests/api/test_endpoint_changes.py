"""`PATCH /v1/endpoints/<id>`: what is left out stays, null goes back to the default."""

import pytest

from tests.api.test_endpoints import FIELDS, TIME


def test_a_change_leaves_what_it_does_not_name(client):
    made = client.endpoint(description="d", headers={"X-A": "1"}, metadata={"a": 1}, retry_schedule=[1])

    after = client.patch(f"/v1/endpoints/{made['id']}", {"max_in_flight": 3}).json

    varying = {"updated_at", "health", "max_in_flight"}
    assert after["max_in_flight"] == 3
    assert {name: after[name] for name in FIELDS - varying} == {name: made[name] for name in FIELDS - varying}


def test_null_goes_back_to_the_default_on_change(client):
    made = client.endpoint(
        description="d", headers={"X-A": "1"}, metadata={"a": 1}, retry_schedule=[1], event_types=["a"],
        timeout_seconds=3, rate_limit={"limit": 1, "period_seconds": 1}, ordered=True, enabled=False,
        signing={"header_prefix": "svix-"},
    )  # fmt: skip
    names = [
        "description", "headers", "metadata", "retry_schedule", "event_types", "timeout_seconds", "rate_limit",
        "ordered", "enabled", "signing",
    ]  # fmt: skip

    after = client.patch(f"/v1/endpoints/{made['id']}", dict.fromkeys(names)).json

    plain = client.endpoint()
    assert {name: after[name] for name in names} == {name: plain[name] for name in names}
    assert after["disabled_reason"] is None


def test_a_part_of_signing_that_is_left_out_is_the_default(client):
    made = client.endpoint(signing={"header_prefix": "svix-"})

    after = client.patch(f"/v1/endpoints/{made['id']}", {"signing": {"scheme": "v1"}}).json

    assert after["signing"] == {"scheme": "v1", "header_prefix": "webhook-", "signature_header": None}


def test_headers_and_metadata_are_replaced_whole(client):
    made = client.endpoint(headers={"X-A": "1", "X-B": "2"}, metadata={"a": 1, "b": 2})

    after = client.patch(f"/v1/endpoints/{made['id']}", {"headers": {"X-C": "3"}, "metadata": {"c": 3}}).json

    assert (after["headers"], after["metadata"]) == ({"X-C": "3"}, {"c": 3})


@pytest.mark.parametrize("field", ["id", "tenant", "secret"])
@pytest.mark.parametrize("value", ["other", None])
def test_what_cannot_be_changed_is_refused_by_name_null_too(client, field, value):
    made = client.endpoint()

    answer = client.patch(f"/v1/endpoints/{made['id']}", {field: value})

    assert (answer.status_code, list(answer.json["errors"])) == (400, [field])


def test_a_new_host_takes_credential_headers_away(client):
    made = client.endpoint(headers={"Authorization": "Bearer x", "X-Env": "prod"})

    after = client.patch(f"/v1/endpoints/{made['id']}", {"url": "https://elsewhere.example.com/in"}).json

    assert after["headers"] == {"X-Env": "prod"}


def test_disabling_and_enabling_say_why_and_when(client):
    made = client.endpoint()
    path = f"/v1/endpoints/{made['id']}"

    stopped = client.patch(path, {"enabled": False}).json
    started = client.patch(path, {"enabled": True}).json

    assert (stopped["enabled"], stopped["disabled_reason"]) == (False, "manual")
    assert TIME.fullmatch(stopped["disabled_at"])
    assert (started["enabled"], started["disabled_reason"], started["disabled_at"]) == (True, None, None)
