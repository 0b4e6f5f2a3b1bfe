from datetime import UTC, datetime, timedelta

import pytest

from webhooks.ids import CROCKFORD, new_id

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


def test_an_id_has_its_prefix_and_26_characters_of_crockfords_alphabet():
    made = new_id("evt", now=NOW, random_bytes=bytes(range(10)))

    prefix, _, rest = made.partition("_")
    assert prefix == "evt"
    assert len(rest) == 26
    assert set(rest) <= set(CROCKFORD)


def test_ids_sort_by_the_time_they_were_made_whatever_chance_says():
    moments = [NOW + timedelta(milliseconds=step) for step in range(50)]

    made = [new_id("ep", now=moment, random_bytes=bytes([255 - 5 * step] * 10)) for step, moment in enumerate(moments)]

    assert made == sorted(made)


def test_the_layout_is_that_of_a_ulid():
    """The time and randomness of the example in the ULID specification."""
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int("01563DF3648B", 16))

    made = new_id("evt", now=moment, random_bytes=bytes(10))

    assert made == "evt_01ARYZ6S4B" + "0" * 16


def test_the_largest_time_and_chance_still_fit():
    assert len(new_id("evt", now=datetime(9999, 12, 31, tzinfo=UTC), random_bytes=b"\xff" * 10)) == 30


@pytest.mark.parametrize("size", [0, 9, 11])
def test_an_id_takes_exactly_ten_random_bytes(size):
    with pytest.raises(ValueError, match="10 random bytes"):
        new_id("evt", now=NOW, random_bytes=bytes(size))
