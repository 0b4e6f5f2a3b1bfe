"""What is sent to an endpoint, and which headers an endpoint may add."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tests.unit.vectors import COMPACT, KEY_A, KEY_B, NOW, SECRET_A, SECRET_B
from webhooks.answers import Claim
from webhooks.credentials import looks_like_credential
from webhooks.errors import BadSignature, InvalidEndpoint
from webhooks.headers import RESERVED_HEADERS, check_headers, reserved_at
from webhooks.model import (
    Delivery,
    Endpoint,
    ErrorCode,
    Outcome,
    Response,
    SigningSecret,
    Status,
    Trigger,
    Verdict,
)
from webhooks.sending import post, prepare
from webhooks.signing import verify

ENDPOINT = Endpoint(
    id="ep_1",
    tenant="default",
    url="https://hooks.test/in",
    secrets=(SigningSecret(text=SECRET_A),),
    headers={"X-Env": "prod"},
    timeout_seconds=7.0,
)
DELIVERY = Delivery(
    id="evt_1:ep_1",
    event_id="evt_1",
    event_type="invoice.paid",
    endpoint_id="ep_1",
    tenant="default",
    status=Status.SENDING,
)
DELIVERED = Outcome(verdict=Verdict.DELIVERED, response=Response(status_code=200))


class ManualClock:
    def __init__(self, now=NOW):
        self.present = now

    def now(self):
        return self.present

    def monotonic(self):
        return self.present.timestamp()


class ScriptedSender:
    """Answers as told and remembers what it was asked to send."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.sent = []

    def send(self, request, *, timeout_seconds):
        self.sent.append((request, timeout_seconds))
        return self.outcomes.pop(0)


def test_the_request_has_these_headers_and_nothing_more():
    """Cases 1 and 12."""
    request = prepare(COMPACT, DELIVERY, ENDPOINT, now=NOW, version="1.2.3")

    signature = request.headers.pop("webhook-signature")
    assert request.headers == {
        "X-Env": "prod",
        "content-type": "application/json",
        "user-agent": "Hookline/1.2.3",
        "accept": "*/*",
        "accept-encoding": "identity",
        "connection": "keep-alive",
        "webhook-id": "evt_1",
        "webhook-timestamp": "1760000000",
    }
    assert signature == Webhook(SECRET_A).sign("evt_1", NOW, COMPACT.decode())
    assert (request.url, request.body) == ("https://hooks.test/in", COMPACT)


def test_each_attempt_is_signed_anew_over_the_same_bytes():
    """Cases 10, 11, 12 and 13: first, retries and a replay, each of which verifies when it arrives."""
    moments = [NOW, NOW + timedelta(seconds=301), NOW + timedelta(days=2)]
    deliveries = [DELIVERY, replace(DELIVERY, retries_used=1), replace(DELIVERY, trigger=Trigger.REPLAY)]

    requests = [
        prepare(COMPACT, delivery, ENDPOINT, now=moment) for delivery, moment in zip(deliveries, moments, strict=True)
    ]

    for request, moment in zip(requests, moments, strict=True):
        verify(request.headers, request.body, keys=[KEY_A], now=moment)
        assert request.headers["webhook-timestamp"] == str(int(moment.timestamp()))
        assert len(request.headers["webhook-timestamp"]) == 10
    with pytest.raises(BadSignature, match="too old"):
        verify(requests[0].headers, COMPACT, keys=[KEY_A], now=moments[1])
    assert {(request.body, request.headers["webhook-id"]) for request in requests} == {(COMPACT, "evt_1")}


def test_every_secret_that_is_still_valid_signs():
    """Case 34."""
    old = SigningSecret(text=SECRET_A, expires_at=NOW + timedelta(seconds=60))
    rotated = replace(ENDPOINT, secrets=(SigningSecret(text=SECRET_B), old))

    within = prepare(COMPACT, DELIVERY, rotated, now=NOW)
    after = prepare(COMPACT, DELIVERY, rotated, now=NOW + timedelta(seconds=60))

    verify(within.headers, COMPACT, keys=[KEY_A], now=NOW)
    verify(within.headers, COMPACT, keys=[KEY_B], now=NOW)
    verify(after.headers, COMPACT, keys=[KEY_B], now=NOW + timedelta(seconds=60))
    assert len(within.headers["webhook-signature"].split()) == 2
    assert len(after.headers["webhook-signature"].split()) == 1


