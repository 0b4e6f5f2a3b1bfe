"""A page costs the same however much is kept: commands are counted, those within scripts included."""

import pytest

from tests.api.attempting import answered, attempt

ENOUGH = 44
"""Of everything, so that each page has a whole chunk of its index to read."""


@pytest.fixture
def cost(client, store):
    """How many commands a page takes, and the page."""

    def count(path, **query):
        before = sum(each["calls"] for each in store.client.info("commandstats").values())
        answer = client.get(path, limit=5, **query)
        assert answer.status_code == 200, answer.json
        after = sum(each["calls"] for each in store.client.info("commandstats").values())
        return after - before, answer.json

    return count


@pytest.fixture
def keep(client, store):
    """Keeps so many more of everything; the id of the endpoint that all events go to."""
    busy = client.endpoint(event_types=["invoice.*"], max_in_flight=1000)["id"]

    def more(many):
        for number in range(many):
            client.endpoint(event_types=["other"])
            event = client.event().json
            if number % 2 == 0:  # its success lets one more wait
                attempt(store, event["deliveries"][0]["id"], answered(200))
            client.post("/v1/keys", {"name": "x", "scopes": ["read"]})
            client.event(tenant=f"tenant-{event['id'].lower()}")
        return busy

    return more


def test_the_commands_of_a_page_do_not_grow_with_the_store(keep, cost):
    busy = keep(ENOUGH)
    lists = [
        ("/v1/events", {}),
        ("/v1/events", {"event_type": "invoice.paid"}),
        ("/v1/endpoints", {}),
        ("/v1/deliveries", {}),
        ("/v1/deliveries", {"status": "unfinished"}),
        ("/v1/deliveries", {"status": "delivered"}),
        ("/v1/deliveries", {"endpoint_id": busy}),
        ("/v1/audit", {}),
        ("/v1/keys", {}),
        ("/v1/tenants", {}),
    ]
    few = [cost(path, **query)[0] for path, query in lists]
    keep(2 * ENOUGH)
    for (path, query), least in zip(lists, few, strict=True):
        first, page = cost(path, **query)
        next_one, _ = cost(path, cursor=page["next"], **query)

        assert len(page["data"]) == 5, path
        assert max(first, next_one) <= least + 2, (path, query)


def test_a_rare_filter_examines_a_bounded_part_however_much_is_kept(client, cost, monkeypatch):
    monkeypatch.setattr("webhooks.adapters.pages.MOST_EXAMINED", 40)
    client.endpoint()
    for _ in range(60):
        client.event("usual.one")
    few, page = cost("/v1/deliveries", event_type="rare.one")
    for _ in range(60):
        client.event("usual.one")

    many, _ = cost("/v1/deliveries", event_type="rare.one")

    assert page["data"] == []
    assert page["next"] is not None
    assert many == few


@pytest.mark.parametrize("path", ["/v1/events", "/v1/deliveries"])
def test_a_page_takes_few_round_trips_however_many_items_it_has(client, store, path):
    client.endpoint()
    for _ in range(20):
        client.event()

    def round_trips(limit):
        before = store.client.info("stats")["total_reads_processed"]
        assert len(client.get(path, limit=limit).json["data"]) == limit
        return store.client.info("stats")["total_reads_processed"] - before

    round_trips(1)

    assert round_trips(20) <= round_trips(1) + 2
