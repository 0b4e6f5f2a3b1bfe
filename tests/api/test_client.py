"""The client for Python callers, against a real server over the real store."""

import multiprocessing

import pytest

from tests.api.attempting import answered, attempt
from tests.api.conftest import KEY
from tests.api.serving import serving
from webhooks.client import Hookline, NoAnswer, Refused
from webhooks.client.calls import Patience


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def hookline(served, pauses):
    return Hookline(served.url, KEY, patience=Patience(timeout_seconds=20, pause=pauses.append, luck=lambda: 1.0))


def test_an_event_is_published_in_one_call(hookline, client):
    endpoint = client.endpoint()

    event = hookline.publish("invoice.paid", {"invoice": "in_1", "note": "ř 👍"})

    assert (event["type"], event["duplicate"]) == ("invoice.paid", False)
    assert [each["endpoint_id"] for each in event["deliveries"]] == [endpoint["id"]]
    assert client.get(f"/v1/events/{event['id']}").json["data"] == {"invoice": "in_1", "note": "ř 👍"}


def test_a_publish_that_is_repeated_after_a_lost_answer_makes_one_event(hookline, served, client, pauses):
    """Case 151."""
    served.lose = 2

    event = hookline.publish("invoice.paid", {"invoice": "in_1"})

    assert event["duplicate"] is True
    assert [each["id"] for each in client.get("/v1/events").json["data"]] == [event["id"]]
    assert len(served.calls) == 3
    assert len(pauses) == 2


def test_data_of_bytes_is_sent_as_it_is(hookline, client):
    """Case 18."""
    written = '{"amount": 1.10, "small": 1e2,  "note": "\\u00e9"}'
    events = [{"type": "a.b", "data": written.encode()}, {"data": b"2.50", "type": "a.b", "tenant": "acme"}]

    event = hookline.publish("a.b", written.encode())
    rows = hookline.publish_batch(events)

    bodies = [client.get(f"/v1/events/{each['id']}").json["body"] for each in (event, rows[0]["event"])]
    assert all(body.endswith(f'"data":{written}}}') for body in bodies)
    acme = client.get(f"/v1/events/{rows[1]['event']['id']}", tenant="acme").json
    assert acme["body"].endswith('"data":2.50}')


@pytest.mark.parametrize("data", [b"", b"{", b'1, "tenant": "other"', b"NaN", b"1}", b"\xff", '"ř"'.encode("utf-16")])
def test_data_of_bytes_that_is_not_one_json_value_is_sent_nowhere(hookline, served, data):
    with pytest.raises(ValueError, match=r"\w"):
        hookline.publish("a.b", data)

    assert served.calls == []


def test_every_publish_of_its_own_makes_an_event_of_its_own(hookline, client):
    made = {hookline.publish("a.b", 1)["id"] for _ in range(2)}

    assert {each["id"] for each in client.get("/v1/events").json["data"]} == made
    assert len(made) == 2


def test_the_callers_own_id_or_key_makes_one_event_of_two_publishes(hookline):
    assert hookline.publish("a.b", 1, id="mine")["duplicate"] is False
    assert hookline.publish("a.b", 1, id="mine")["duplicate"] is True
    first = hookline.publish("a.b", 1, idempotency_key="k")

    assert hookline.publish("a.b", 1, idempotency_key="k")["id"] == first["id"]


def test_a_busy_server_is_asked_again_when_it_says(hookline, served, pauses):
    served.busy = 1

    hookline.publish("a.b", 1)

    assert pauses == [7]


def test_it_gives_up_after_its_tries_with_what_was_said_last(hookline, served, pauses):
    served.busy = 100

    with pytest.raises(Refused) as refused:
        hookline.publish("a.b", 1)

    assert (refused.value.status, len(served.calls), len(pauses)) == (503, 5, 4)


def test_nobody_there_is_an_error_of_its_own(pauses):
    absent = Hookline("http://127.0.0.1:1", KEY, patience=Patience(tries=3, pause=pauses.append))

    with pytest.raises(NoAnswer, match="does not answer"):
        absent.publish("a.b", 1)

    assert len(pauses) == 2
    assert pauses[0] < pauses[1]