def test_header_names_can_follow_an_older_sender():
    migrated = replace(ENDPOINT, header_prefix="acme-", headers={"Acme-Signature": "v1,AAAA"})

    headers = prepare(COMPACT, DELIVERY, migrated, now=NOW).headers

    assert {name for name in headers if "acme" in name.lower()} == {"acme-id", "acme-timestamp", "acme-signature"}
    assert not [name for name in headers if name.startswith("webhook-")]


def test_reserved_headers_that_were_stored_are_passed_over():
    """Case 15."""
    stored = {name.title(): "evil" for name in RESERVED_HEADERS} | {"X-Own": "kept"}

    headers = prepare(COMPACT, DELIVERY, replace(ENDPOINT, headers=stored), now=NOW).headers

    assert "evil" not in headers.values()
    assert headers["X-Own"] == "kept"
    verify(headers, COMPACT, keys=[KEY_A], now=NOW)


def test_no_part_of_a_secret_is_sent():
    """Case 141."""
    request = prepare(COMPACT, DELIVERY, ENDPOINT, now=NOW)
    text = repr(request)

    assert not any(form in text for form in (SECRET_A, SECRET_A[6:], KEY_A.hex(), repr(KEY_A)[2:-1]))


def claim_of(endpoint):
    return Claim(won=True, delivery=DELIVERY, endpoint=endpoint, body=COMPACT)


def test_a_post_sends_the_prepared_request_within_the_endpoints_deadline():
    sender = ScriptedSender(DELIVERED)

    performed = post(claim_of(ENDPOINT), sender, ManualClock())

    assert sender.sent == [(prepare(COMPACT, DELIVERY, ENDPOINT, now=NOW), 7.0)]
    assert performed.outcome == DELIVERED
    assert performed.url == ENDPOINT.url
    assert performed.request_headers == {**sender.sent[0][0].headers, "webhook-signature": "***"}


def test_what_is_kept_of_an_attempt_holds_no_credential_and_no_signature():
    """Case 140: the record stands in Redis in clear."""
    endpoint = replace(ENDPOINT, headers={"X-Api-Key": "HUSH", "X-Env": "prod"}, signature_header="X-Acme-Proof")
    performed = post(claim_of(endpoint), ScriptedSender(DELIVERED), ManualClock())

    kept = performed.request_headers
    assert (kept["X-Api-Key"], kept["X-Acme-Proof"], kept["X-Env"]) == ("***", "***", "prod")


@pytest.mark.parametrize(
    "secrets",
    [
        (),
        (SigningSecret(text=SECRET_A, expires_at=NOW),),
        (SigningSecret(text="whsec_QQ=="),),
    ],
)
def test_nothing_leaves_unsigned(secrets):
    """Case 27: what cannot be signed is an outcome with a reason, and never an exception."""
    sender = ScriptedSender()

    performed = post(claim_of(replace(ENDPOINT, secrets=secrets)), sender, ManualClock())

    assert sender.sent == []
    assert (performed.outcome.verdict, performed.outcome.error) == (Verdict.FAILED, ErrorCode.INTERNAL)
    assert "secret" in performed.outcome.detail


def refusal_of(headers):
    with pytest.raises(InvalidEndpoint) as refusal:
        check_headers(headers)
    [(field, [message])] = refusal.value.errors.items()
    assert field == "headers"
    return message


@pytest.mark.parametrize("name", sorted(RESERVED_HEADERS))
@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_a_reserved_header_is_refused_in_any_case(name, change):
    """Case 15."""
    assert refusal_of({change(name): "x"}) == f"{change(name)!r}: is set by Hookline itself"


def test_the_signature_headers_are_reserved_under_the_endpoints_own_prefix_too():
    with pytest.raises(InvalidEndpoint, match="Acme-Id"):
        check_headers({"Acme-Id": "x"}, reserved=reserved_at(replace(ENDPOINT, header_prefix="acme-")))


