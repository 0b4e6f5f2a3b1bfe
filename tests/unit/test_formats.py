import pytest

from api.ui.formats import brief, count, duration, moment, told


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "\N{EN DASH}"),
        (0, "0 ms"),
        (0.0124, "12 ms"),
        (0.9999, "1000 ms"),
        (1.19, "1.19 s"),
        (59.94, "59.9 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (86400, "1 d"),
        (90000, "1 d 1 h"),
    ],
)
def test_a_duration_reads_as_a_person_would_say_it(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("value", "whole", "short"),
    [(0, "0", "0"), (9876, "9,876", "9,876"), (12345, "12,345", "12k"), (12_345_678, "12.35M", "12M")],
)
def test_a_number_fits_its_place(value, whole, short):
    assert (count(value), brief(value)) == (whole, short)


def test_times_within_a_sentence_are_shown_as_all_others_and_the_rest_is_escaped():
    assert told("<b> at 2026-11-25T09:00:00.000Z.") == (
        '&lt;b&gt; at <time datetime="2026-11-25T09:00:00.000Z">2026-11-25 09:00:00 UTC</time>.'
    )


def test_a_time_cannot_break_out_of_its_attribute():
    assert '"><' not in moment('2026"><script>')