def test_a_call_that_might_do_its_work_twice_is_not_repeated(hookline, served, client):
    served.lose = 1

    with pytest.raises(NoAnswer):
        hookline.endpoints.create("https://a.example/")

    assert len(client.get("/v1/endpoints").json["data"]) == 1


def test_a_refusal_says_what_to_do_by_field(hookline):
    with pytest.raises(Refused) as refused:
        hookline.publish("not a type", 1)

    assert (refused.value.status, refused.value.code) == (400, "invalid_event")
    assert list(refused.value.errors) == ["type"]
    assert refused.value.request_id
    assert "type: " in str(refused.value)


def test_a_wrong_key_is_refused(served):
    with pytest.raises(Refused, match="401"):
        Hookline(served.url, "hl_wrong").publish("a.b", 1)


@pytest.mark.parametrize("data", [float("nan"), object()])
def test_what_is_no_json_is_sent_nowhere(hookline, served, data):
    with pytest.raises((ValueError, TypeError)):
        hookline.publish("a.b", data)

    assert served.calls == []


def test_an_answer_that_is_no_problem_document_is_told_all_the_same(hookline, served, app):
    def page(_, start_response):
        start_response("404 Not Found", [("Content-Length", "6")])
        return [b"<html>"]

    with serving(page) as other, pytest.raises(Refused, match="<html>"):
        Hookline(other.url, KEY).deliveries.get("x")


def test_a_list_goes_on_through_its_pages(hookline, client, monkeypatch):
    made = [client.event().json["id"] for _ in range(5)]

    assert [each["id"] for each in hookline.events.list(limit=2)] == made[::-1]


def test_endpoints_and_deliveries_are_worked_with(hookline, store):
    endpoint = hookline.endpoints.create("https://a.example/", event_types=["a.*"])
    delivery = hookline.publish("a.b", 1)["deliveries"][0]["id"]

    assert hookline.endpoints.update(endpoint["id"], description="x")["description"] == "x"
    assert hookline.endpoints.secret(endpoint["id"])["secret"] == endpoint["secret"]
    assert hookline.deliveries.cancel(delivery)["status"] == "cancelled"
    assert hookline.deliveries.replay(delivery)["status"] == "pending"
    attempt(store, delivery, answered(200))
    assert hookline.deliveries.get(delivery)["attempts"][0]["status_code"] == 200
    assert hookline.explain(delivery.split(":")[0], endpoint["id"])["verdict"] == "delivered"
    hookline.endpoints.delete(endpoint["id"])
    assert list(hookline.endpoints.list()) == []


def _publish(hookline, answers):
    answers.put(hookline.publish("a.b", 1)["type"])


def test_it_works_on_after_a_fork_with_connections_of_its_own(hookline):
    """As in a prefork worker of Celery."""
    hookline.publish("a.b", 1)
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    children = [context.Process(target=_publish, args=(hookline, answers)) for _ in range(2)]
    for child in children:
        child.start()

    assert [answers.get(timeout=30) for _ in children] == ["a.b", "a.b"]
    for child in children:
        child.join()
    assert hookline.publish("a.b", 1)["type"] == "a.b"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_proxy_of_the_environment_is_not_asked_about_this_machine(served, monkeypatch, host):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    assert Hookline(served.url.replace("127.0.0.1", host), KEY, tries=1).publish("a.b", 1)["type"] == "a.b"


def test_elsewhere_a_proxy_of_the_environment_is_asked(served, monkeypatch):
    monkeypatch.setenv("http_proxy", served.url)

    Hookline("http://hookline.example", KEY, tries=1).publish("a.b", 1)

    assert served.calls == [("POST", "/v1/events")]


def test_a_source_is_put_listed_and_deleted(hookline):
    made = hookline.sources.put("hub", scheme="github", secrets=["hush-hush-hush-1"])

    assert [each["name"] for each in hookline.sources.list()] == ["hub"]
    assert hookline.sources.get("hub") == made
    hookline.sources.delete("hub")
    with pytest.raises(Refused, match="404"):
        hookline.sources.get("hub")


def test_the_flow_is_counted(hookline):
    hookline.publish("a.b", 1)

    assert hookline.flow()["nodes"]["n2"] == 1
