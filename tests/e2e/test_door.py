"""The door on the server that we ship, over bare sockets: whatever comes is 200, 400, 401, 411 or 413, never 500."""

import gzip
import json

import pytest

from bench.stack import Stack
from tests.e2e.conftest import SOURCE_SECRET
from tests.e2e.raw_requests import chunked, head, post, signed, talk
from tests.unit.samples import SAMPLES

ACCENTS = '{"type":"a.b","data":{"é":"€ 😊"}}'.encode()
PLAIN = b'{"type":"a.b","data":{"n":1}}'
MOST = 64 * 1024


def name_of(sample):
    """The source of a sample; `standard` is the one of the environment."""
    return "of-" + sample.label.replace(" ", "-").strip("-")


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    environ = {
        "HOOKLINE_SOURCE_STANDARD_SECRET": SOURCE_SECRET,
        "HOOKLINE_SOURCE_OPEN_SCHEME": "none",
        "HOOKLINE_MAX_BODY": "64KiB",
    }
    with Stack(tmp_path_factory.mktemp("door"), workers=0, environ=environ) as stack:
        for sample in SAMPLES:
            stack.http.put(
                f"{stack.url}/v1/sources/{name_of(sample)}",
                json={"scheme": sample.scheme, "secrets": [sample.secret], "options": sample.options},
                timeout=10,
            ).raise_for_status()
        yield stack
        log = stack.log("api")
        assert "Traceback" not in log, log[log.index("Traceback") :][:3000]


def test_a_signed_body_is_taken_however_it_is_cut_into_packets(stack):
    """Case 23, and split in the middle of a character."""
    middle = ACCENTS.index("€".encode()) + 1
    headers = signed(ACCENTS, message_id="msg_cut")
    whole = head({**headers, "Content-Length": str(len(ACCENTS))})
    in_chunks = head({**headers, "Transfer-Encoding": "chunked"})

    assert talk(stack, whole, ACCENTS[:middle], ACCENTS[middle:])[0] == 200
    assert talk(stack, in_chunks, *chunked(ACCENTS[:middle], ACCENTS[middle:]))[0] == 200
    assert talk(stack, whole[:40], whole[40:], *[ACCENTS[at : at + 1] for at in range(len(ACCENTS))])[0] == 200


def test_whoever_expects_100_continue_gets_it_and_then_the_answer(stack):
    headers = {**signed(PLAIN), "Content-Length": str(len(PLAIN)), "Expect": "100-continue"}

    assert talk(stack, head(headers), PLAIN)[0] in (100, 200)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (ACCENTS, 200),
        (b"\xef\xbb\xbf" + PLAIN, 200),  # case 38
        (PLAIN + b"\r\n", 200),  # case 39
        (b"\xff\xfe\x00" + PLAIN, 400),  # case 25
        (b"", 400),
        (b"   ", 400),
        (b"not json", 400),
        (b"[" * 20000 + b"]" * 20000, 400),  # case 37
        (b'{"a":' * 150 + b"1" + b"}" * 150, 400),
        (b'{"n":' + b"9" * 5000 + b"}", 400),
        (b'{"n":1e400}', 400),
        (b'{"n":NaN}', 400),
        (b'{"a":"\\ud800"}', 400),
        (b'{"a":"\\u0000"}', 200),
        (b'{"a":"\x00"}', 400),
        (b"\x00" * 100, 400),
        (b'"text"', 200),
        (b"null", 200),
        (b'{"type":' + b'"' + b"x" * 300 + b'"}', 200),
        (b'{"type":["a"],"timestamp":{"b":1}}', 200),
        (b'{"type":"a.b","timestamp":"9999-12-31T23:59:59+14:00"}', 200),
        (b'{"type":"a.b","timestamp":"0001-01-01T00:00:00-14:00"}', 200),
    ],
)
def test_a_signed_body_is_read_or_refused_and_an_unsigned_one_never_read(stack, body, status):
    """Cases 25 and 37: 401 comes before anything is parsed."""
    headers = signed(body, message_id=f"msg_{abs(hash(body))}")

    assert post(stack, body, headers) == status
    assert post(stack, body, {**headers, "webhook-signature": "v1," + "A" * 43 + "="}) == 401


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize(
    "value", [b"", b" ", b"v1,\xe9", b"\xff\xfe", b"nan", b"-1", b"1e9", b"9" * 400, b"0", b"," * 200, b"v1," * 500]
)
def test_odd_headers_are_refused(stack, name, value):
    """Cases 26, 28, 32: a byte beyond ASCII is 401, absurd timestamps too."""
    assert post(stack, PLAIN, {**signed(PLAIN), name: value}) == 401


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_missing_and_doubled_headers_are_refused(stack, name):
    headers = signed(PLAIN)
    doubled = [*headers.items(), (name, headers[name]), ("Content-Length", str(len(PLAIN)))]
    missing = {each: value for each, value in headers.items() if each != name}

    assert post(stack, PLAIN, missing) == 401
    status = talk(stack, head(doubled), PLAIN)[0]
    assert status in (401, 400)


