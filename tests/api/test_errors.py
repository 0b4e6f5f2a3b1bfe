"""Every row of the error table, and what holds for every answer."""

import io
import time

import pytest
from flask import abort
from werkzeug.exceptions import HTTPException

from api.app import create_app
from api.errors import HTTP_TABLE, TABLE, UnsupportedMediaType, row_of
from tests.api.conftest import MAX_BODY, Client
from webhooks import errors

PROBLEM_FIELDS = {"type", "title", "status", "code", "detail", "errors", "request_id"}
ROWS = [
    (errors.InvalidEvent("x", {"data": ["no"]}), 400, "invalid_event"),
    (errors.InvalidEndpoint("x"), 400, "invalid_endpoint"),
    (errors.InvalidRequest("x"), 400, "invalid_request"),
    (errors.Unauthorized("x"), 401, "unauthorized"),
    (errors.BadSignature("x"), 401, "unauthorized"),
    (errors.Forbidden("x"), 403, "forbidden"),
    (errors.NotFound("x"), 404, "not_found"),
    (errors.Conflict("x"), 409, "conflict"),
    (errors.IdempotencyMismatch("x"), 409, "idempotency_mismatch"),
    (errors.IllegalMove("x"), 409, "conflict"),
    (errors.PayloadTooLarge("x"), 413, "payload_too_large"),
    (UnsupportedMediaType("x"), 415, "unsupported_media_type"),
    (errors.RateLimited("x", retry_after_seconds=3), 429, "rate_limited"),
    (errors.Unavailable("x"), 503, "unavailable"),
]
FRAMEWORK_ROWS = [
    (400, "invalid_request"),
    (401, "unauthorized"),
    (403, "forbidden"),
    (404, "not_found"),
    (405, "method_not_allowed"),
    (408, "invalid_request"),
    (411, "invalid_request"),
    (413, "payload_too_large"),
    (414, "invalid_request"),
    (415, "unsupported_media_type"),
    (429, "rate_limited"),
    (431, "invalid_request"),
    (501, "internal"),
    (503, "unavailable"),
]


@pytest.fixture
def failing(wiring):
    """A client of an app with one address that raises what it is given."""
    app = create_app(wiring)
    raised = []

    @app.get("/raise")
    def fail():
        raise raised[0]

    def call(error):
        raised[:] = [error]
        return Client(app).get("/raise")

    return call


def check_problem(answer, status, code):
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) == PROBLEM_FIELDS
    assert (answer.json["type"], answer.json["status"], answer.json["code"]) == ("about:blank", status, code)
    assert answer.json["title"]
    assert answer.json["detail"]
    assert answer.json["request_id"] == answer.headers["X-Request-Id"] != ""


@pytest.mark.parametrize(("error", "status", "code"), ROWS)
def test_each_error_of_the_library_has_its_row(failing, error, status, code):
    answer = failing(error)

    check_problem(answer, status, code)
    assert answer.json["errors"] == getattr(error, "errors", {})


def test_no_error_of_the_library_is_left_out():
    def below(kind):
        return {kind}.union(*(below(each) for each in kind.__subclasses__()))

    told = {type(error) for error, _, _ in ROWS}

    assert {kind for kind in below(errors.WebhookError) if kind.__module__ == "webhooks.errors"} - told == {
        errors.WebhookError
    }


def test_a_new_kind_of_error_falls_back_to_the_kind_above_it():
    class Novel(errors.Conflict):
        pass

    assert row_of(Novel("x")) is TABLE[errors.Conflict]
    assert HTTP_TABLE[413] is TABLE[errors.PayloadTooLarge]


@pytest.mark.parametrize(("status", "code"), FRAMEWORK_ROWS)
def test_each_error_of_the_framework_is_a_problem_too(failing, status, code):
    with pytest.raises(HTTPException) as raised:
        abort(status)

    check_problem(failing(raised.value), status, code)


@pytest.mark.parametrize("error", [RuntimeError("SECRET"), KeyError("SECRET"), errors.WebhookError("SECRET")])
def test_a_bug_is_500_logged_with_its_request_and_shows_nothing(failing, error, capsys):
    answer = failing(error)

    check_problem(answer, 500, "internal")
    assert "SECRET" not in answer.text
    logged = capsys.readouterr().out
    assert "request.failed" in logged
    assert answer.json["request_id"] in logged


