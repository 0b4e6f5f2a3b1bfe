"""`…/secret`, `…/secret/rotate` and `…/secret/previous`."""

from datetime import datetime, timedelta

import pytest

from webhooks.model import SigningSecret
from webhooks.signing import decode_secret

FIRST = "whsec_" + "A" * 43 + "="
SECOND = "whsec_" + "B" * 42 + "A="


@pytest.fixture
def path(client):
    return f"/v1/endpoints/{client.endpoint(secret=FIRST)['id']}/secret"


def rotate(client, path, body=None):
    return client.post(f"{path}/rotate", body)


def notices(store):
    found = []
    while notice := store.first_notice():
        found.append((notice.kind, notice.details))
        store.drop_notice(notice)
    return found


def test_a_rotation_makes_a_secret_of_32_bytes_and_says_until_when_the_old_one_signs(client, store, path):
    """Case 124: 24 hours unless the call says otherwise."""
    answer = rotate(client, path)

    (end,) = [datetime.fromisoformat(each["expires_at"]) for each in answer.json["previous"]]
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert len(decode_secret(answer.json["secret"])) == 32
    assert answer.json["secret"] != FIRST
    assert abs(end - store.now() - timedelta(hours=24)) < timedelta(minutes=1)
    assert client.get(path).json == answer.json


def test_the_end_of_the_overlap_is_seen(client, store, path):
    """Case 124: after the grace only the new secret is left."""
    rotate(client, path, {"secret": SECOND, "overlap_seconds": 60})
    store.client.incrby("clock:offset", 61_000_000)

    assert client.get(path).json == {"secret": SECOND, "public_key": None, "previous": []}


def test_without_overlap_nothing_of_the_old_secret_is_left(client, store, path):
    """Case 124: grace 0."""
    answer = rotate(client, path, {"overlap_seconds": 0})

    assert answer.json["previous"] == []
    assert len(store.endpoint(path.split("/")[3]).secrets) == 1


def test_earlier_secrets_end_at_once_when_they_are_revoked(client, store, path):
    rotate(client, path, {"secret": SECOND})

    answer = client.delete(f"{path}/previous")

    assert (answer.status_code, answer.json) == (200, {"secret": SECOND, "public_key": None, "previous": []})
    assert client.delete(f"{path}/previous").status_code == 200
    assert store.endpoint(path.split("/")[3]).secrets == (SigningSecret(text=SECOND),)


def test_a_rotation_raises_an_event_without_secrets_and_a_revocation_none(client, store, path):
    rotate(client, path, {"secret": SECOND, "overlap_seconds": 60})
    rotate(client, path, {"overlap_seconds": 0})
    client.delete(f"{path}/previous")
    (first, second) = notices(store)

    assert first[0] == second[0] == "endpoint.secret_rotated"
    assert set(first[1]) == {"previous_expires_at"}
    assert second[1] == {}


def test_rotating_to_the_current_secret_again_changes_nothing_and_tells_nobody(client, store, path):
    """A caller that got no answer may repeat the call."""
    once = rotate(client, path, {"secret": SECOND}).json
    again = rotate(client, path, {"secret": SECOND}).json

    assert again == once
    assert len(notices(store)) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"overlap_seconds": -1}, "overlap_seconds"),
        ({"overlap_seconds": 604_801}, "overlap_seconds"),
        ({"overlap_seconds": "60"}, "overlap_seconds"),
        ({"overlap_seconds": True}, "overlap_seconds"),
        ({"secret": "whsec_QQ=="}, "secret"),
        ({"secret": "plain"}, "secret"),
        ({"secret": FIRST + " "}, "secret"),
        ({"overlap": 60}, "overlap"),
    ],
)
def test_a_rotation_that_cannot_be_is_refused_by_field(client, path, body, field):
    answer = rotate(client, path, body)

    assert (answer.status_code, answer.json["code"], list(answer.json["errors"])) == (400, "invalid_endpoint", [field])
    assert client.get(path).json == {"secret": FIRST, "public_key": None, "previous": []}


def test_an_eleventh_earlier_secret_is_refused(client, path):
    for _ in range(10):
        assert rotate(client, path).status_code == 200

    answer = rotate(client, path)

    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    assert len(client.get(path).json["previous"]) == 10


@pytest.mark.parametrize("endpoint_id", ["ep_unknown", "fn_invoices"])
def test_what_is_no_endpoint_has_no_secrets(client, endpoint_id):
    path = f"/v1/endpoints/{endpoint_id}/secret"

    assert client.get(path).status_code == 404
    assert rotate(client, path).status_code == 404
    assert client.delete(f"{path}/previous").status_code == 404


def test_no_read_shows_a_rotated_secret(client, path):
    """Case 140."""
    secret = rotate(client, path).json["secret"]
    endpoint_id = path.split("/")[3]
    reads = [f"/v1/endpoints/{endpoint_id}", "/v1/endpoints", "/v1/deliveries", "/v1/events"]

    for read in reads:
        assert secret not in client.get(read).text
        assert FIRST not in client.get(read).text