def test_a_masked_credential_is_not_taken_for_a_new_one():
    """A caller that sends back what it read would lose the credential without noticing."""
    assert refusal_of({"Authorization": "***"}).startswith("'Authorization': *** is what is shown")
    assert check_headers({"X-Env": "***"}) == {"X-Env": "***"}


@pytest.mark.parametrize("headers", [["a"], "a", 5, True, None, [("X", "1")]])
def test_headers_are_an_object(headers):
    """Case 156."""
    assert refusal_of(headers) == "must be an object of names and values"


@pytest.mark.parametrize("value", [5, None, True, 1.5, {"a": 1}, ["a"], b"a"])
def test_a_header_that_is_not_text_is_refused_by_name(value):
    """Cases 64 and 156."""
    assert refusal_of({"X-A": "fine", "X-B": value}) == "'X-B': the value must be text"


@pytest.mark.parametrize(
    "value",
    ["日本", "é", "a\r\nX-Injected: 1", "a\nb", "a\rb", "a\0b", "a\x7f", "a\x1b", " a", "a ", "\ta", "a\n", "\u2028"],
)
def test_a_header_value_that_would_not_arrive_as_written_is_refused(value):
    """Cases 64 and 143."""
    assert refusal_of({"X-A": value}) == (
        "'X-A': the value must be ASCII without control characters, and without space at its ends"
    )


@pytest.mark.parametrize("name", ["", " ", "X C", "é", "X:", "X\r\nY", "X\n", "(x)", 'x"', "日本", "x" * 257, 5, None])
def test_a_header_name_that_is_no_token_is_refused(name):
    """Cases 64 and 143."""
    assert "a name has letters, digits and" in refusal_of({name: "x"})


def test_limits_are_said_and_hold():
    """Case 64."""
    most = {f"X-{number}": "a" * 4096 for number in range(20)}

    assert check_headers(most) == most
    assert refusal_of({**most, "X-20": ""}) == "must have 20 members at most"
    assert refusal_of({"X-A": "a" * 4097}) == "'X-A': the value must have 4096 bytes at most"


def test_a_name_given_twice_in_two_cases_is_refused():
    assert "stands here twice" in refusal_of({"X-A": "1", "x-a": "2"})


@pytest.mark.parametrize(
    "headers", [{}, {"X-Env": "prod"}, {"Authorization": "Bearer a.b-c=="}, {"X-Empty": ""}, {"x_y": "a, b;\tc"}]
)
def test_ordinary_headers_are_kept_as_given(headers):
    assert check_headers(headers) == headers


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8) | st.none() | st.integers(), max_size=3))
def test_headers_that_pass_can_be_sent(headers):
    """Case 64: nothing that the HTTP client cannot encode reaches the send stage."""
    try:
        checked = check_headers(headers)
    except InvalidEndpoint as error:
        assert error.errors["headers"]
        return

    for name, value in checked.items():
        assert f"{name}: {value}".encode("ascii").decode().isprintable() or "\t" in value


@pytest.mark.parametrize(
    "name",
    ["Authorization", "Proxy-Authorization", "Cookie", "X-Api-Key", "x-auth-token", "X-Auth", "API_SECRET"]
    + ["X-Password", "Webhook-Signature", "X-Session-Id", "apikey", "X-CSRFToken"],
)
def test_names_that_may_carry_a_credential_are_known(name):
    """Cases 140 and 142."""
    assert looks_like_credential(name)


@pytest.mark.parametrize("name", ["X-Env", "Content-Type", "X-Author", "User-Agent", "webhook-id", "X-Passenger"])
def test_other_names_are_shown(name):
    assert not looks_like_credential(name)


def test_a_moment_before_the_second_is_over_signs_with_that_second():
    request = prepare(COMPACT, DELIVERY, ENDPOINT, now=datetime(2025, 10, 9, 8, 53, 20, 999999, tzinfo=UTC))

    assert request.headers["webhook-timestamp"] == "1760000000"