def test_an_unknown_address_is_404(client):
    check_problem(client.get("/nothing"), 404, "not_found")
    check_problem(client.get("/v1/nothing"), 404, "not_found")
    check_problem(client.get("/v1/events/"), 404, "not_found")
    check_problem(client.get("//v1/events"), 404, "not_found")


def test_a_wrong_method_is_405_and_the_right_ones_are_named(client):
    answer = client("PUT", "/v1/events")

    check_problem(answer, 405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic x", "Bearer \xe9", "x"]
)
@pytest.mark.parametrize("path", ["/v1/events", "/v1/nothing", "/v1/endpoints/ep_1", "/v1/stats/flow"])
def test_without_a_key_nothing_below_v1_is_told(client, authorization, path):
    answer = client("GET", path, headers={"Authorization": authorization})

    check_problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/openapi.json", "/docs"])
def test_these_need_no_key(client, path):
    assert client("GET", path, headers={"Authorization": None}).status_code in (200, 503)


def test_a_callers_request_id_is_taken_if_it_is_sane(client):
    assert client.post("/v1/events", headers={"X-Request-Id": "order-7.a_b"}).headers["X-Request-Id"] == "order-7.a_b"


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "é", "<script>", "a/b"])
def test_another_request_id_is_replaced(client, given):
    answer = client("GET", "/v1/events", headers={"X-Request-Id": given})

    assert answer.headers["X-Request-Id"] not in ("", given)


def test_every_answer_has_a_request_id_of_its_own(client):
    paths = ["/health/live", "/openapi.json", "/v1/events", "/nothing", "/v1/endpoints/x"]

    assert len({client.get(path).headers["X-Request-Id"] for path in paths}) == len(paths)


CALLS = [
    ("POST", "/v1/events", {"type": "a.b", "data": 1}),
    ("GET", "/v1/events", None),
    ("GET", "/v1/events/e1", None),
    ("POST", "/v1/events/e1/replay", None),
    ("POST", "/v1/endpoints", {"url": "https://hooks.example.com/"}),
    ("GET", "/v1/endpoints", None),
    ("GET", "/v1/endpoints/ep_1", None),
    ("PATCH", "/v1/endpoints/ep_1", {"description": "x"}),
    ("DELETE", "/v1/endpoints/ep_1", None),
    ("GET", "/v1/endpoints/ep_1/secret", None),
    ("POST", "/v1/endpoints/ep_1/test", None),
    ("GET", "/v1/deliveries", None),
    ("GET", "/v1/deliveries/d1", None),
    ("POST", "/v1/deliveries/d1/replay", None),
    ("POST", "/v1/deliveries/d1/cancel", None),
    ("GET", "/v1/inbox", None),
    ("GET", "/v1/inbox/default/m1", None),
    ("POST", "/v1/inbox/default/m1/replay", None),
    ("GET", "/v1/stats/flow", None),
    ("POST", "/webhook", {"type": "a.b"}),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS)
def test_a_dead_store_is_503_in_under_two_seconds(dead_client, method, path, body):
    """Cases 45 and 93."""
    began = time.monotonic()

    answer = dead_client(method, path, body)

    check_problem(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert time.monotonic() - began < 2


def test_a_chunked_body_is_counted_while_it_is_read(app, client):
    """Case 148: no header says how long it is."""
    body = b'{"type":"a.b","data":"' + b"x" * MAX_BODY + b'"}'
    sent = {
        "method": "POST",
        "input_stream": io.BytesIO(body),
        "environ_overrides": {"wsgi.input_terminated": True},
        "headers": {**client.headers, "Content-Type": "application/json", "Transfer-Encoding": "chunked"},
    }

    check_problem(app.test_client().open("/v1/events", **sent), 413, "payload_too_large")


def test_a_body_that_ends_before_its_length_is_refused(app, client):
    """Case 148."""
    answer = app.test_client().post(
        "/v1/events",
        input_stream=io.BytesIO(b'{"type":"a.b","data":1}'),
        headers={**client.headers, "Content-Type": "application/json"},
        environ_overrides={"CONTENT_LENGTH": "100"},
    )

    check_problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("path", ["/v1/endpoints", "/v1/events"])
@pytest.mark.parametrize("raw", [b"[" * 20000, b'{"a":' + b"[" * 50000 + b"]" * 50000 + b"}", b"1" * 4000, b"\x00"])
def test_hostile_json_is_400_or_413_and_never_500(client, path, raw):
    """Cases 149 and 155."""
    assert client.post(path, raw=raw).status_code in (400, 413)
