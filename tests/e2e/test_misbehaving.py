"""Endpoints that misbehave, with three real workers: nobody else feels it, and each promise holds under kills."""

import json
import random
import signal
import threading
import time
from collections import Counter
from datetime import datetime

import jsonschema_rs
import pytest

from bench.receiver import Answer
from bench.stack import Stack, wait_until
from tests.e2e.conftest import Api, answering
from webhooks import notifying


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Three workers of eight slots."""
    folder = tmp_path_factory.mktemp("crowd")
    with Stack(folder, workers=3, slots=8, environ={"HOOKLINE_DATA_DIR": str(folder)}) as stack:
        wait_until("a stager looks", lambda: stack.valkey.client.get("mark:stager"), seconds=60)
        yield stack


@pytest.fixture
def api(crowd, request):
    return Api(crowd, f"t{abs(hash(request.node.nodeid)) % 10**12}")


def patch(api, endpoint, **fields):
    answer = api.stack.http.patch(f"{api.stack.url}/v1/endpoints/{endpoint['id']}", json=fields)
    answer.raise_for_status()
    return answer.json()


def health(api, endpoint):
    return api.stack.get(f"/v1/endpoints/{endpoint['id']}")["health"]


def unfinished(api):
    return api.stack.valkey.client.zcard(f"index:tenant:{api.tenant}:unfinished")


def quiet(api, *, seconds=60):
    """Nothing of the tenant is under way, nor about to be told."""
    client = api.stack.valkey.client
    wait_until("all is finished", lambda: not client.exists("notices") and not unfinished(api), seconds=seconds)


def let_pass(api, seconds):
    """The store's clock jumps, for everybody."""
    quiet(api)
    api.stack.valkey.client.incrby("clock:offset", round(seconds * 1_000_000))


def test_every_operational_event_arrives_once_for_each_change_as_its_schema_says(api, receiver):
    """Case 125, with real workers: breaker, warning, recovery, disabling, enabling, exhaustion."""
    receiver.behaviour = lambda path, _event_id: Answer(status=broken[0] if path == "/in" else 200)
    broken = [500]
    endpoint = api.endpoint(f"{receiver.url}/in", event_types=["invoice.*"])
    api.endpoint(f"{receiver.url}/told", event_types=["hookline.*"])

    def deliver(times, *, status, every):
        broken[0] = status
        for _ in range(times):
            let_pass(api, every)
            api.settled(api.publish()["deliveries"][0]["id"])

    deliver(10, status=500, every=0)
    deliver(1, status=200, every=31)
    deliver(19, status=503, every=61)
    deliver(1, status=503, every=2.5 * 86_400)
    deliver(1, status=200, every=61)
    deliver(19, status=503, every=61)
    deliver(1, status=503, every=5 * 86_400)
    disabled = api.stack.get(f"/v1/endpoints/{endpoint['id']}")
    patch(api, endpoint, enabled=True)
    quiet(api)
    bodies = [json.loads(arrival.body) for arrival in receiver.arrivals if arrival.path == "/told"]
    kinds = [body["type"].removeprefix("hookline.") for body in bodies]
    schemas = notifying.schemas()

    assert (disabled["enabled"], disabled["disabled_reason"], disabled["health"]["last_status_code"]) == (
        False, "failing", 503,
    )  # fmt: skip
    assert Counter(kinds) == {
        "endpoint.breaker_opened": 1, "endpoint.breaker_closed": 1, "endpoint.failing": 1, "endpoint.recovered": 1,
        "endpoint.disabled": 1, "endpoint.enabled": 1, "delivery.exhausted": 50,
    }  # fmt: skip
    for body in bodies:
        jsonschema_rs.validator_for(schemas[body["type"]], validate_formats=True).validate(body)
        assert body["data"]["endpoint_id"] == endpoint["id"]


def deliveries(api):
    found, cursor = [], {}
    while True:
        page = api.stack.get("/v1/deliveries", tenant=api.tenant, limit=250, **cursor)
        found += page["data"]
        if not page["next"]:
            return found
        cursor = {"cursor": page["next"]}