def test_an_id_with_bytes_beyond_ascii_is_taken_where_it_is_signed(stack):
    headers = signed(PLAIN, message_id="msg_é")

    assert post(stack, PLAIN, headers) == 200


@pytest.mark.parametrize("name", ["WEBHOOK-ID", "Webhook-Id"])
def test_the_case_of_header_names_does_not_matter(stack, name):
    """Case 36."""
    headers = signed(PLAIN, message_id="msg_case")

    assert (
        post(stack, PLAIN, {**{each: v for each, v in headers.items() if each != "webhook-id"}, name: "msg_case"})
        == 200
    )


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        "application/vnd.x+json",
        "text/plain; charset=latin-1",
        "\x80",
        ";;=",
        "",
    ],
)
def test_the_content_type_is_not_judged(stack, content_type):
    """Case 41, as the contract has it: some providers post with odd types."""
    headers = signed(ACCENTS, message_id=f"msg_type_{abs(hash(content_type))}")

    assert post(stack, ACCENTS, {**headers, "Content-Type": content_type}) == 200


def test_a_latin_1_body_is_refused_whatever_its_charset_says(stack):
    """Case 41."""
    body = '{"a":"é"}'.encode("latin-1")

    assert post(stack, body, {**signed(body), "Content-Type": "application/json; charset=latin-1"}) == 400


def test_gzip_is_verified_as_sent_and_unpacked_within_the_limit(stack):
    packed = gzip.compress(PLAIN)
    bomb = gzip.compress(b" " * (50 * 1024 * 1024))

    def send(body, encoding="gzip", message_id="msg_gzip"):
        return post(stack, body, {**signed(body, message_id=message_id), "Content-Encoding": encoding})

    assert send(packed) == 200
    assert send(packed, "GZIP") == 200
    assert send(PLAIN) == 400
    assert send(packed[:-4]) == 400
    assert send(packed + packed) == 400
    assert send(bomb[:60000], message_id="msg_bomb_cut") in (400, 413)
    assert len(bomb) < MOST
    assert send(bomb) == 413
    assert send(packed, "br") == 400
    assert post(stack, packed, {**signed(PLAIN), "Content-Encoding": "gzip"}) == 401


def test_a_body_over_the_limit_is_413_whether_its_length_is_told_or_not(stack):
    """Case 37: without reading more than the limit."""
    large = b'"' + b"x" * MOST + b'"'
    told = head({**signed(large), "Content-Length": str(len(large))})
    lying = head({**signed(PLAIN), "Content-Length": "99999999999999999999"})

    assert talk(stack, told, large)[0] == 413
    assert talk(stack, head({**signed(large), "Transfer-Encoding": "chunked"}), *chunked(large))[0] == 413
    assert talk(stack, lying, PLAIN)[0] in (400, 413)


@pytest.mark.parametrize("length", ["-1", "abc", "1.5", "+3", "0x10"])
def test_a_length_that_is_none_is_refused(stack, length):
    status = talk(stack, head({**signed(PLAIN), "Content-Length": length}), PLAIN)[0]

    assert status in (400, 401, 411, 413)


