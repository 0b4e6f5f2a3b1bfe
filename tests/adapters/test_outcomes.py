"""What an endpoint may answer, or do instead, and which outcome it becomes."""

import contextlib
import errno
import logging
import resource
import socket

import pytest
from structlog.testing import capture_logs

from tests.receivers import RecordingReceiver, answer, hangs_up, resets, says
from webhooks.adapters.deadline import DeadlineSocket
from webhooks.model import ErrorCode, Verdict
from webhooks.url_policy import UrlPolicy

UNKNOWN = "the outcome is unknown: the receiver may have got it"
SECRET_PATH = "/s/T0KEN?key=S3CRET"


def on_connect_reset(line):
    line.reset()


# --- answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 226, 299])
def test_any_2xx_is_delivered(post, status):
    """Case 69."""
    with RecordingReceiver(answer(status)) as receiver:
        outcome = post(receiver.url)

    assert (outcome.verdict, outcome.status_code, outcome.error) == (Verdict.DELIVERED, status, None)


@pytest.mark.parametrize("status", [101, 300, 301, 304, 307, 399, 400, 401, 404, 410, 422, 429, 500, 503, 999])
def test_any_other_status_failed_and_has_no_error_code(post, status):
    """Cases 49 and 69."""
    with RecordingReceiver(answer(status, b"why")) as receiver:
        outcome = post(receiver.url)

    assert (outcome.verdict, outcome.status_code, outcome.error) == (Verdict.FAILED, status, None)
    assert not outcome.final


def test_what_the_receiver_said_is_kept_as_it_said_it(post):
    with RecordingReceiver(answer(422, b'{"error":"bad field x"}', headers=[("X-Why", "a: b")])) as receiver:
        outcome = post(receiver.url)

    assert outcome.response.body == b'{"error":"bad field x"}'
    assert outcome.response.headers == (("X-Why", "a: b"), ("Content-Length", "23"))
    assert (outcome.response.truncated, outcome.response.bytes_read) == (False, 23)
    assert outcome.duration_ms > 0


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        b"HTTP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nthis is no header\r\n: nor this\r\nX Y: nor this\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnot a chunk",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nbroken off",
    ],
)
def test_a_2xx_counts_however_carelessly_the_rest_is_written(post, raw):
    """Case 69."""
    with RecordingReceiver(says(raw, close=True)) as receiver:
        outcome = post(receiver.url)

    assert (outcome.verdict, outcome.status_code) == (Verdict.DELIVERED, 200)


def test_an_answer_that_breaks_off_is_marked_as_cut(post):
    with RecordingReceiver(says(b"HTTP/1.1 500 No\r\nContent-Length: 50\r\n\r\nbroken off", close=True)) as receiver:
        outcome = post(receiver.url)

    assert (outcome.status_code, outcome.response.body, outcome.response.truncated) == (500, b"broken off", True)


@pytest.mark.parametrize(
    "raw",
    [
        b"garbage\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20\r\n\r\n",
        b"HTTP/1.1 099 Low\r\n\r\n",
        b"HTTP/1.1 2000 High\r\n\r\n",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1,2\r\n\r\nab",
    ],
)
def test_what_is_not_http_1_is_an_invalid_response(post, raw):
    with RecordingReceiver(says(raw, close=True)) as receiver:
        outcome = post(receiver.url)

    assert (outcome.verdict, outcome.error, outcome.response) == (Verdict.FAILED, ErrorCode.INVALID_RESPONSE, None)


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize(
    "headers",
    [
        [("X-Big", "v" * 66_000)],
        [(f"X-{number}", "v" * 8_000) for number in range(100)],
        [(f"X-{number}", "v") for number in range(101)],
    ],
)
def test_too_many_headers_are_an_error_whatever_the_status(post, status, headers):
    """Case 112."""
    with RecordingReceiver(answer(status, headers=headers)) as receiver:
        outcome = post(receiver.url)

    assert (outcome.verdict, outcome.error) == (Verdict.FAILED, ErrorCode.RESPONSE_HEADERS_TOO_LARGE)


def test_as_many_headers_as_allowed_are_kept(post):
    headers = [(f"X-{number}", "v" * 600) for number in range(99)]
    with RecordingReceiver(answer(headers=headers)) as receiver:
        outcome = post(receiver.url)

    assert len(outcome.response.headers) == 100


def test_interim_answers_without_end_are_headers_too_large(post):
    with RecordingReceiver(says(b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" * 5_000)) as receiver:
        outcome = post(receiver.url)

    assert outcome.error is ErrorCode.RESPONSE_HEADERS_TOO_LARGE


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("https://www.hooks.test/h?key=S3CRET", "redirects to https://www.hooks.test;"),
        ("//www.hooks.test/h", "redirects to www.hooks.test;"),
        ("/h/", "redirects to another path on the same host;"),
        ("mailto:someone", "redirects to what is not a web address;"),
        ("http://[", "redirects to what is not a URL;"),
        ("", "redirects and does not say where;"),
    ],
)
def test_a_redirect_is_explained_by_host_alone(post, location, words):
    """Case 160."""
    with RecordingReceiver(answer(307, headers=[("Location", location)] if location else [])) as receiver:
        outcome = post(receiver.url)

    assert words in outcome.detail
    assert outcome.detail.endswith("redirects are not followed, update the endpoint's URL")
    assert "S3CRET" not in outcome.detail


