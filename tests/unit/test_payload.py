"""The bytes of an event, on the way out and on the way in."""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta, timezone
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.vectors import VECTORS
from webhooks.errors import InvalidEvent, InvalidRequest, PayloadTooLarge
from webhooks.payload import (
    content_digest,
    encode,
    parse_received,
    slice_data,
    split,
    time_text,
    unpack,
)

OCCURRED_AT = datetime(2026, 11, 25, 9, 0, 0, 123999, tzinfo=UTC)
MIB = 1024 * 1024


def request_with(data):
    return b'{"type":"invoice.paid","data":' + data + b',"tenant":"acme"}'


def refusal_of(raw):
    with pytest.raises(InvalidEvent) as refusal:
        slice_data(raw)
    return {field: messages[0] for field, messages in refusal.value.errors.items()}, str(refusal.value)


@pytest.mark.parametrize(
    "data",
    [
        b'{"b": 1, "a": "\xc3\xa9", "c": [1, 2]}',
        b'{\r\n  "b": 1\r\n}',
        b'{"b":1,"a":"\\u00e9"}',
        b'{"b":1,"a":"\\u00E9"}',
        b'{"p":"C:\\\\users"}',
        b'{"p":"\\\\ud800"}',
        b'{"ok":true,"n":null,"q":"it\'s"}',
        b'{"id":9007199254740993,"amt":1.0}',
        b'{"x":1e2,"y":1.10,"z":-0.0,"small":1e-400}',
        b'{"a":1,"a":2}',
        b'{"u":"a\\/b"}',
        b'{"a":"\\u0000"}',
        b'{"t":"\xf0\x9f\x91\x8d\xf0\x9f\x91\x8e \xc5\x99"}',
        b'"\\ud83d\\ude0a"',
        b'"\\uD83D\\uDE0A \\\\"',
        b'"NaN, {Infinity}: [1E400]"',
        b'",\\"data\\":"',
        b'{"data":{"data":1}}',
        b"null",
        b"-0",
        b"[]",
        b"1" * 1000,
        b"-" + b"1" * 1000,
        b"1.7976931348623157e308",
        b"0." + b"1" * 5000,
        b"[" * 100 + b"]" * 100,
    ],
)
def test_data_leaves_byte_for_byte_as_it_came(data):
    """Cases 2, 5, 6, 18 and 150: nothing is parsed and written anew."""
    envelope, found = slice_data(request_with(b" " + data + b"\n"))
    body = encode("invoice.paid", OCCURRED_AT, found)

    assert (envelope, found) == ({"type": "invoice.paid", "tenant": "acme"}, data)
    assert body == b'{"type":"invoice.paid","timestamp":"2026-11-25T09:00:00.123Z","data":' + data + b"}"
    assert split(body) == data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a":NaN}', "NaN is not JSON"),
        (b'{"a":Infinity}', "Infinity is not JSON"),
        (b'{"a":[-Infinity]}', "-Infinity is not JSON"),
        (b'{"a":1E400}', "a number is too large: a double holds up to 1.8e308, a whole number 1000 digits"),
        (b"-1e309", "a number is too large: a double holds up to 1.8e308, a whole number 1000 digits"),
        (b"1" * 1001, "a number is too large: a double holds up to 1.8e308, a whole number 1000 digits"),
        (b"1" * 310 + b".0", "a number is too large: a double holds up to 1.8e308, a whole number 1000 digits"),
        (b"1" * 250 + b"e99", "a number is too large: a double holds up to 1.8e308, a whole number 1000 digits"),
        (b"1e0000309", "a number is too large: a double holds up to 1.8e308, a whole number 1000 digits"),
        (b'{"a":"\\ud800"}', "half a surrogate pair is no character"),
        (b'{"a":"\\uDC00x"}', "half a surrogate pair is no character"),
        (b'{"a":"\\ude0a\\ud83d"}', "half a surrogate pair is no character"),
        (b'{"a":"\\\\\\ud800"}', "half a surrogate pair is no character"),
        (b'{"\\ud83d\\ud83d":1}', "half a surrogate pair is no character"),
        (b'{"a":"\xed\xa0\x80"}', "must be UTF-8"),
        (b'"\xff\xfe"', "must be UTF-8"),
        (b'"\xc0\xaf"', "must be UTF-8"),
        (b"[" * 101 + b"]" * 101, "must not be nested more than 100 deep"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "must not be nested more than 100 deep"),
        (b"01", "is not JSON near byte 31"),
        (b"'a'", "is not JSON near byte 30"),
        (b"[1,]", "is not JSON near byte 33"),
        (b'"\n"', "is not JSON near byte 31"),
        (b"tru", "is not JSON near byte 31"),
        (b"", "is not JSON near byte 30"),
    ],
)
def test_what_some_receiver_could_not_read_is_refused_and_the_field_named(data, reason):
    """Cases 17, 149 and 150."""
    errors, detail = refusal_of(request_with(data))

    assert errors == {"data": reason}
    assert detail == f"the event cannot be taken: data: {reason}"


