"""What `POST /v1/events` takes and refuses."""

import pytest

from tests.api.conftest import MAX_BODY


def raw_event(client, raw, **headers):
    return client.post("/v1/events", raw=raw, headers=headers)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", 5),
        ("type", ""),
        ("type", "a..b"),
        ("type", "a b"),
        ("type", "a.*"),
        ("type", "x" * 257),
        ("type", "hookline.endpoint.disabled"),
        ("type", None),
        ("id", "a:b"),
        ("id", "a b"),
        ("id", "x" * 65),
        ("id", 7),
        ("id", "é"),
        ("tenant", "in.default"),
        ("tenant", ""),
        ("tenant", 5),
        ("occurred_at", "yesterday"),
        ("occurred_at", "2026-11-25"),
        ("occurred_at", "2026-11-25T09:00:00"),
        ("occurred_at", "2026-02-30T09:00:00Z"),
        ("occurred_at", "0001-01-01T00:00:00+23:59"),
        ("occurred_at", 1795600800),
        ("channels", "eu"),
        ("channels", ["a"] * 6),
        ("channels", ["x" * 129]),
        ("channels", [""]),
        ("channels", [5]),
        ("endpoint_ids", "ep_1"),
        ("endpoint_ids", [None]),
        ("ordering_key", 5),
        ("ordering_key", "x" * 129),
        ("surprise", 1),
        ("deliveries", []),
    ],
)
def test_a_field_of_the_wrong_kind_is_named(client, field, value):
    """Case 156: nothing is coerced."""
    answer = client.post("/v1/events", {"type": "a.b", "data": 1, field: value})

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_event")
    assert {name.partition(".")[0] for name in answer.json["errors"]} == {field}


@pytest.mark.parametrize("field", ["id", "tenant", "occurred_at", "channels", "endpoint_ids", "ordering_key"])
def test_null_means_the_default(client, field):
    assert client.post("/v1/events", {"type": "a.b", "data": None, field: None}).status_code == 202


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"NaN", "data"),
        (b'{"a":Infinity}', "data"),
        (b'{"a":1E400}', "data"),
        (b'{"a":"\\ud800"}', "data"),
        (b'{"a":"\xed\xa0\x80"}', "data"),
        (b"[" * 101 + b"]" * 101, "data"),
        (b"[" * 1000 + b"]" * 1000, "data"),
        (b'{"a":', None),
    ],
)
def test_what_receivers_could_not_read_is_refused_and_the_field_named(client, data, named):
    """Cases 17, 149, 150."""
    answer = raw_event(client, b'{"type":"a.b","data":' + data + b"}")

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_event")
    if named:
        assert list(answer.json["errors"]) == [named]
    assert client.get("/v1/stats/flow").json["nodes"]["n1"] == 0


@pytest.mark.parametrize("data", [b'"\\ud83d\\ude0a"', b"[" * 100 + b"]" * 100, b"1" * 1000, b'{"a":1,"a":2}'])
def test_what_they_can_read_is_taken(client, data):
    """Cases 149, 150."""
    assert raw_event(client, b'{"type":"a.b","data":' + data + b"}").status_code == 202


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'"x"', b'{"type":"a.b"', b"\xff\xfe", b"5"])
def test_a_body_that_is_no_json_object_is_refused(client, raw):
    """Case 155."""
    answer = raw_event(client, raw)

    assert (answer.status_code, answer.json["code"]) == (400, "invalid_event")


def test_data_is_required_and_a_name_may_not_stand_twice(client):
    assert "data" in raw_event(client, b'{"type":"a.b"}').json["errors"]
    assert raw_event(client, b'{"type":"a.b","data":1,"data":2}').status_code == 400


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/xml", "application/json; charset=latin-1"])
def test_another_content_type_is_415(client, content_type):
    """Case 155."""
    answer = raw_event(client, b'{"type":"a.b","data":1}', **{"Content-Type": content_type})

    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["APPLICATION/JSON", "application/json; charset=UTF-8"])
def test_json_in_utf_8_is_taken_however_it_is_spelled(client, content_type):
    answer = raw_event(client, b'{"type":"a.b","data":1}', **{"Content-Type": content_type})

    assert answer.status_code == 202


@pytest.mark.parametrize("character", ["a", "😊"])
def test_the_limit_counts_bytes_and_is_exact(client, character):
    """Case 148."""
    size = len(character.encode())
    frame = b'{"type":"a.b","data":"%s"}'
    room = MAX_BODY - len(frame % b"")
    exact = frame % (character.encode() * (room // size) + b"x" * (room % size))

    taken, refused = raw_event(client, exact), raw_event(client, exact + b" ")

    assert len(exact) == MAX_BODY
    assert taken.status_code == 202
    assert client.get(f"/v1/events/{taken.json['id']}").json["body"].endswith(exact[21:].decode())
    assert (refused.status_code, refused.json["code"]) == (413, "payload_too_large")
