from datetime import UTC, datetime, timedelta

import pytest

from webhooks.errors import Conflict
from webhooks.model import Endpoint, SigningSecret
from webhooks.rotation import MOST_PREVIOUS, previous, revoked, rotated, valid_secrets

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def endpoint(*texts_and_ends):
    secrets = tuple(SigningSecret(text=text, expires_at=end) for text, end in texts_and_ends)
    return Endpoint(id="ep_1", tenant="default", url="https://hooks.test/", secrets=secrets)


def rotate(before, secret, *, overlap_seconds=3600, now=NOW):
    return rotated(before, secret, overlap_seconds=overlap_seconds, now=now)


def texts(found):
    return [each.text for each in found]


def test_the_old_secret_signs_beside_the_new_one_until_the_overlap_is_over():
    """Case 124."""
    after = rotate(endpoint(("A", None)), "B")

    assert texts(valid_secrets(after, now=NOW)) == ["B", "A"]
    assert texts(valid_secrets(after, now=NOW + HOUR - timedelta(seconds=1))) == ["B", "A"]
    assert texts(valid_secrets(after, now=NOW + HOUR)) == ["B"]
    assert previous(after, now=NOW) == (SigningSecret(text="A", expires_at=NOW + HOUR),)


def test_without_overlap_the_old_secret_is_erased():
    """Case 124."""
    assert rotate(endpoint(("A", None)), "B", overlap_seconds=0).secrets == (SigningSecret(text="B"),)


def test_a_second_rotation_prolongs_no_earlier_secret():
    once = rotate(endpoint(("A", None)), "B")
    twice = rotate(once, "C", overlap_seconds=7200, now=NOW + HOUR / 2)

    ends = {each.text: each.expires_at for each in twice.secrets}
    assert ends == {"C": None, "B": NOW + HOUR / 2 + 2 * HOUR, "A": NOW + HOUR}


def test_rotation_erases_what_has_expired():
    once = rotate(endpoint(("A", None)), "B")

    assert texts(rotate(once, "C", now=NOW + 2 * HOUR).secrets) == ["C", "B"]


def test_rotating_to_the_current_secret_changes_nothing():
    before = endpoint(("B", None), ("A", NOW + HOUR))

    assert rotate(before, "B", overlap_seconds=0) == before


def test_rotating_back_to_an_earlier_secret_makes_it_current_once():
    after = rotate(endpoint(("B", None), ("A", NOW + HOUR)), "A")

    assert [(each.text, each.expires_at) for each in after.secrets] == [("A", None), ("B", NOW + HOUR)]


def test_ten_earlier_secrets_are_the_most_and_the_next_rotation_says_what_to_do():
    full = endpoint(("now", None))
    for number in range(MOST_PREVIOUS):
        full = rotate(full, f"s{number}")

    with pytest.raises(Conflict, match="overlap_seconds 0"):
        rotate(full, "one more")
    assert len(rotate(full, "one more", overlap_seconds=0).secrets) == 1 + MOST_PREVIOUS
    assert len(rotate(full, "one more", now=NOW + 2 * HOUR).secrets) == 2
    assert len(rotate(revoked(full), "one more").secrets) == 2


def test_revoking_leaves_the_current_secret_alone():
    assert texts(revoked(endpoint(("B", None), ("A", NOW + HOUR))).secrets) == ["B"]