@pytest.mark.parametrize("depth", [1000, 20_000, 100_000, MIB])
@pytest.mark.parametrize("closed", [True, False])
def test_nesting_is_refused_alike_however_deep(depth, closed):
    """Case 149."""
    errors, _ = refusal_of(request_with(b"[" * depth + b"]" * depth * closed))

    assert errors == {"data": "must not be nested more than 100 deep"}


def test_the_field_at_fault_is_named_wherever_it_stands():
    """Case 17."""
    assert refusal_of(b'{"a":NaN}')[0] == {"a": "NaN is not JSON"}
    assert refusal_of(b'{"data":{"type":[1]},"id":1E400}')[0].keys() == {"id"}
    assert refusal_of(b'{"data":"\\"a\\":{","channels":["\\udfff"]}')[0].keys() == {"channels"}
    assert refusal_of(b'{"data":1,"caf\xc3\xa9":NaN}')[0].keys() == {"café"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "the JSON ends too early"),
        (b'{"type":"a"', "the JSON ends too early"),
        (b"null", "must be a JSON object"),
        (b"[]", "must be a JSON object"),
        (b'"x"', "must be a JSON object"),
        (b"{} x", "is not JSON near byte 4"),
        (b'\xef\xbb\xbf{"type":"a"}', "is not JSON near byte 0"),
        (b'\xff\xfe\x00{"b":1}', "must be UTF-8"),
        (b'{"type":"a","data":1,"type":"b"}', "the same name stands twice in the object"),
        (b'{"type":"a","data":1,"d\\u0061ta":{"b":{"c":1}}}', "the same name stands twice in the object"),
        (b'{"data":{"a":1},"data":{"a":1}}', "the same name stands twice in the object"),
    ],
)
def test_a_request_that_is_no_object_with_each_name_once_is_refused(raw, reason):
    """Cases 38 and 155."""
    with pytest.raises(InvalidEvent) as refusal:
        slice_data(raw)

    assert str(refusal.value).endswith(reason)


def test_data_must_be_there_but_may_be_null():
    assert refusal_of(b'{"type":"a"}')[0] == {"data": "is required; null is a value"}
    assert slice_data(b'{"data":null}') == ({}, b"null")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON), JSON, st.booleans())
def test_whatever_python_writes_is_sliced_and_not_changed(members, data, ascii_only):
    text = json.dumps(data, ensure_ascii=ascii_only).encode()
    members.pop("data", None)
    raw = json.dumps({**members, "data": data}, ensure_ascii=ascii_only).encode()

    assert slice_data(raw) == (members, text)


@given(st.binary(max_size=40) | st.text('{}[]",:\\ud8019eENaIf-+. ', max_size=40).map(str.encode))
def test_garbage_is_refused_and_raises_nothing_else(raw):
    for read, refusal in ((slice_data, InvalidEvent), (parse_received, InvalidRequest)):
        try:
            read(raw)
        except refusal as error:
            assert str(error)


