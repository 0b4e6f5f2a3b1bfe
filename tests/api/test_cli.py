"""The commands that call the API, run as a user would, against a real server over the real store."""

import json
import re

import pytest

from tests.api.attempting import answered, attempt
from tests.api.commanding import lines, one
from tests.api.conftest import KEY


def test_an_event_is_sent_and_listed(run):
    endpoint = one(run("endpoints", "create", "https://a.example/", "--event-type", "invoice.*"))
    event = one(run("send", "invoice.paid", '{"invoice": "in_1"}'))

    [delivery] = lines(run("deliveries", "list", "--event", event["id"]))

    assert (delivery["endpoint_id"], delivery["status"]) == (endpoint["id"], "pending")
    assert one(run("deliveries", "show", delivery["id"]))["attempts"] == []


def test_data_comes_from_a_file_or_standard_input(run, client, tmp_path):
    (tmp_path / "data.json").write_text('{"from": "file"}')

    from_file = one(run("send", "a.b", "@data.json"))["id"]
    from_stdin = one(run("send", "a.b", "-", stdin='{"from": "stdin"}'))["id"]

    assert client.get(f"/v1/events/{from_file}").json["data"] == {"from": "file"}
    assert client.get(f"/v1/events/{from_stdin}").json["data"] == {"from": "stdin"}


def test_every_digit_of_the_data_goes_out_as_it_was_written(run, client, tmp_path):
    """Case 18."""
    (tmp_path / "events.jsonl").write_text('{"type": "a.b", "data": {"amount": 1.10}}')
    sent = [one(run("send", "a.b", '{"amount": 1.10}'))["id"], one(run("send-batch", "events.jsonl"))["id"]]

    assert all(client.get(f"/v1/events/{each}").json["body"].endswith('{"amount": 1.10}}') for each in sent)


def test_the_same_id_sends_one_event(run):
    assert one(run("send", "a.b", "1", "--id", "mine"))["duplicate"] is False
    assert one(run("send", "a.b", "1", "--id", "mine"))["duplicate"] is True


def test_waiting_ends_with_4_unless_all_arrive(run):
    run("send", "a.b", "--wait", "5")
    run("endpoints", "create", "https://a.example/")

    result = run("send", "a.b", "--wait", "0", code=4)

    assert "1 of 1 unfinished" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("send", "a.b", "{no json"), 2, "is no JSON"),
        (("send", "a.b", '{"amount": NaN}'), 2, "is no JSON"),
        (("send", "a.b", "1E400"), 2, "is no JSON"),
        (("send", "a.b", "[" * 100_000), 2, "is no JSON"),
        (("send", "not a type", "1"), 1, "type: must be a dotted name"),
        (("deliveries", "show", "evt_1:ep_1"), 1, "there is no such delivery (404 not_found)"),
        (("endpoints", "create", "ftp://a.example/"), 1, "url:"),
        (("endpoints", "update", "ep_1", "--header", "no"), 2, "NAME=VALUE"),
        (("endpoints", "update", "ep_1", "--retry-schedule", "5,x"), 2, "comma list of seconds"),
        (("endpoints", "update", "ep_1", "--metadata", "[]"), 2, "must be a JSON object"),
        (("endpoints", "update", "ep_1", "--rate-limit", "5"), 2, "such as 100/1s"),
        (("endpoints", "update", "ep_1", "--reset", "url"), 2, "url"),
        (("keys", "show", "key_1"), 1, "404"),
        (("events", "show", "evt_1"), 1, "404"),
        (("deliveries", "list", "--limit", "-1"), 2, "--limit"),
        (("keys", "create", "x", "--scope", "admin"), 2, "admin"),
        (("tenants", "keep", "acme"), 2, "--days"),
        (("audit", "--since", "yesterday"), 1, "since:"),
    ],
)
def test_what_is_refused_is_said_with_its_exit_code(run, arguments, code, said):
    assert said in run(*arguments, code=code).stderr


def test_nobody_there_ends_with_3(run):
    result = run("keys", "list", "--api-url", "http://127.0.0.1:1", code=3)

    assert "is Hookline running there?" in result.stderr


def test_the_key_is_taken_from_the_data_folder(run, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "keys.env").write_text(f"# made\nHOOKLINE_API_KEY={KEY}\n")

    assert lines(run("endpoints", "list", env={"HOOKLINE_API_KEY": ""})) == []


def test_without_any_key_it_says_where_to_put_one(run):
    assert "set HOOKLINE_API_KEY" in run("endpoints", "list", env={"HOOKLINE_API_KEY": ""}, code=2).stderr


def test_an_event_is_looked_at_and_erased(run, client):
    client.endpoint()
    event = one(run("send", "invoice.paid", '{"invoice": "in_1"}'))["id"]

    assert [each["id"] for each in lines(run("events", "list", "--type", "invoice.paid"))] == [event]
    assert one(run("events", "show", event))["data"] == {"invoice": "in_1"}
    run("events", "erase", event, stdin="n\n", code=1)
    run("events", "erase", event, "--yes")
    assert one(run("events", "show", event))["data"] is None


