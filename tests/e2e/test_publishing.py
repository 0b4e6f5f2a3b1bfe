"""Publishing through real processes: a batch, filters and schemas, more endpoints than one call makes deliveries for."""

import json

from bench.stack import wait_until


def data_of(arrivals):
    return sorted(json.loads(arrival.body)["data"]["n"] for arrival in arrivals)


def test_of_a_batch_each_endpoint_receives_once_what_its_filter_lets_through(api, stack, receiver):
    """Case 151: the batch is sent twice, as by a client that lost the answer."""
    api.endpoint(receiver.url, filter="data.n >= `40`")
    rows = [{"type": "a.b", "id": f"e{n}", "tenant": api.tenant, "data": {"n": n}} for n in range(60)]
    first = stack.post("/v1/events/batch", {"events": rows})
    second = stack.post("/v1/events/batch", {"events": rows})
    arrivals = receiver.wait_for(20)
    for n in range(40, 60):
        api.settled(f"e{n}:{api.last_endpoint}")

    assert [row["status"] for row in first["data"]] == [202] * 60
    assert [row["status"] for row in second["data"]] == [200] * 60
    assert data_of(arrivals) == list(range(40, 60))
    assert len(receiver.arrivals) == 20


def test_a_schema_counts_in_every_process_at_once(api, stack, receiver):
    """The API has several processes, each with its own memory of the catalogue."""
    name = f"{api.tenant}.checked"
    event = {"type": name, "tenant": api.tenant, "data": {"n": "no number"}}
    url = f"{stack.url}/v1/event-types/{name}"
    before = [stack.http.post(f"{stack.url}/v1/events", json=event).status_code for _ in range(10)]
    schema = {"properties": {"n": {"type": "integer"}}}
    assert stack.http.put(url, json={"schema": schema, "enforcement": "refuse"}).status_code == 201
    during = [stack.http.post(f"{stack.url}/v1/events", json=event).status_code for _ in range(10)]
    refused_count = stack.http.get(url).json()["refused_count"]
    stack.http.delete(url)
    after = [stack.http.post(f"{stack.url}/v1/events", json=event).status_code for _ in range(10)]

    assert (set(before), set(during), set(after)) == ({202}, {400}, {202})
    assert refused_count == 10


def test_an_event_for_more_endpoints_than_one_call_makes_deliveries_for_reaches_them_all(api, stack, receiver):
    endpoints = [api.endpoint(receiver.url)["id"] for _ in range(130)]
    event = api.publish({"n": 1})
    receiver.wait_for(130, seconds=60)

    def delivered():
        query = {"event_id": event["id"], "tenant": api.tenant, "status": "delivered", "limit": 250}
        return stack.http.get(f"{stack.url}/v1/deliveries", params=query).json()["data"]

    wait_until("all are delivered", lambda: len(delivered()) == 130, seconds=60)

    assert event["deliveries_count"] == 130
    assert {each["endpoint_id"] for each in delivered()} == set(endpoints)
    assert len(receiver.arrivals) == 130
