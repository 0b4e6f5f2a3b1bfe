from dataclasses import replace

import pytest

from tests.api.attempting import answered, attempt, unanswered
from webhooks.model import Endpoint, ErrorCode
from webhooks.sources import source

ITEM_FIELDS = {"source", "id", "source_id", "type", "received_at", "status", "ignored_at", "handlers"}


@pytest.fixture
def handlers(store):
    for name in ("book", "tell"):
        store.add_endpoint(
            Endpoint(
                id=f"fn_default.{name}",
                tenant="in.default",
                url=f"handler:{name}",
                event_types=("invoice.*",),
                max_in_flight=1000,
            )
        )


def receive(client, event_id="msg_1", event_type="invoice.paid"):
    answer = client.post("/webhook", {"type": event_type}, headers={"webhook-id": event_id})
    assert answer.status_code == 200, answer.json
    return answer.json["id"]


def status_of(client, event_id="msg_1"):
    return client.get(f"/v1/inbox/default/{event_id}").json["status"]


def test_what_was_received_is_an_item_with_its_handlers_deliveries(client, handlers):
    receive(client)

    item = client.get("/v1/inbox/default/msg_1").json

    assert set(item) == ITEM_FIELDS
    assert (item["source"], item["id"], item["source_id"], item["type"]) == (
        "default",
        "msg_1",
        "msg_1",
        "invoice.paid",
    )
    assert [each["endpoint_id"] for each in item["handlers"]] == ["fn_default.book", "fn_default.tell"]
    assert item["handlers"][0]["attempts"] == []
    assert item["status"] == "pending"


def test_an_item_is_done_when_all_its_handlers_are_and_as_bad_as_the_worst_before(client, store, handlers):
    receive(client)

    attempt(store, "msg_1:fn_default.book", answered(200))
    assert status_of(client) == "pending"
    attempt(store, "msg_1:fn_default.tell", unanswered(ErrorCode.HANDLER_FAILED))
    assert status_of(client) == "retrying"
    store.cancel("msg_1:fn_default.tell")
    assert status_of(client) == "cancelled"


def test_an_item_without_handlers_is_done(client):
    receive(client)

    assert status_of(client) == "done"


def test_the_providers_own_id_stands_beside_ours(client):
    given = "msg/with spaces"
    kept = receive(client, given)

    item = client.get(f"/v1/inbox/default/{kept}").json

    assert kept.startswith("sha256-")
    assert item["source_id"] == given


def test_items_are_listed_newest_first(client, handlers):
    for event_id in ("msg_1", "msg_2"):
        receive(client, event_id)

    found = client.get("/v1/inbox").json["data"]

    assert [item["id"] for item in found] == ["msg_2", "msg_1"]
    assert set(found[0]) == ITEM_FIELDS
    assert "attempts" not in found[0]["handlers"][0]
    assert client.get("/v1/inbox", source="other").json["data"] == []
    assert client.get("/v1/inbox", source="default", event_type="order.made").json["data"] == []


def test_the_inbox_does_not_appear_among_events_and_deliveries(client, handlers):
    receive(client)

    assert client.get("/v1/events").json["data"] == []
    assert client.get("/v1/deliveries").json["data"] == []
    assert client.get("/v1/deliveries", endpoint_id="fn_default.book").json["data"] == []
    assert client.get("/v1/deliveries/msg_1:fn_default.book").status_code == 404
    assert client.get("/v1/events/msg_1", tenant="in.default").status_code == 400


def test_a_finished_handler_may_run_again(client, store, queue, handlers):
    receive(client)
    attempt(store, "msg_1:fn_default.book", answered(200))
    queue.published.clear()

    answer = client.post("/v1/inbox/default/msg_1/replay")

    assert answer.status_code == 202
    assert answer.json["replayed"] == ["msg_1:fn_default.book"]
    assert [each["id"] for each in answer.json["refused"]] == ["msg_1:fn_default.tell"]
    assert [each.delivery_id for each in queue.published] == ["msg_1:fn_default.book"]