# --- no answer -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("behaviour", [resets, hangs_up])
def test_a_receiver_that_goes_away_after_reading_leaves_the_outcome_unknown(post, behaviour):
    """Case 59: it may have got the event, and is sent nothing twice within one attempt."""
    with RecordingReceiver(behaviour) as receiver:
        outcome = post(receiver.url)

    assert (outcome.verdict, outcome.error) == (Verdict.FAILED, ErrorCode.RESET)
    assert UNKNOWN in outcome.detail
    assert len(receiver.arrivals) == 1


def test_a_reset_in_the_middle_of_the_headers_is_a_reset(post):
    def behave(_arrival, line):
        line.send(b"HTTP/1.1 200 OK\r\nX-Half: ")
        line.reset()

    with RecordingReceiver(behave) as receiver:
        outcome = post(receiver.url)

    assert outcome.error is ErrorCode.RESET


def test_a_reset_on_accept_is_a_reset(post):
    """Case 60."""
    with RecordingReceiver(greeting=on_connect_reset) as receiver:
        outcome = post(receiver.url)

    assert (outcome.error, receiver.arrivals) == (ErrorCode.RESET, [])


def test_a_reset_so_early_that_connecting_meets_it_is_a_reset(post, monkeypatch):
    def meet_it(*_):
        raise ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")

    monkeypatch.setattr(DeadlineSocket, "connect", meet_it)

    outcome = post("http://127.0.0.1:1024/")

    assert outcome.error is ErrorCode.RESET
    assert outcome.detail.endswith("connection reset by peer; nothing was sent")


def test_an_answer_given_before_the_whole_request_was_read_counts(post):
    def refuse_early(line):
        line.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        while line.receive():
            pass

    with RecordingReceiver(greeting=refuse_early) as receiver:
        outcome = post(receiver.url, body=b"x" * 4_000_000)

    assert outcome.status_code == 413


def test_a_closed_port_is_connect_refused(post):
    """Case 60."""
    with RecordingReceiver() as receiver:
        url = receiver.url
    outcome = post(url)

    assert (outcome.error, outcome.final) == (ErrorCode.CONNECT_REFUSED, False)
    assert "127.0.0.1" in outcome.detail
    assert "nothing was sent" in outcome.detail


def test_a_name_that_does_not_resolve_is_a_dns_failure_that_is_retried(post, senders):
    """Case 60."""

    def unknown(_host):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    outcome = post("http://nope.invalid/", sender=senders(resolve=unknown))

    assert (outcome.error, outcome.final) == (ErrorCode.DNS, False)
    assert outcome.detail == "nope.invalid does not resolve: Name or service not known; nothing was sent"


@contextlib.contextmanager
def no_more_files():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_running_out_of_files_is_our_error_and_not_the_receivers(post, senders):
    sender = senders()
    with capture_logs() as lines, no_more_files():
        outcome = post("http://hooks.test/", sender=sender)

    assert outcome.error is ErrorCode.INTERNAL
    assert [(line["event"], line["log_level"]) for line in lines] == [("send.failed_here", "error")]


def test_a_bug_of_ours_is_an_outcome_and_is_logged_by_its_kinds_alone(post, senders):
    def broken(_host):
        raise LookupError("https://hooks.test" + SECRET_PATH)

    with capture_logs() as lines:
        outcome = post("http://hooks.test/", sender=senders(resolve=broken))

    assert (outcome.verdict, outcome.error) == (Verdict.FAILED, ErrorCode.INTERNAL)
    assert lines == [{"event": "send.unclassified", "log_level": "error", "errors": ["LookupError"]}]


@pytest.mark.parametrize(
    "url",
    [
        "http://a..b.com/",
        f"http://{'a' * 64}.test/",
        "http://hooks.test:99999/",
        "http://hooks.test:0/",
        "http:///x",
        "http://127.1/",
        "http://127.0.0.1\\@hooks.test/",
        "file:///etc/passwd",
        "https://user:p%40ss@hooks.test/x",
    ],
)
def test_a_bad_url_that_was_kept_all_the_same_ends_the_delivery(post, url):
    """Case 61."""
    outcome = post(url)

    assert (outcome.verdict, outcome.error, outcome.final) == (Verdict.FAILED, ErrorCode.INVALID_URL, True)
    assert "p%40ss" not in outcome.detail