def test_with_three_workers_no_start_comes_before_the_rate_and_its_burst_allow_it(api, receiver):
    """True however slow the machine is; any window is judged on the store's clock in tests/contract, and by the bench."""
    api.endpoint(receiver.url, rate_limit={"limit": 10, "period_seconds": 1}, max_in_flight=100)
    began = time.time()
    for n in range(60):
        api.publish({"n": n})
    arrivals = sorted(arrival.at - began for arrival in receiver.wait_for(60, seconds=60))
    quiet(api)

    assert all(at >= (place - 10) / 10 for place, at in enumerate(arrivals, start=1))
    assert {delivery["attempts_count"] for delivery in deliveries(api)} == {1}


def test_an_ordered_endpoint_gets_its_events_in_order_through_random_500s_and_two_killed_workers(api, receiver):
    luck = random.Random(3)
    receiver.behaviour = lambda *_: Answer(status=500 if luck.random() < 0.15 else 200, delay_seconds=0.02)
    endpoint = api.endpoint(receiver.url, ordered=True, retry_schedule=[0.1] * 20, timeout_seconds=1)
    ids = [api.publish({"n": n})["id"] for n in range(150)]
    for count, name in [(40, "worker0"), (80, "worker1")]:
        receiver.wait_for(count, seconds=60)
        api.stack.kill(name)
        held = health(api, endpoint)
        api.stack.start(name)
    quiet(api, seconds=100)
    firsts = list(dict.fromkeys(arrival.event_id for arrival in receiver.arrivals))

    assert firsts == ids
    assert {delivery["status"] for delivery in deliveries(api)} == {"delivered"}
    assert (held["waiting"] > 0, held["head"] is not None, held["head_since"] is not None) == (True, True, True)
    assert health(api, endpoint)["head"] is None


def test_one_endpoint_that_hangs_does_not_hold_up_another(api, receiver):
    """Case 97."""
    hanging = threading.Event()
    receiver.behaviour = lambda path, _event_id: hang(hanging) if path == "/x" else Answer()
    x = api.endpoint(f"{receiver.url}/x", event_types=["x"], timeout_seconds=60)
    api.endpoint(f"{receiver.url}/y", event_types=["y"])
    for n in range(50):
        api.publish({"n": n}, type="x")
    api.publish(type="y")
    first = receiver.wait_for(1, seconds=50)
    fares = health(api, x)
    hanging.set()
    api.stack.http.delete(f"{api.stack.url}/v1/endpoints/{x['id']}")
    quiet(api)

    assert [arrival.path for arrival in first] == ["/y"]  # x is recorded when it answers
    assert (fares["in_flight"], fares["effective_cap"], fares["waiting"]) == (1, 1, 49)


def hang(until):
    until.wait(60)
    return Answer()


def test_a_tenant_with_a_backlog_does_not_hold_up_another_tenants_single_event(api, receiver):
    """Posted last, while no worker runs, it arrives among the first: its tenant has its turn, and goes first in the queue."""
    other = Api(api.stack, f"{api.tenant}-other")
    receiver.behaviour = lambda *_: Answer(delay_seconds=0.2)
    for i in range(20):
        api.endpoint(f"{receiver.url}/many/{i}")
    other.endpoint(f"{receiver.url}/one")
    for worker in range(3):
        api.stack.send(f"worker{worker}", signal.SIGSTOP)
    for n in range(20):
        api.publish({"n": n})
    other.publish()
    for worker in range(3):
        api.stack.send(f"worker{worker}", signal.SIGCONT)
    arrivals = receiver.wait_for(401, seconds=100)
    place = next(place for place, each in enumerate(arrivals) if each.path == "/one")

    assert len(arrivals) - place > 100


