"""How a script is put together out of its file and of what several share."""

import re

from webhooks.adapters import scripts

POLICY = {
    "reserve_us": 1,
    "windows": {"deliveries": 2},
    "retention_ms": 3,
    "unyielding": 4,
    "minutes_ms": 5,
}


def test_what_a_script_does_not_use_does_not_stand_before_it():
    """Tables and functions are made anew for every run."""
    source = scripts._source("drop_notice", POLICY)

    assert re.findall(r"^local function (\w+)", source, re.MULTILINE) == ["now_us"]


def test_what_is_used_by_what_is_used_stands_before_it_once():
    source = scripts._source("cancel", POLICY)
    made = re.findall(r"^local function (\w+)", source, re.MULTILINE)

    assert len(made) == len(set(made))
    assert {"take_out", "finish", "next_in_line", "admit", "gate", "count"} <= set(made)


def test_constants_are_written_out():
    source = scripts._source("begin_trim", POLICY) + scripts._source("cancel", POLICY)

    assert "'delivery:' .. id" in source
    assert "({deliveries = 2})[lane]" in source
    assert not re.findall(r"\b[KP]\.", source)
