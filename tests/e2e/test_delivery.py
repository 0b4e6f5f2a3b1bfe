"""One event through the sending and the retry lane: real Valkey, real Celery worker, real receiver."""

import json
import socket
import struct
import threading

import pytest
from standardwebhooks import Webhook

from bench.receiver import Answer
from bench.stack import free_port, wait_until
from tests.e2e.conftest import answering, slowly


def test_every_attempt_verifies_with_the_reference_library_with_a_fresh_time_the_same_id_and_the_same_bytes(
    api, receiver
):
    """Cases 1, 11, 12, 13, 105: three attempts and a replay are all signed anew over the bytes that were posted."""
    answering(receiver, 503, 401, 200)
    endpoint = api.endpoint(receiver.url, retry_schedule=[1, 1], headers={"X-Team": "blue"})
    delivery_id = api.publish({"b": 1, "a": "é👍"})["deliveries"][0]["id"]
    delivered = api.settled(delivery_id)
    api.stack.post(f"/v1/deliveries/{delivery_id}/replay")
    arrivals = receiver.wait_for(4)
    replayed = api.settled(delivery_id)

    for arrival in arrivals:
        assert Webhook(endpoint["secret"]).verify(arrival.body, arrival.headers)["data"] == {"b": 1, "a": "é👍"}
        assert arrival.headers["X-Team"] == "blue"
    assert len({(arrival.event_id, arrival.body) for arrival in arrivals}) == 1
    assert len({arrival.headers["webhook-timestamp"] for arrival in arrivals[:3]}) == 3
    assert all(abs(int(each.headers["webhook-timestamp"]) - each.at) < 2 for each in arrivals)
    assert [each["status_code"] for each in delivered["attempts"]] == [503, 401, 200]
    assert [(each["number"], each["trigger"]) for each in replayed["attempts"]] == [
        (1, "initial"),
        (2, "retry"),
        (3, "retry"),
        (4, "replay"),
    ]


def test_what_is_sent_is_what_the_contract_says_and_nothing_more(api, receiver):
    api.send(receiver.url)
    (arrival,) = receiver.wait_for(1)

    assert {name.lower() for name in arrival.headers} == {
        "host", "content-length", "content-type", "user-agent", "accept", "accept-encoding", "connection",
        "webhook-id", "webhook-timestamp", "webhook-signature",
    }  # fmt: skip
    assert arrival.headers["webhook-signature"].startswith("v1,")


def test_numbers_and_spaces_arrive_as_they_were_posted(api, stack, receiver):
    """Case 18."""
    api.endpoint(receiver.url)
    data = b'{ "id": 9007199254740993, "x":1e2,"y":1.10, "z":-0.0, "e":"\\u00e9" }'
    body = b'{"type":"a.b","tenant":"%s","data":%s}' % (api.tenant.encode(), data)
    answer = stack.http.post(f"{stack.url}/v1/events", data=body, headers={"Content-Type": "application/json"})
    (arrival,) = receiver.wait_for(1)

    assert answer.status_code == 202
    assert arrival.body.endswith(b',"data":' + data + b"}")


@pytest.mark.parametrize(
    ("status", "state"),
    [(200, "delivered"), (204, "delivered"), (301, "exhausted"), (400, "exhausted"), (401, "exhausted"),
     (404, "exhausted"), (410, "cancelled"), (429, "exhausted"), (500, "exhausted")],
)  # fmt: skip
def test_each_answer_has_its_state_and_its_recorded_status(api, receiver, status, state):
    answering(receiver, status)
    delivery = api.send(receiver.url)

    assert (delivery["status"], delivery["attempts"][0]["status_code"]) == (state, status)
    assert len(receiver.arrivals) == 1


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(connection):
    threading.Event().wait(5)


def garbage(connection):
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")