@given(st.text('{}[]",:\\ud8019eENaIf-+. ', max_size=30).map(str.encode))
def test_what_is_taken_is_json_for_python_too(text):
    try:
        value = parse_received(text)
    except InvalidRequest:
        return

    assert json.loads(text) == value


HOSTILE = {
    "one long text": b'"' + b"a" * MIB + b'"',
    "short texts": b"[" + b'"a",' * (MIB // 4) + b"1]",
    "objects": b"[" + b'{"a":1},' * (MIB // 8) + b"1]",
    "empty lists": b"[" + b"[]," * (MIB // 3) + b"1]",
    "exponents": b"[" + b"1e100," * (MIB // 6) + b"1]",
    "digits": b"1" * MIB,
    "a fraction": b"0." + b"1" * MIB,
    "backslashes": b'"' + b"\\\\" * (MIB // 2) + b'"',
    "emoji": b'"' + b"\\ud83d\\ude0a" * (MIB // 12) + b'"',
    "an open text": b'"' + b'\\"' * (MIB // 2),
    "quotes": b'"' * MIB,
    "brackets": b"[" * MIB,
    "signs": b"-" * MIB,
    "spaces": b" " * MIB,
    "late fault": b"[" + b"[]," * (MIB // 3) + b"NaN]",
    "names": b'{"":1' + b',"a":1' * (MIB // 6) + b"}",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("read", [slice_data, parse_received])
def test_a_mebibyte_of_anything_is_judged_in_linear_time(name, read):
    """Cases 37, 148 and 149: twice as much takes about twice as long, and far less than a second."""
    raw = request_with(HOSTILE[name])
    began = time.process_time()
    try:
        read(raw)
    except InvalidRequest as error:
        assert len(str(error)) < 200

    assert time.process_time() - began < 2


def test_a_time_is_cut_to_milliseconds_in_utc():
    elsewhere = datetime(2026, 11, 25, 11, 0, 0, 999999, tzinfo=timezone(timedelta(hours=2)))

    assert time_text(elsewhere) == "2026-11-25T09:00:00.999Z"
    assert time_text(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00.000Z"


def test_only_our_own_envelope_is_split():
    with pytest.raises(ValueError, match="no envelope of ours"):
        split(b'{"type":"a"}')


CONTENT = {
    "type": "invoice.paid",
    "data": b'{"a":1}',
    "channels": (),
    "endpoint_ids": None,
    "ordering_key": None,
    "occurred_at": None,
}
OTHERS = [
    {"type": "invoice"},
    {"data": b'{"a": 1}'},
    {"channels": ("a", "b")},
    {"channels": ("a,b",)},
    {"channels": ("b", "a")},
    {"endpoint_ids": ()},
    {"endpoint_ids": ("a", "b")},
    {"ordering_key": ""},
    {"ordering_key": "a"},
    {"occurred_at": OCCURRED_AT},
    {"occurred_at": OCCURRED_AT + timedelta(microseconds=1)},
    {"ordering_key": 'a"', "data": b'{"a":1}'},
    {"ordering_key": None, "data": b'null]{"a":1}'},
]


def test_different_content_has_different_digests():
    digests = [content_digest(**{**CONTENT, **change}) for change in [{}, *OTHERS]]

    assert all(one != other for one, other in combinations(digests, 2))
    assert {len(digest) for digest in digests} == {64}


def test_the_same_content_has_the_same_digest():
    elsewhere = OCCURRED_AT.astimezone(timezone(timedelta(hours=-5)))
    lists = {**CONTENT, "channels": [], "occurred_at": elsewhere}

    assert content_digest(**lists) == content_digest(**{**CONTENT, "occurred_at": OCCURRED_AT})


@pytest.mark.parametrize("name", [name for name in VECTORS if name not in {"empty", "notutf8", "surr"}])
def test_every_readable_vector_is_parsed_as_it_reads(name):
    """Cases 21, 38 and 39."""
    body, _ = VECTORS[name]

    assert parse_received(body) == json.loads(body)


def test_digits_survive_parsing():
    """Case 18."""
    parsed = parse_received(b'{"id":9007199254740993,"long":' + b"7" * 1000 + b"}")

    assert parsed == {"id": 9007199254740993, "long": int("7" * 1000)}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "the body is empty"),
        (b" \r\n", "the body is empty"),
        (b"\xef\xbb\xbf", "the body is empty"),
        (b'\xff\xfe\x00{"b":1}', "must be UTF-8"),
        ('{"a":"é"}'.encode("latin-1"), "a: must be UTF-8"),
        (b'\xef\xbb\xbf\xef\xbb\xbf{"b":1}', "is not JSON near byte 0"),
        (b'{"a":"\\ud800"}', "a: half a surrogate pair is no character"),
        (b"a=1&b=2", "is not JSON near byte 0"),
        (b'{"a":', "a: the JSON ends too early"),
        (b'{"a":1}{"a":1}', "a: is not JSON near byte 8"),
        (b"NaN", "NaN is not JSON"),
        (b"[1E400]", "a number is too large for a double"),
        (b"[" * 102 + b"]" * 102, "must not be nested more than 100 deep"),
        (b"[" * 20_000 + b"]" * 20_000, "must not be nested more than 100 deep"),
    ],
)
def test_a_received_body_that_is_no_strict_json_is_malformed(raw, reason):
    """Cases 20, 25, 38, 41 and 149."""
    with pytest.raises(InvalidRequest) as refusal:
        parse_received(raw)

    assert str(refusal.value) == f"the body cannot be read: {reason}"


def test_the_deepest_event_that_we_send_is_one_that_we_receive():
    body = encode("a", OCCURRED_AT, b"[" * 100 + b"]" * 100)

    assert parse_received(body)["type"] == "a"


@pytest.mark.parametrize("raw", [b"null", b"[]", b'"x"', b"0", b" {} "])
def test_a_received_body_need_not_be_an_object(raw):
    """Case 155."""
    assert parse_received(raw) == json.loads(raw)


@pytest.mark.parametrize("encoding", ["", "identity"])
def test_a_body_without_encoding_is_left_as_it_is(encoding):
    assert unpack(b"\x1f\x8b", encoding=encoding, most_bytes=1) == b"\x1f\x8b"


def test_a_gzipped_body_is_unpacked_up_to_the_limit():
    packed = gzip.compress(b"a" * 1000)

    assert unpack(packed, encoding="gzip", most_bytes=1000) == b"a" * 1000
    with pytest.raises(PayloadTooLarge, match="more than 999 bytes"):
        unpack(packed, encoding="gzip", most_bytes=999)


def test_a_gzip_bomb_is_not_unpacked():
    """Case 148: 50 MiB in 50 kB."""
    bomb = gzip.compress(bytes(50 * MIB))
    with pytest.raises(PayloadTooLarge):
        unpack(bomb, encoding="gzip", most_bytes=1000)


@pytest.mark.parametrize(
    ("raw", "encoding", "reason"),
    [
        (b"{}", "gzip", "not gzip"),
        (b"", "gzip", "whole gzip member"),
        (gzip.compress(b"{}")[:-1], "gzip", "whole gzip member"),
        (gzip.compress(b"{}") * 2, "gzip", "whole gzip member"),
        (b"{}", "br", "gzip or none"),
        (b"{}", "gzip, gzip", "gzip or none"),
    ],
)
def test_a_body_that_cannot_be_unpacked_is_malformed(raw, encoding, reason):
    with pytest.raises(InvalidRequest, match=reason):
        unpack(raw, encoding=encoding, most_bytes=100)