def test_deliveries_are_cancelled_replayed_and_explained(run, client, store):
    endpoint = client.endpoint()["id"]
    event = client.event().json["id"]
    delivery = f"{event}:{endpoint}"

    assert one(run("cancel", delivery))["status"] == "cancelled"
    assert one(run("replay", delivery))["status"] == "pending"
    attempt(store, delivery, answered(200))
    assert one(run("replay", event))["replayed"] == [delivery]
    assert one(run("explain", event, endpoint))["verdict"] == "waiting"


def test_keys_are_made_used_and_revoked(run):
    key = one(run("keys", "create", "shop", "--scope", "read", "--scope", "publish", "--tenant", "acme"))

    event = one(run("send", "a.b", "1", "--api-key", key["key"]))

    assert event["tenant"] == "acme"
    [listed] = lines(run("keys", "list"))
    assert one(run("keys", "show", key["id"])) == listed
    assert (listed["id"], listed["last_used_at"] is None) == (key["id"], False)
    run("keys", "revoke", key["id"])
    assert "401" in run("send", "a.b", "1", "--api-key", key["key"], code=1).stderr
    assert [each["action"] for each in lines(run("audit", "--limit", "2"))] == ["delete_key", "create_key"]


def test_what_failed_in_a_time_range_is_recovered(run, client, store):
    endpoint = client.endpoint(retry_schedule=[])["id"]
    delivery = client.event().json["deliveries"][0]["id"]
    attempt(store, delivery, answered(500), schedule=())
    since = "2020-01-01T00:00:00Z"

    assert one(run("endpoints", "recover", endpoint, "--since", since, "--dry-run")) == {"count": 1}
    assert one(run("recoveries", "start", "--since", since, "--dry-run")) == {"count": 1}
    begun = one(run("endpoints", "recover", endpoint, "--since", since, "--no-wait"))
    assert (begun["status"], begun["total"]) == ("running", 1)
    assert one(run("recoveries", "show", begun["id"]))["id"] == begun["id"]


def test_a_tenant_is_kept_for_its_own_time_and_deleted(run, client):
    client.event(tenant="acme")

    kept = one(run("tenants", "keep", "acme", "--days", "7", "--type", "invoice.paid=90"))
    assert (kept["retention_seconds"], kept["retention_by_type"]) == (604800, {"invoice.paid": 7776000})
    assert [each["id"] for each in lines(run("tenants", "list"))] == ["acme"]
    assert one(run("tenants", "show", "acme"))["events_count"] == 1
    assert one(run("tenants", "delete", "acme", "--yes", "--no-wait"))["id"] == "del_acme"


def test_event_types_are_described_imported_and_taken_away(run, tmp_path):
    (tmp_path / "schema.json").write_text('{"type": "object"}')
    document = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "webhooks": {"a.b": {"post": {}}}}
    (tmp_path / "openapi.json").write_text(json.dumps(document))

    put = one(run("event-types", "put", "invoice.paid", "--schema", "schema.json", "--enforcement", "warn"))
    assert (put["schema"], put["enforcement"]) == ({"type": "object"}, "warn")
    assert one(run("event-types", "import", "openapi.json", "--dry-run"))["created"] == ["a.b"]
    assert [each["name"] for each in lines(run("event-types", "list"))] == ["invoice.paid"]
    run("event-types", "delete", "invoice.paid")
    assert lines(run("event-types", "list")) == []


def test_a_portal_link_is_made_and_taken_back(run):
    made = one(run("portal-links", "create", "--tenant", "acme", "--hours", "2"))

    assert "http" in made["url"]
    assert [each["id"] for each in lines(run("portal-links", "list", "--tenant", "acme"))] == [made["id"]]
    run("portal-links", "revoke", made["id"])
    assert lines(run("portal-links", "list", "--tenant", "acme")) == []


def test_a_terminal_gets_tables_and_no_markup_of_others(run, monkeypatch):
    made = one(run("endpoints", "create", "https://a.example/", "--description", "[red]x[/red]"))
    monkeypatch.setattr("webhooks.cli.showing.on_a_terminal", lambda: True)

    listed = run("endpoints", "list").stdout

    assert made["id"] in listed
    assert "url" in listed
    assert "[red]x[/red]" in run("endpoints", "show", made["id"]).stdout
    assert run("deliveries", "list").stdout.strip() == "nothing there"
    sent = run("send", "a.b", "1").stdout
    [delivery] = re.findall(r"evt_\w+:ep_\w+", sent)
    assert f"{delivery}  pending" in sent
    assert f"{delivery}  pending" in run("events", "show", delivery.partition(":")[0]).stdout
    assert delivery in run("deliveries", "list").stdout
    assert run("endpoints", "list", "--json").stdout.startswith("{")


def test_the_flow_is_counted(run):
    run("send", "a.b")

    counted = one(run("flow"))

    assert (counted["nodes"]["n2"], counted["edges"]["n1:n2"]) == (1, 1)
    assert counted["since"].endswith("Z")


def test_a_person_is_shown_the_flow_step_by_step(run, monkeypatch):
    run("send", "a.b")
    monkeypatch.setattr("webhooks.cli.showing.on_a_terminal", lambda: True)

    shown = [line.split() for line in run("flow").stdout.splitlines()]

    assert ["n2", "Event", "occurs", "1"] in shown
    assert ["n21", "Update", "local", "state", "0"] in shown
    assert ["n1", "→", "n2", "1"] in shown