def fifty_mebibytes(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n")
    for _ in range(800):
        connection.sendall(b"x" * 65536)


def huge_headers(connection):
    connection.sendall(
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: %s\r\n" % (i, b"v" * 8000) for i in range(90)) + b"\r\n"
    )


@pytest.mark.parametrize(
    ("talk", "error"),
    [(reset, "reset"), (hang, "timeout"), (slowly(b"HTTP/1.1 200 OK\r\n\r\n"), "timeout"), (garbage, "invalid_response"),
     (huge_headers, "response_headers_too_large")],
)  # fmt: skip
def test_a_connection_that_gives_no_answer_has_a_clear_recorded_reason(api, raw_server, talk, error):
    """Cases 51, 52, 59, 60."""
    delivery = api.send(raw_server(talk), timeout_seconds=1)
    attempt = delivery["attempts"][0]

    assert (delivery["status"], attempt["error"], attempt["status_code"]) == ("exhausted", error, None)
    assert attempt["error_detail"]
    assert attempt["duration_ms"] < 2500


def test_a_body_that_drips_past_the_deadline_after_a_2xx_is_delivered_and_cut(api, raw_server):
    talk = slowly(b"x" * 30)

    def drip(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n")
        talk(connection)

    delivery = api.send(raw_server(drip), timeout_seconds=1)

    assert (delivery["status"], delivery["attempts"][0]["response"]["truncated"]) == ("delivered", True)


def test_of_fifty_mebibytes_sixteen_kibibytes_are_kept(api, raw_server):
    """Case 54."""
    delivery = api.send(raw_server(fifty_mebibytes))
    response = delivery["attempts"][0]["response"]

    assert (delivery["status"], len(response["body"]), response["truncated"]) == ("delivered", 16 * 1024, True)


def test_a_bad_certificate_is_refused(api, raw_server, self_signed):
    delivery = api.send(raw_server(garbage, context=self_signed))

    assert (delivery["status"], delivery["attempts"][0]["error"]) == ("exhausted", "tls")


def test_a_name_that_does_not_resolve_and_a_port_that_nobody_listens_on(api):
    assert api.send("http://nope.invalid/")["attempts"][0]["error"] == "dns"


def test_a_port_that_nobody_listens_on(api):
    assert api.send(f"http://127.0.0.1:{free_port()}/")["attempts"][0]["error"] == "connect_refused"


def test_exactly_one_attempt_and_one_retry_for_each_entry_of_the_schedule_then_exhausted(api, receiver):
    """Case 70."""
    answering(receiver, 403)
    delivery = api.send(receiver.url, retry_schedule=[0.2, 0.2, 0.2])

    assert (delivery["status"], delivery["retries_left"], delivery["next_attempt_at"]) == ("exhausted", 0, None)
    assert [each["number"] for each in delivery["attempts"]] == [1, 2, 3, 4]
    assert len(receiver.arrivals) == 4


def test_a_retry_goes_to_the_url_that_the_endpoint_has_then(api, stack, receiver):
    """Case 122."""
    answering(receiver, 500, 200)
    endpoint = api.endpoint(f"{receiver.url}/old", retry_schedule=[2])
    delivery_id = api.publish()["deliveries"][0]["id"]
    api.settled(delivery_id, "retrying")
    stack.http.patch(
        f"{stack.url}/v1/endpoints/{endpoint['id']}", json={"url": f"{receiver.url}/new"}
    ).raise_for_status()
    delivery = api.settled(delivery_id)

    shown = [each["request"]["url"].rsplit("/", 1)[1] for each in delivery["attempts"]]
    assert shown == ["…", "new"]  # of a URL that the endpoint no longer has no path is kept
    assert [arrival.path for arrival in receiver.arrivals] == ["/old", "/new"]


def test_no_request_goes_out_after_the_endpoint_is_deleted(api, stack, receiver):
    """Case 116."""
    answering(receiver, 500)
    endpoint = api.endpoint(receiver.url, retry_schedule=[1])
    delivery_id = api.publish()["deliveries"][0]["id"]
    api.settled(delivery_id, "retrying")
    assert stack.http.delete(f"{stack.url}/v1/endpoints/{endpoint['id']}").status_code == 204
    delivery = api.delivery(delivery_id)

    assert (delivery["status"], delivery["reason"]) == ("cancelled", "endpoint_deleted")
    wait_until("the job got there", lambda: not stack.valkey.client.zscore("due", delivery_id))
    assert len(receiver.arrivals) == 1


def test_the_hash_in_redis_can_be_read_by_a_person(api, stack, receiver):
    delivery = api.send(receiver.url)
    fields = {
        name.decode(): value.decode()
        for name, value in stack.valkey.client.hgetall(f"delivery:{delivery['id']}").items()
    }

    assert (fields["status"], fields["attempts"], fields["last_status_code"]) == ("delivered", "1", "200")
    assert fields["created_at"] == delivery["created_at"]
    assert max(map(len, fields.values())) <= 64


def test_no_secret_and_no_payload_is_in_a_message_or_in_redis_in_clear(api, stack, receiver):
    api.endpoint(receiver.url, headers={"Authorization": "Bearer HUSH-HUSH"}, secret="whsec_" + "QUJD" * 10)
    api.settled(api.publish({"private": "P4YL0AD"})["deliveries"][0]["id"])
    client = stack.valkey.client
    keys = [key for key in client.scan_iter(count=1000) if not key.startswith(b"body:")]
    stored = b"".join(client.dump(key) or b"" for key in keys)
    logs = "".join(stack.log(name) for name in stack.commands)

    assert b"HUSH-HUSH" not in stored
    assert b"QUJDQUJD" not in stored
    assert not {"HUSH-HUSH", "QUJDQUJD", "P4YL0AD"} & {
        word for word in ("HUSH-HUSH", "QUJDQUJD", "P4YL0AD") if word in logs
    }


def test_a_large_fan_out_reaches_everybody_once(api, receiver):
    for i in range(105):
        api.endpoint(f"{receiver.url}/{i}")
    event = api.publish()
    arrivals = receiver.wait_for(105, seconds=60)

    assert (event["deliveries_count"], len(event["deliveries"])) == (105, 100)
    assert len({arrival.path for arrival in arrivals}) == 105


def test_the_log_has_one_line_for_each_attempt(api, stack, receiver):
    delivery = api.send(receiver.url)
    lines = [json.loads(line) for line in stack.log("worker0").splitlines() if delivery["id"] in line]

    assert [(line["event"], line["attempt"], line["status"]) for line in lines] == [
        ("delivery.attempted", 1, "delivered")
    ]


def test_one_500_is_followed_by_a_second_request_a_second_later(api, receiver):
    """Cases 71, 74: with only the documented processes running."""
    answering(receiver, 500, 200)
    delivery = api.send(receiver.url, retry_schedule=[1])
    first, second = receiver.arrivals

    assert (delivery["status"], delivery["finished_at"] is not None) == ("delivered", True)
    assert second.at - first.at >= 1


def test_an_endpoint_whose_retry_waits_holds_up_nobody(api, receiver):
    """Case 82: waiting between attempts is in the store, not in a worker."""
    receiver.behaviour = lambda path, _event_id: Answer(status=500 if path == "/broken" else 200)
    api.endpoint(f"{receiver.url}/broken", retry_schedule=[3600])
    api.endpoint(f"{receiver.url}/healthy")
    broken, healthy = (each["id"] for each in api.publish()["deliveries"])
    delivered = api.settled(healthy)
    waiting = api.settled(broken, "retrying")

    assert (delivered["status"], waiting["retries_left"]) == ("delivered", 0)
    assert waiting["next_attempt_at"] > waiting["updated_at"]


def test_a_chunked_event_in_two_pieces_is_read_whole(api, stack, receiver):
    """Case 23, and 6: the cut is in the middle of a character."""
    api.endpoint(receiver.url)
    body = f'{{"type":"a.b","tenant":"{api.tenant}","data":"👍"}}'.encode()
    cut = body.index("👍".encode()) + 2

    def pieces():
        yield body[:cut]
        yield body[cut:]

    answer = stack.http.post(f"{stack.url}/v1/events", data=pieces(), headers={"Content-Type": "application/json"})
    (arrival,) = receiver.wait_for(1)

    assert answer.status_code == 202
    assert arrival.body.endswith('"data":"👍"}'.encode())
