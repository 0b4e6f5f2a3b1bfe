"""`hookline verify` and `hookline listen`: what arrives, and whether it is right."""

import io
import threading
import time
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner
from rich.console import Console

from webhooks import signing
from webhooks.cli.commands import hookline
from webhooks.cli.listen import Listening, server

SECRET = "whsec_" + "QUJD" * 10 + "QQ=="
OTHER = "whsec_" + "REVG" * 10 + "RA=="
KEY = signing.decode_secret(SECRET)
AT = 1_764_061_200
BODY = b'{"type":"invoice.paid"}\n'


def verified(tmp_path, body=BODY, *, secret=SECRET, timestamp=AT, now=AT, signature=None, stdin=False):
    path = tmp_path / "body"
    path.write_bytes(body)
    signature = signature or signing.sign(BODY, keys=[KEY], message_id="msg_1", timestamp=AT)
    arguments = ["verify", "-" if stdin else str(path), "--secret", secret, "--id", "msg_1", "--timestamp"]
    arguments += [str(timestamp), "--signature", signature, "--now", str(now)]
    return CliRunner().invoke(hookline, arguments, input=body if stdin else None)


@pytest.mark.parametrize("stdin", [False, True])
def test_a_right_signature_is_told_with_its_age(tmp_path, stdin):
    result = verified(tmp_path, now=AT + 7, stdin=stdin)

    assert (result.exit_code, result.stdout) == (0, "right: 24 bytes, signed 7 s ago\n")


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"now": AT + 3600}, "the clock: signed 3600 s ago, 300 s are allowed"),
        ({"now": AT - 3600}, "the clock: signed -3600 s ago"),
        ({"secret": OTHER}, "the secret or the body"),
        ({"body": b'{"type":"invoice.late"}\n'}, "the secret or the body"),
        ({"body": BODY.rstrip()}, "the body: it would be right with a line feed at its end"),
        ({"body": BODY.replace(b"\n", b"\r\n")}, "the body: it would be right with line feeds for CRLF"),
        ({"body": b"\xef\xbb\xbf" + BODY}, "the body: it would be right without the byte order mark"),
        ({"timestamp": AT + 1}, "the secret or the body"),
        ({"timestamp": "yesterday"}, "the timestamp: give the digits"),
        ({"timestamp": "9" * 30}, "the timestamp"),
        (
            {"signature": signing.sign(BODY, keys=[SECRET.encode()], message_id="msg_1", timestamp=AT)},
            "the secret: it was signed with the text of the secret",
        ),
    ],
)
def test_a_wrong_one_is_told_with_what_is_wrong(tmp_path, changes, hint):
    result = verified(tmp_path, **changes)

    assert result.exit_code == 4
    assert hint in result.stderr


def test_a_wrong_clock_alone_does_not_blame_the_secret(tmp_path):
    assert "secret" not in verified(tmp_path, now=AT + 3600).stderr


@pytest.mark.parametrize("secret", ["x", "whsec_xyz!", "whsec_QQ=="])
def test_a_secret_that_is_none_is_a_wrong_use(tmp_path, secret):
    result = verified(tmp_path, secret=secret)

    assert result.exit_code == 2
    assert "a secret" in result.stderr


@pytest.fixture
def listening():
    """Starts a receiver as `hookline listen` does; what it prints, and where it is."""
    running = []

    def start(**options):
        printed = io.StringIO()
        console = Console(file=printed, width=200, highlight=False)
        serving = server(Listening(console=console, **options), host="127.0.0.1", port=0)
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        running.append((serving, thread))
        return SimpleNamespace(url=f"http://127.0.0.1:{serving.server_port}/", printed=printed)

    yield start
    for serving, thread in running:
        serving.shutdown()
        thread.join()
        serving.server_close()


def post(receiver, body=BODY, *, key=KEY):
    now = int(time.time())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "X-Mine": "1"}
    headers["webhook-signature"] = signing.sign(body, keys=[key], message_id="msg_1", timestamp=now)
    return requests.post(receiver.url, data=body, headers=headers, timeout=10)


def test_what_arrives_is_printed_and_answered(listening):
    receiver = listening(answer=202)

    assert post(receiver).status_code == 202
    assert "msg_1 24 bytes, unverified → 202" in receiver.printed.getvalue()
    assert '"type": "invoice.paid"' in receiver.printed.getvalue()


def test_with_a_secret_only_what_is_right_is_taken(listening):
    receiver = listening(key=KEY)

    assert post(receiver).status_code == 200
    assert post(receiver, key=b"x" * 32).status_code == 401
    assert "verified → 200" in receiver.printed.getvalue()
    assert "refused: no signature matches → 401" in receiver.printed.getvalue()


def test_what_is_right_is_forwarded_byte_for_byte_with_its_headers(listening):
    last = listening(key=KEY, answer=503)
    first = listening(key=KEY, forward=last.url)

    assert post(first).status_code == 503
    assert "verified → 503" in last.printed.getvalue()
    assert post(first, key=b"x" * 32).status_code == 401
    assert "refused" not in last.printed.getvalue()


def test_where_nobody_is_forwarded_to_the_answer_is_502(listening):
    receiver = listening(forward="http://127.0.0.1:1/")

    assert post(receiver).status_code == 502
    assert "does not answer" in receiver.printed.getvalue()


def test_json_is_laid_out_with_every_number_as_it_came(listening):
    """Case 18."""
    receiver = listening()

    post(receiver, b'{"amount":1.10,"small":1e2}')

    assert '{\n  "amount": 1.10,\n  "small": 1e2\n}' in receiver.printed.getvalue()


@pytest.mark.parametrize("body", [b"[" * 100_000, b'"\xff"', b""])
def test_a_body_that_cannot_be_laid_out_is_answered_all_the_same(listening, body):
    assert post(listening(), body).status_code == 200


def test_a_body_that_is_no_json_is_printed_as_it_is(listening):
    receiver = listening()

    post(receiver, b"a=1&b=[red]")

    assert "b'a=1&b=[red]'" in receiver.printed.getvalue()


def test_a_port_that_is_taken_is_said(listening):
    port = listening().url.split(":")[2].strip("/")

    result = CliRunner().invoke(hookline, ["listen", "--port", port, "--api-key", "x"])

    assert result.exit_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in result.stderr


def test_only_to_register_it_needs_a_key(listening, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    taken = ("listen", "--port", str(urlsplit(listening().url).port))
    environ = {"HOOKLINE_API_KEY": "", "HOOKLINE_DATA_DIR": ""}

    assert "cannot listen" in CliRunner().invoke(hookline, taken, env=environ).stderr
    assert "no API key" in CliRunner().invoke(hookline, (*taken, "--register"), env=environ).stderr


def test_a_body_over_the_limit_is_refused(listening):
    receiver = listening()

    answer = requests.post(receiver.url, headers={"Content-Length": str(20 * 1024**2)}, data=iter([]), timeout=10)

    assert answer.status_code == 413
