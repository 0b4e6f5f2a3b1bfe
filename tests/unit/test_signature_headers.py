"""How an attempt is signed, by scheme and under which names; other implementations are the judges."""

import hashlib
import hmac
import shutil
import subprocess
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.vectors import COMPACT, KEY_A, MESSAGE_ID, NOW, SECRET_A, SECRET_B, SIGNATURE_A, TIMESTAMP
from webhooks import asymmetric
from webhooks.model import Endpoint, SigningSecret
from webhooks.signature_headers import signed
from webhooks.signing_secrets import check_secret, fits, make_secret, public_key

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
"""RFC 8032, section 7.1, test 1."""
PRIVATE_KEY = asymmetric.generate_private_key(SEED)
TEXT = "an old secret of theirs"


def endpoint(*texts, scheme="v1", **fields):
    secrets = tuple(SigningSecret(text=text) for text in texts)
    return Endpoint(
        id="ep_1", tenant="default", url="https://hooks.test/", secrets=secrets, signing_scheme=scheme, **fields
    )


def headers(value, *, now=NOW):
    return signed(COMPACT, value, message_id=MESSAGE_ID, now=now)


def openssl_verifies(content, signature, folder):
    """What openssl says of an ed25519 signature by the key of RFC 8032."""
    der = bytes.fromhex("302a300506032b6570032100") + PUBLIC  # RFC 8410, section 4
    for name, data in (("key", der), ("content", content), ("signature", signature)):
        (folder / name).write_bytes(data)
    command = [
        "pkeyutl",
        "-verify",
        "-pubin",
        "-keyform",
        "DER",
        "-inkey",
        "key",
        "-rawin",
        "-in",
        "content",
        "-sigfile",
        "signature",
    ]
    return subprocess.run([shutil.which("openssl"), *command], check=False, cwd=folder).returncode == 0


def test_v1_is_what_the_reference_library_verifies_under_the_usual_names():
    sent = headers(endpoint(SECRET_A))

    assert sent == {
        "webhook-id": MESSAGE_ID,
        "webhook-timestamp": str(TIMESTAMP),
        "webhook-signature": SIGNATURE_A,
    }


def test_every_valid_secret_signs_and_an_expired_one_no_longer():
    """Case 124."""
    both = endpoint(SECRET_A, SECRET_B)
    ending = replace(both, secrets=(both.secrets[0], replace(both.secrets[1], expires_at=NOW + timedelta(seconds=1))))

    assert len(headers(ending)["webhook-signature"].split()) == 2
    assert headers(ending, now=NOW + timedelta(seconds=1))["webhook-signature"].count(",") == 1


def test_the_public_key_is_that_of_the_private_one():
    assert b64decode(public_key(PRIVATE_KEY).removeprefix("whpk_")) == PUBLIC
    assert public_key(SECRET_A) is None


def test_v1a_is_an_ed25519_signature_over_id_time_and_body(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to verify with")
    sent = headers(endpoint(PRIVATE_KEY, scheme="v1a"))
    version, _, encoded = sent["webhook-signature"].partition(",")
    content = b"%s.%d.%s" % (MESSAGE_ID.encode(), TIMESTAMP, COMPACT)

    assert version == "v1a"
    assert openssl_verifies(content, b64decode(encoded), tmp_path)
    assert not openssl_verifies(content + b" ", b64decode(encoded), tmp_path)


def test_a_change_of_scheme_signs_by_both_until_the_overlap_is_over():
    sent = headers(endpoint(PRIVATE_KEY, SECRET_A, scheme="v1a"))

    assert [each.partition(",")[0] for each in sent["webhook-signature"].split()] == ["v1a", "v1"]
    assert sent["webhook-signature"].endswith(SIGNATURE_A)


def test_sha256_is_the_hex_hmac_of_the_body_alone_with_the_secrets_text():
    sent = headers(endpoint(TEXT, scheme="sha256"))

    assert sent["x-hub-signature-256"] == "sha256=" + hmac.new(TEXT.encode(), COMPACT, hashlib.sha256).hexdigest()
    assert sent["webhook-id"] == MESSAGE_ID
    assert len(sent) == 3


def test_the_names_of_headers_are_the_endpoints():
    prefixed = headers(endpoint(SECRET_A, header_prefix="svix-"))
    named = headers(endpoint(TEXT, scheme="sha256", header_prefix="x-acme-", signature_header="X-Acme-Signature"))

    assert prefixed == {"svix-id": MESSAGE_ID, "svix-timestamp": str(TIMESTAMP), "svix-signature": SIGNATURE_A}
    assert set(named) == {"x-acme-id", "x-acme-timestamp", "X-Acme-Signature"}


def test_nothing_unsigned_is_made():
    with pytest.raises(ValueError, match="no valid signing secret"):
        headers(endpoint())


@pytest.mark.parametrize("scheme", ["v1", "v1a", "sha256"])
def test_a_secret_that_is_made_is_one_of_its_scheme_and_of_32_bytes(scheme):
    asked = []

    def random_bytes(size):
        asked.append(size)
        return bytes(range(size))

    assert fits(make_secret(scheme, random_bytes), scheme)
    assert asked == [32]


@pytest.mark.parametrize(
    ("scheme", "text"),
    [
        ("v1", PRIVATE_KEY),
        ("v1", TEXT),
        ("v1a", SECRET_A),
        ("v1a", "whsk_"),
        ("v1a", "whsk_AAAA"),
        ("v1a", PRIVATE_KEY + "\n"),
        ("v1a", PRIVATE_KEY.rstrip("=")),
        ("v1a", asymmetric.PRIVATE_PREFIX + "A" * 86 + "=="),
        ("sha256", PRIVATE_KEY),
        ("sha256", "fifteen letters"),
        ("sha256", "x" * 201),
        ("sha256", " with space at its end "),
        ("sha256", "with a\ttabulator in it"),
        ("sha256", "ein Schlüssel von ihnen"),
    ],
)
def test_what_is_no_secret_of_the_scheme_is_refused_without_being_repeated(scheme, text):
    with pytest.raises(ValueError, match=r"secret|key") as refused:
        check_secret(text, scheme)

    assert text.removeprefix("whsk_") not in str(refused.value) or text == "whsk_"


def test_a_key_pair_of_64_bytes_is_taken_where_its_halves_belong_together():
    pair = asymmetric.PRIVATE_PREFIX + b64encode(SEED + PUBLIC).decode()

    assert fits(pair, "v1a")
    assert public_key(pair) == public_key(PRIVATE_KEY)
    assert not fits(asymmetric.PRIVATE_PREFIX + b64encode(SEED + bytes(32)).decode(), "v1a")


def test_a_shared_secret_of_ours_serves_as_the_text_that_it_is():
    """A change from `v1` keeps the secret; its whole text is the key then."""
    sent = headers(endpoint(SECRET_A, scheme="sha256"))["x-hub-signature-256"]

    assert sent == "sha256=" + hmac.new(SECRET_A.encode(), COMPACT, hashlib.sha256).hexdigest()
    assert sent != "sha256=" + hmac.new(KEY_A, COMPACT, hashlib.sha256).hexdigest()