def test_a_delete_during_a_send_lets_it_finish_and_starts_no_other(api, receiver):
    """Case 116: the attempt in flight is recorded; a failure is cancelled, what waits is cancelled at once for readers."""
    going, release = threading.Event(), threading.Event()

    def behave(*_):
        going.set()
        release.wait(30)
        return Answer(status=500)

    receiver.behaviour = behave
    endpoint = api.endpoint(receiver.url, retry_schedule=[0.1], timeout_seconds=30)
    first, second = (api.publish()["deliveries"][0]["id"] for _ in range(2))
    assert going.wait(30)
    answer = api.stack.http.delete(f"{api.stack.url}/v1/endpoints/{endpoint['id']}")
    seen = [api.delivery(each)["status"] for each in (first, second)]
    release.set()
    done = [api.settled(each) for each in (first, second)]
    quiet(api)

    assert (answer.status_code, seen) == (204, ["sending", "cancelled"])
    assert [(each["status"], each["reason"]) for each in done] == [("cancelled", "endpoint_deleted")] * 2
    assert (done[0]["attempts"][0]["status_code"], len(receiver.arrivals)) == (500, 1)
    assert not any("Traceback" in api.stack.log(name) for name in api.stack.commands)


def test_disabling_during_a_send_lets_a_success_stand(api, receiver):
    going, release = threading.Event(), threading.Event()

    def behave(*_):
        going.set()
        release.wait(30)
        return Answer()

    receiver.behaviour = behave
    endpoint = api.endpoint(receiver.url, timeout_seconds=30)
    delivery = api.publish()["deliveries"][0]["id"]
    assert going.wait(30)
    patch(api, endpoint, enabled=False)
    release.set()

    assert api.settled(delivery)["status"] == "delivered"


def test_what_a_disabled_endpoint_missed_is_visible_and_goes_out_only_when_it_is_asked_for(api, receiver):
    """Case 118."""
    endpoint = api.endpoint(receiver.url)
    patch(api, endpoint, enabled=False)
    events = [api.publish({"n": n}) for n in range(5)]
    patch(api, endpoint, enabled=True)
    later = api.settled(api.publish()["deliveries"][0]["id"])
    skipped = api.stack.get("/v1/deliveries", tenant=api.tenant, status="skipped")["data"]
    before = len(receiver.arrivals)
    api.stack.post(f"/v1/deliveries/{skipped[0]['id']}/replay")
    replayed = api.settled(skipped[0]["id"])

    assert [event["skipped_count"] for event in events] == [1] * 5
    assert {(each["reason"], each["attempts_count"]) for each in skipped} == {("endpoint_disabled", 0)}
    assert (len(skipped), later["status"], before) == (5, "delivered", 1)
    assert (replayed["status"], len(receiver.arrivals)) == ("delivered", 2)


def test_410_disables_the_endpoint_and_what_waits_ends_as_cancelled_without_a_request(api, receiver):
    """Case 80."""
    going, release = threading.Event(), threading.Event()

    def behave(*_):
        going.set()
        release.wait(30)
        return Answer(status=410)

    receiver.behaviour = behave
    endpoint = api.endpoint(receiver.url, retry_schedule=[0.1], timeout_seconds=30)
    ids = [api.publish()["deliveries"][0]["id"] for _ in range(4)]
    assert going.wait(30)
    release.set()
    done = [api.settled(each) for each in ids]
    quiet(api)

    assert [(each["status"], each["reason"]) for each in done] == [("cancelled", "gone")] * 4
    assert api.stack.get(f"/v1/endpoints/{endpoint['id']}")["disabled_reason"] == "gone"
    assert len(receiver.arrivals) == 1


def test_a_temporary_401_is_retried_and_disables_nothing(api, receiver):
    """Case 127."""
    answering(receiver, 401, 401, 401, 200)
    endpoint = api.endpoint(receiver.url, retry_schedule=[0.1] * 5)
    delivery = api.settled(api.publish()["deliveries"][0]["id"])

    assert ([each["status_code"] for each in delivery["attempts"]], delivery["status"]) == (
        [401, 401, 401, 200], "delivered",
    )  # fmt: skip
    assert api.stack.get(f"/v1/endpoints/{endpoint['id']}")["enabled"]


def test_no_attempt_is_made_within_the_pause_that_a_receiver_asked_for(api, raw_server):
    """Case 77."""
    delivery = api.send(
        raw_server(lambda line: line.sendall(b"HTTP/1.1 429 Slow\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n")),
        retry_schedule=[0.1],
    )
    first, second = delivery["attempts"]

    assert (first["retry_after_seconds"], second["trigger"]) == (2, "retry")
    assert moment(second) - moment(first) >= 2


def moment(attempt):
    return datetime.fromisoformat(attempt["started_at"]).timestamp()
