"""Signatures against the fixed vectors, an independent implementation, and garbage."""

import hashlib
import hmac
import time
from base64 import b64encode
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from tests.unit.vectors import (
    COMPACT,
    KEY_A,
    KEY_B,
    MESSAGE_ID,
    NOW,
    SECRET_A,
    SECRET_B,
    SIGNATURE_A,
    SIGNATURE_B,
    TIMESTAMP,
    VECTORS,
    WRONG_KEY_SIGNATURE,
    signed_headers,
)
from webhooks.errors import BadSignature
from webhooks.signing import decode_secret, generate_secret, sign, verify


def check(headers, body=COMPACT, *, keys=(KEY_A,), now=NOW):
    verify(headers, body, keys=keys, now=now)


def is_refused(headers, body=COMPACT, **options):
    with pytest.raises(BadSignature) as refusal:
        check(headers, body, **options)
    return str(refusal.value)


def sign_a(body, *, timestamp=TIMESTAMP):
    return sign(body, keys=[KEY_A], message_id=MESSAGE_ID, timestamp=timestamp)


@pytest.mark.parametrize("name", VECTORS)
def test_each_vector_is_signed_and_verified_byte_for_byte(name):
    """Cases 1, 5, 6, 7, 20, 21, 25, 38 and 39."""
    body, expected = VECTORS[name]

    check(signed_headers(expected), body)

    assert sign_a(body) == expected


def test_no_vector_verifies_with_the_signature_of_another():
    """Cases 5 and 39: no normalisation of escapes, of line ends or of a byte order mark."""
    for name, (body, _) in VECTORS.items():
        for other, (_, signature) in VECTORS.items():
            if name != other:
                assert is_refused(signed_headers(signature), body) == "no signature matches"


def test_a_body_without_its_byte_order_mark_does_not_verify():
    """Case 38."""
    body, signature = VECTORS["bom"]

    assert is_refused(signed_headers(signature), body[3:]) == "no signature matches"


def test_the_key_is_what_the_secret_decodes_to_and_not_its_text():
    """Case 7."""
    assert (decode_secret(SECRET_A), decode_secret(SECRET_B)) == (KEY_A, KEY_B)
    assert is_refused(signed_headers(WRONG_KEY_SIGNATURE)) == "no signature matches"
    assert sign(COMPACT, keys=[SECRET_A.encode()], message_id=MESSAGE_ID, timestamp=TIMESTAMP) == (WRONG_KEY_SIGNATURE)


def test_every_valid_key_signs_and_any_of_them_verifies():
    both = sign(COMPACT, keys=[KEY_B, KEY_A], message_id=MESSAGE_ID, timestamp=TIMESTAMP)

    check(signed_headers(both), keys=[KEY_A])
    check(signed_headers(both), keys=[KEY_B])
    check(signed_headers(SIGNATURE_B), keys=[KEY_A, KEY_B])

    assert both == f"{SIGNATURE_B} {SIGNATURE_A}"


@given(st.binary(max_size=200), st.binary(min_size=24, max_size=64), st.from_regex(r"[\w.-]{1,64}", fullmatch=True))
def test_an_independent_implementation_agrees(body, key, message_id):
    """Case 7: the oracle signs text only, so bodies are taken in latin-1 turned into UTF-8."""
    text = body.decode("latin-1")
    message_id = message_id.encode("ascii", "ignore").decode() or "m"
    oracle = Webhook("whsec_" + b64encode(key).decode())

    ours = sign(text.encode(), keys=[key], message_id=message_id, timestamp=TIMESTAMP)

    assert oracle.sign(message_id, NOW, text) == ours


def test_an_independent_receiver_accepts_what_we_sign():
    now = int(time.time())
    signature = sign(COMPACT, keys=[KEY_B, KEY_A], message_id=MESSAGE_ID, timestamp=now)

    verified = Webhook(SECRET_A).verify(COMPACT, signed_headers(signature, timestamp=now))

    assert verified == {"b": 1, "a": "é", "c": [1, 2]}


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-301, "the timestamp is in the future"),
        (-300, None),
        (-299, None),
        (299, None),
        (300, None),
        (301, "the timestamp is too old"),
    ],
)
def test_the_tolerance_is_300_seconds_both_ways_inclusive(seconds, reason):
    """Case 31."""
    now = NOW + timedelta(seconds=seconds)
    if reason is None:
        check(signed_headers(), now=now)
    else:
        assert is_refused(signed_headers(), now=now) == reason


def test_the_tolerance_can_be_chosen():
    verify(signed_headers(), COMPACT, keys=[KEY_A], now=NOW + timedelta(seconds=600), tolerance_seconds=600)
    with pytest.raises(BadSignature, match="too old"):
        verify(signed_headers(), COMPACT, keys=[KEY_A], now=NOW + timedelta(seconds=2), tolerance_seconds=1)


def test_the_age_does_not_depend_on_the_time_zone():
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))

    check(signed_headers(), now=elsewhere)

    assert elsewhere.utcoffset() != NOW.utcoffset()


def test_milliseconds_are_a_timestamp_in_the_future():
    """Case 30."""
    milliseconds = 1760000000000
    headers = signed_headers(sign_a(COMPACT, timestamp=milliseconds), timestamp=milliseconds)

    assert is_refused(headers) == "the timestamp is in the future"


