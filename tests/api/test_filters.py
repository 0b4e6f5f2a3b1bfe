"""An endpoint's filter, from registration to what it lets through."""


def owed(event):
    return [each["endpoint_id"] for each in event.json["deliveries"]]


def test_only_events_that_pass_reach_the_endpoint(client):
    large = client.endpoint(filter="data.amount > `100`")["id"]
    every = client.endpoint()["id"]

    assert owed(client.event(data={"amount": 101})) == [large, every]
    assert owed(client.event(data={"amount": 100})) == [every]
    assert owed(client.event(data="not an object")) == [every]


def test_a_filter_is_changed_and_taken_away(client):
    endpoint = client.endpoint(filter="data.a")["id"]
    client.patch(f"/v1/endpoints/{endpoint}", {"filter": "data.b"})
    changed = client.event(data={"b": 1})
    client.patch(f"/v1/endpoints/{endpoint}", {"filter": None})

    assert owed(changed) == [endpoint]
    assert owed(client.event(data={})) == [endpoint]
    assert client.get(f"/v1/endpoints/{endpoint}").json["filter"] is None


def test_a_filter_that_fails_on_an_event_lets_it_not_pass_and_is_explained(client):
    endpoint = client.endpoint(filter="starts_with(data.name, 'x')")["id"]
    event = client.event(data={"name": 5})

    explanation = client.get("/v1/explain", event_id=event.json["id"], endpoint_id=endpoint).json
    step = next(step for step in explanation["steps"] if step["check"] == "filter")

    assert (event.status_code, owed(event), explanation["verdict"]) == (202, [], "not_matched")
    assert step["passed"] is False
    assert "fails on this event" in step["detail"]


def test_a_test_send_asks_no_filter(client):
    endpoint = client.endpoint(filter="data.never")["id"]

    assert owed(client.post(f"/v1/endpoints/{endpoint}/test")) == [endpoint]
