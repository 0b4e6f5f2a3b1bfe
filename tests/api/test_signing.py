"""`signing`: schemes, names of headers, keys that are served and keys that never are."""

import pytest

from tests.unit.test_signature_headers import PRIVATE_KEY, TEXT
from webhooks.signing_secrets import public_key

PUBLIC_KEY = public_key(PRIVATE_KEY)


def test_an_asymmetric_endpoint_shows_its_public_key_and_never_the_private_one(client):
    """Case 140."""
    made = client.endpoint(signing={"scheme": "v1a"}, secret=PRIVATE_KEY)
    path = f"/v1/endpoints/{made['id']}"
    rotated = client.post(f"{path}/secret/rotate").json
    reads = [client.get(path), client.get("/v1/endpoints"), client.get(f"{path}/secret")]

    assert (made["secret"], made["public_key"]) == (None, PUBLIC_KEY)
    assert made["signing"] == {"scheme": "v1a", "header_prefix": "webhook-", "signature_header": None}
    assert rotated["secret"] is None
    assert rotated["public_key"] != PUBLIC_KEY
    assert [each["public_key"] for each in rotated["previous"]] == [PUBLIC_KEY]
    assert client.get(path).json["public_key"] == rotated["public_key"]
    assert not any("whsk_" in read.text for read in reads)


def test_a_shared_secret_has_no_public_key(client):
    made = client.endpoint()

    assert made["public_key"] is None
    assert client.get(f"/v1/endpoints/{made['id']}/secret").json["public_key"] is None


def test_a_body_only_scheme_takes_the_secret_that_the_receiver_has_already(client):
    signing = {"scheme": "sha256", "signature_header": "X-Acme-Signature"}
    made = client.endpoint(signing=signing, secret=TEXT)

    assert made["secret"] == TEXT
    assert made["signing"] == {**signing, "header_prefix": "webhook-"}


def test_a_scheme_of_one_signature_rotates_without_overlap(client):
    made = client.endpoint(signing={"scheme": "sha256"}, secret=TEXT)
    path = f"/v1/endpoints/{made['id']}/secret/rotate"
    refused = client.post(path, {"overlap_seconds": 60})
    rotated = client.post(path)

    assert (refused.status_code, list(refused.json["errors"])) == (400, ["overlap_seconds"])
    assert rotated.json["previous"] == []
    assert client.post(path, {"overlap_seconds": 0}).status_code == 200


def test_changing_the_scheme_is_a_rotation_that_is_told(client, store):
    made = client.endpoint()
    path = f"/v1/endpoints/{made['id']}"
    after = client.patch(path, {"signing": {"scheme": "v1a"}}).json
    secret = client.get(f"{path}/secret").json

    assert after["public_key"] == secret["public_key"]
    assert [each["public_key"] for each in secret["previous"]] == [None]
    assert store.first_notice().kind == "endpoint.secret_rotated"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"signing": {"scheme": "v2"}}, "signing.scheme"),
        ({"signing": {"scheme": None}}, "signing.scheme"),
        ({"signing": {"scheme": ["v1"]}}, "signing.scheme"),
        ({"signing": {"signature_header": "a b"}}, "signing.signature_header"),
        ({"signing": {"signature_header": "host"}}, "signing.signature_header"),
        ({"signing": {"header_prefix": "webhook"}}, "signing.header_prefix"),
        ({"signing": {"public_key": "x"}}, "signing.public_key"),
        ({"signing": {"scheme": "v1a"}, "secret": "whsec_" + "A" * 43 + "="}, "secret"),
        ({"signing": {"scheme": "sha256"}, "secret": "short"}, "secret"),
        ({"secret": PRIVATE_KEY}, "secret"),
        ({"public_key": PUBLIC_KEY}, "public_key"),
    ],
)
def test_signing_that_cannot_be_is_refused_by_field(client, fields, field):
    answer = client.post("/v1/endpoints", {"url": "https://hooks.example.com/in", **fields})

    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (400, "invalid_endpoint", [field])
    assert PRIVATE_KEY not in answer.text
