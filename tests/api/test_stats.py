from tests.api.attempting import answered, attempt, let_it_come_due


def test_the_flow_is_counted_exactly(client, store):
    client.endpoint()
    delivery = client.event().json["deliveries"][0]["id"]
    attempt(store, delivery, answered(503))
    let_it_come_due(store, 10)
    attempt(store, delivery, answered(200))
    client.event("other")

    flow = client.get("/v1/stats/flow").json

    counted = {name: count for name, count in flow["nodes"].items() if count}
    assert counted == {"n1": 2, "n2": 2, "n3": 2, "n4": 2, "n5": 2, "n6": 1, "n7": 1, "n15": 1, "n16": 1, "n17": 1}
    moved = {name: count for name, count in flow["edges"].items() if count}
    assert moved == {
        "n1:n2": 2,
        "n2:n3": 1,
        "n3:n4": 1,
        "n17:n4": 1,
        "n5:n6": 1,
        "n5:n15": 1,
        "n6:n7": 1,
        "n15:n16": 1,
        "n16:n17": 1,
    }


def test_since_is_when_counting_began_and_stays(client, store):
    client.event()
    first = client.get("/v1/stats/flow").json["since"]
    store.client.incrby("clock:offset", 60_000_000)
    store.count({"receiver.checked": 1})
    client.event()

    assert client.get("/v1/stats/flow").json["since"] == first


def test_a_received_event_is_not_one_of_those_published(client):
    client.post("/webhook", {"type": "a.b"})

    assert client.get("/v1/stats/flow").json["nodes"]["n1"] == 0