@pytest.mark.parametrize(
    "chunks", [b"zz\r\nabc\r\n0\r\n\r\n", b"5\r\nab\r\n0\r\n\r\n", b"ffffffffffffffff\r\nabc\r\n", b"-1\r\n\r\n"]
)
def test_badly_chunked_bodies_are_refused(stack, chunks):
    status, _, body = talk(
        stack, head({**signed(PLAIN), "Transfer-Encoding": "chunked", "Connection": "close"}), chunks, ends=True
    )

    assert status in (400, 401, 413) or (status is None and body == b"")


def test_a_request_with_two_lengths_is_no_way_in(stack):
    headers = [*signed(PLAIN).items(), ("Content-Length", str(len(PLAIN))), ("Transfer-Encoding", "chunked")]
    status = talk(stack, head(headers), *chunked(PLAIN))[0]

    assert status in (200, 400)
    assert post(stack, PLAIN) == 200


def test_an_unknown_source_is_404_and_says_nothing_of_the_others(stack):
    status, _, body = talk(stack, head({"Content-Length": "2"}, path="/webhooks/nobody"), b"{}")

    assert status == 404
    assert b"standard" not in body
    assert b"open" not in body


@pytest.mark.parametrize("name", ["%00", "%ff", "a%2fb", "..%2fv1", "x" * 3000, "in.default", "%F0%9F%98%8A"])
def test_odd_names_of_sources_are_unknown(stack, name):
    status = talk(stack, head({"Content-Length": "2"}, path=f"/webhooks/{name}"), b"{}")[0]

    assert status == 404


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.label)
def test_every_scheme_refuses_garbage_without_an_error(stack, sample):
    path = f"/webhooks/{name_of(sample)}"
    wrong = dict.fromkeys(sample.headers, b"\xff\x00garbage"[:1] + b"\xe9,")

    assert post(stack, sample.body, {}, path=path) == 401
    assert post(stack, sample.body, wrong, path=path) == 401
    assert post(stack, b"\xff" * 100, dict.fromkeys(sample.headers, b"a=b,c;d"), path=path) == 401
    assert post(stack, b"", {**sample.headers, "Content-Type": "application/x-www-form-urlencoded"}, path=path) in (
        400,
        401,
    )


def commands_for_one(stack, number):
    """How many Redis commands one webhook costs."""
    client = stack.valkey.client

    def total():
        return client.info("stats")["total_commands_processed"]

    quiet = []
    for _ in range(5):
        before = total()
        assert post(stack, b'{"type":"a.b","data":%d}' % number, {}, path="/webhooks/open") == 200
        number += 1
        quiet.append(total() - before)
    return min(quiet)


def test_what_a_webhook_costs_does_not_grow_with_what_waits(stack):
    """Counted in commands to Redis, which a busy machine cannot change."""
    client = stack.valkey.client
    before = commands_for_one(stack, 1_000_000)
    with client.pipeline(transaction=False) as pipe:
        for number in range(200_000):
            pipe.zadd("ready:handlers:fresh:in.open", {f"e{number}:fn_open.x": number})
            if number % 10_000 == 0:
                pipe.execute()
        pipe.execute()
    after = commands_for_one(stack, 2_000_000)
    client.delete("ready:handlers:fresh:in.open")

    assert after <= before


def test_a_flood_of_refusals_costs_no_redis(stack):
    client = stack.valkey.client

    def accepts():
        stats = client.info("commandstats")
        return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval", "hset", "set"))

    before = accepts()
    for _ in range(400):
        assert post(stack, PLAIN, {**signed(PLAIN), "webhook-signature": "v1,AAAA"}) == 401
    meanwhile = accepts() - before

    assert meanwhile < 200  # what the stack does by itself: a few a second
    assert json.loads(talk(stack, head({"Content-Length": "2"}), b"{}")[2])["code"] == "unauthorized"