@pytest.mark.parametrize("path", ["default/msg_none", "nowhere/msg_1", "in.default/msg_1"])
def test_an_unknown_item_is_404(client, path):
    receive(client)

    assert client.get(f"/v1/inbox/{path}").status_code == 404
    assert client.post(f"/v1/inbox/{path}/replay").status_code == 404


def test_a_person_may_decide_that_an_event_needs_no_handling(client, store, handlers):
    receive(client)
    attempt(store, "msg_1:fn_default.book", unanswered(ErrorCode.HANDLER_FAILED))

    ignored = client.post("/v1/inbox/default/msg_1/ignore")

    assert (ignored.status_code, ignored.json["status"]) == (200, "ignored")
    assert ignored.json["ignored_at"] is not None
    assert [each["status"] for each in ignored.json["handlers"]] == ["cancelled", "cancelled"]
    assert client.post("/v1/inbox/default/msg_1/ignore").json["ignored_at"] == ignored.json["ignored_at"]
    assert client.post("/v1/inbox/default/msg_none/ignore").status_code == 404


def test_a_replay_takes_up_again_what_was_ignored(client, handlers):
    receive(client)
    client.post("/v1/inbox/default/msg_1/ignore")

    replayed = client.post("/v1/inbox/default/msg_1/replay").json["replayed"]

    assert replayed == ["msg_1:fn_default.book", "msg_1:fn_default.tell"]
    assert status_of(client) == "pending"


def test_dead_letters_are_listed_by_their_status(client, store, handlers):
    for event_id in ("msg_1", "msg_2", "msg_3"):
        receive(client, event_id)
    attempt(store, "msg_1:fn_default.book", unanswered(ErrorCode.REJECTED, final=True))
    client.post("/v1/inbox/default/msg_3/ignore")

    def listed(status):
        return [item["id"] for item in client.get("/v1/inbox", status=status).json["data"]]

    assert listed("exhausted") == ["msg_1"]
    assert listed("pending") == ["msg_2"]
    assert listed("ignored") == ["msg_3"]
    assert client.get("/v1/inbox", status="lost").status_code == 400


def test_the_inbox_is_counted_by_source(client, store, handlers):
    for event_id in ("msg_1", "msg_2"):
        receive(client, event_id)
    attempt(store, "msg_1:fn_default.book", answered(200))
    attempt(store, "msg_1:fn_default.tell", unanswered(ErrorCode.REJECTED, final=True))

    assert client.get("/v1/inbox/counts").json == {
        "source": "default",
        "events": 2,
        "handlers": {"unfinished": 2, "delivered": 1, "failed": 1},
    }
    assert client.get("/v1/inbox/counts", source="other").json["events"] == 0


def test_an_event_whose_receiver_is_this_installation_shows_the_whole_way(client, store, wiring, client_of, handlers):
    """Sent by us, received by us, handled by us: n1 to n21, and n21 completes it."""
    installation = client_of(wiring, settings=replace(wiring.settings, sources=(source("default", scheme="none"),)))
    endpoint = installation.endpoint()["id"]
    event = installation.event(data={"n": 1}).json["id"]
    attempt(store, f"{event}:{endpoint}", answered(200))
    assert installation.get(f"/v1/events/{event}").json["received"] == []
    receive(installation, event)
    for name in ("book", "tell"):
        attempt(store, f"{event}:fn_default.{name}", answered(200))

    shown = installation.get(f"/v1/events/{event}").json
    counted = installation.get("/v1/stats/flow").json

    assert [item["status"] for item in shown["received"]] == ["done"]
    assert shown["nodes"] == [f"n{number}" for number in range(1, 22) if number not in (12, 14, 15, 16, 17)]
    assert counted["edges"]["n21:n7"] == 2