@pytest.mark.parametrize(
    "text",
    ["abc", "nan", "inf", "1.76e9", "1760000000.0", " 1760000000", "1760000000\n", "+1760000000", "-1"]
    + ["1_760_000_000", "١٧٦٠٠٠٠٠٠٠", "1" * 5000, "\xe9"],
)
def test_a_timestamp_that_is_not_whole_seconds_is_refused(text):
    """Case 28: also where the signature was computed over that very text."""
    content = f"{MESSAGE_ID}.{text}.".encode() + COMPACT
    headers = {**signed_headers(_hmac(content)), "webhook-timestamp": text}

    assert "timestamp" in is_refused(headers)


def _hmac(content):
    return "v1," + b64encode(hmac.digest(KEY_A, content, hashlib.sha256)).decode()


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("how", ["missing", "empty"])
def test_no_header_can_be_left_out(name, how):
    """Case 32: there is no signature over the body alone to fall back to."""
    headers = signed_headers()
    if how == "empty":
        headers[name] = ""
    else:
        del headers[name]

    assert is_refused(headers) == f"the header {name} is missing"


@pytest.mark.parametrize(
    "value",
    [
        f"v1,AAAA {SIGNATURE_A}",
        f"v2,zzz {SIGNATURE_A}",
        f"v1a,xx {SIGNATURE_A}",
        f"v1,AAAA  {SIGNATURE_A}",
        f" {SIGNATURE_A} ",
        " ".join([*["v1,AAAA"] * 19, SIGNATURE_A]),
    ],
)
def test_one_good_signature_among_others_is_enough(value):
    """Case 34."""
    check(signed_headers(value))

    assert is_refused(signed_headers(value), b"other") == "no signature matches"


@pytest.mark.parametrize(
    "value",
    [
        "v1,",
        "v1",
        SIGNATURE_A.removeprefix("v1,"),
        SIGNATURE_A.replace("v1,", "v2,"),
        SIGNATURE_A.replace("v1,", "v1a,"),
        SIGNATURE_A.replace("v1,", "V1,"),
        SIGNATURE_A[:-1],
        SIGNATURE_A + "=",
        SIGNATURE_A.replace("v1,", "v1,,"),
        f"v1,AAAA,{SIGNATURE_A}",
        "v1,\xe9",
        "é" * 2000,
    ],
)
def test_no_other_form_of_a_signature_counts(value):
    """Cases 26 and 34."""
    assert is_refused(signed_headers(value)) == "no signature matches"


def test_a_thousand_signatures_are_refused_before_anything_is_computed():
    """Case 34."""
    value = " ".join([*["v1,AAAA"] * 999, SIGNATURE_A])

    assert is_refused(signed_headers(value)) == "more than 20 signatures"


def test_header_names_are_taken_in_any_case_but_not_with_underscores():
    """Case 36."""
    for change in (str.upper, str.title):
        check({change(name): value for name, value in signed_headers().items()})

    underscored = {name.replace("-", "_"): value for name, value in signed_headers().items()}

    assert is_refused(underscored) == "the header webhook-id is missing"


def test_an_id_beyond_ascii_is_verified_as_the_bytes_that_were_sent():
    """Case 26: WSGI shows the bytes of a header as latin-1."""
    as_wsgi_shows_it = "é".encode().decode("latin-1")
    signature = _hmac("é.1760000000.".encode() + COMPACT)

    check(signed_headers(signature, message_id=as_wsgi_shows_it))

    assert is_refused(signed_headers(signature, message_id="e")) == "no signature matches"
    assert "cannot be sent" in is_refused(signed_headers(signature, message_id="日本"))


def test_without_a_key_nothing_verifies():
    """Case 27: not even what was signed with an empty key."""
    signature = sign(COMPACT, keys=[b""], message_id=MESSAGE_ID, timestamp=TIMESTAMP)

    assert is_refused(signed_headers(signature), keys=()) == "no signature matches"


@given(
    st.dictionaries(
        st.sampled_from(["webhook-id", "Webhook-Timestamp", "webhook-signature", "x"]), st.text(max_size=60)
    ),
    st.binary(max_size=60),
)
def test_garbage_is_refused_and_raises_nothing_else(headers, body):
    """Cases 25 and 26."""
    assert is_refused(headers, body)


@given(st.text(alphabet=st.characters(codec="latin-1"), min_size=1, max_size=60), st.binary(max_size=60))
def test_a_garbled_signature_never_verifies(signature, body):
    assert is_refused(signed_headers(signature), body)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "xyz",
        KEY_A.hex(),
        SECRET_A.removeprefix("whsec_"),
        "whsec_",
        "whsec_xyz!",
        "whsec_QQ==",
        "whsec_-_-_",
        "WHSEC_" + SECRET_A.removeprefix("whsec_"),
        SECRET_A + "=",
        SECRET_A[:-1],
        SECRET_A + "\n",
        " " + SECRET_A,
        SECRET_A.replace("Hh8=", "Hh9="),
        "whsec_" + SECRET_A,
        "whsec_é" + SECRET_A.removeprefix("whsec_"),
        *(f"whsec_{b64encode(bytes(length)).decode()}" for length in (1, 16, 23, 65, 128)),
    ],
)
def test_a_secret_that_is_not_strictly_base64_of_24_to_64_bytes_is_refused(text):
    """Cases 9 and 27."""
    with pytest.raises(ValueError, match="secret") as refusal:
        decode_secret(text)

    body = text.removeprefix("whsec_").strip("=")
    assert not body or body not in str(refusal.value)


@pytest.mark.parametrize("length", [24, 32, 64])
def test_a_generated_secret_decodes_to_its_bytes(length):
    key = bytes(range(length))

    assert decode_secret(generate_secret(key)) == key


def test_too_few_random_bytes_make_no_secret():
    with pytest.raises(ValueError, match="24 to 64 bytes, this one 8"):
        generate_secret(bytes(8))