@pytest.mark.parametrize(
    ("host", "kind"), [("127.0.0.1", "loopback"), ("[::1]", "loopback"), ("[::ffff:127.0.0.1]", "loopback")]
)
def test_a_refused_address_that_was_kept_all_the_same_is_not_dialled(post, senders, host, kind):
    """Cases 128 and 129."""
    with RecordingReceiver() as receiver:
        outcome = post(receiver.url_at(host), sender=senders(UrlPolicy()))

    assert (outcome.error, outcome.final) == (ErrorCode.ADDRESS_REFUSED, True)
    assert f"a {kind} address" in outcome.detail
    assert "HOOKLINE_ALLOW_NETWORKS" in outcome.detail
    assert receiver.connections == 0


@pytest.mark.parametrize("behaviour", [answer(500), answer(302), resets, says(b"garbage\r\n\r\n")])
def test_neither_details_nor_logs_tell_more_of_a_url_than_its_host(post, caplog, behaviour):
    caplog.set_level(logging.INFO)
    with RecordingReceiver(behaviour) as receiver, capture_logs() as lines:
        outcome = post(receiver.url + SECRET_PATH, headers={"X-Api-Key": "HUSH"})

    told = f"{outcome.detail} {lines} {caplog.text}"
    assert not [secret for secret in ("T0KEN", "S3CRET", "HUSH") if secret in told]


# --- the request -----------------------------------------------------------------------------------------------


def test_only_the_requests_own_headers_go_out_besides_its_framing(post):
    headers = {"content-type": "application/json", "user-agent": "Hookline/1", "X-Env": "prod"}
    with RecordingReceiver() as receiver:
        post(receiver.url + "/in?a=b", body=b'{"a":1}', headers=headers)

    [arrival] = receiver.arrivals
    assert (arrival.method, arrival.path, arrival.body) == ("POST", "/in?a=b", b'{"a":1}')
    assert {name.lower(): value for name, value in arrival.headers} == {
        "host": f"127.0.0.1:{receiver.port}",
        "content-length": "7",
        "connection": "keep-alive",
        "content-type": "application/json",
        "user-agent": "Hookline/1",
        "x-env": "prod",
    }
    assert len(arrival.headers) == 6


def test_nothing_is_added_where_the_request_has_no_headers(post):
    with RecordingReceiver() as receiver:
        post(receiver.url)

    assert [name.lower() for name, _ in receiver.arrivals[0].headers] == ["host", "content-length", "connection"]


def test_headers_that_frame_the_request_are_never_an_endpoints(post):
    """Case 15, the wire's half."""
    hostile = {"Host": "evil.test", "content-length": "3", "Transfer-Encoding": "chunked", "CONNECTION": "close"}
    with RecordingReceiver() as receiver:
        post(receiver.url, body=b"12345", headers=hostile)

    [arrival] = receiver.arrivals
    assert arrival.body == b"12345"
    assert arrival.header("host") == f"127.0.0.1:{receiver.port}"
    assert arrival.header("connection") == "keep-alive"
    assert arrival.header("transfer-encoding") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Text", "日本"),
        ("X-Nul", "a\x00b"),
        ("X-Del", "a\x7fb"),
        ("X-Split", "a\r\nX-Injected: 1"),
        ("X-Line", "a\nb"),
        ("X C", "a"),
        ("é", "a"),
        ("", "a"),
        ("X:", "a"),
    ],
)
def test_a_header_that_cannot_be_sent_is_an_outcome_and_nothing_goes_out(post, name, value):
    """Case 64."""
    with RecordingReceiver() as receiver, capture_logs() as lines:
        outcome = post(receiver.url, headers={name: value})

    assert (outcome.verdict, outcome.error) == (Verdict.FAILED, ErrorCode.INTERNAL)
    assert outcome.detail.endswith("cannot be sent; nothing was sent")
    assert receiver.connections == 0
    assert len(lines) == 1


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", '{"t":"😊"}'.encode(), b"x" * 1_048_576])
def test_any_body_arrives_byte_for_byte(post, body):
    """Cases 4 and 6."""
    with RecordingReceiver() as receiver:
        outcome = post(receiver.url, body=body)

    assert outcome.verdict is Verdict.DELIVERED
    assert receiver.arrivals[0].body == body
    assert receiver.arrivals[0].header("content-length") == str(len(body))


def test_a_path_beyond_ascii_is_sent_percent_encoded(post):
    with RecordingReceiver() as receiver:
        post(receiver.url + "/ä?ö=ü")

    assert receiver.arrivals[0].path == "/%C3%A4?%C3%B6=%C3%BC"


def test_an_ipv6_address_is_dialled_and_named_in_brackets(post):
    try:
        receiver = RecordingReceiver(host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with receiver:
        outcome = post(receiver.url)

    assert outcome.verdict is Verdict.DELIVERED
    assert receiver.arrivals[0].header("host") == f"[::1]:{receiver.port}"
