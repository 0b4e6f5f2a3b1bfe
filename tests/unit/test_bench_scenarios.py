"""The scenarios: each has its name, and a run of all makes them smaller."""

import subprocess
import sys
from importlib import import_module

from bench.__main__ import SCENARIOS
from bench.commands import ROOT
from bench.short import SMALLER


def test_what_is_made_smaller_is_there_and_larger():
    for module, values in SMALLER.items():
        for name, value in values.items():
            assert getattr(import_module(module), name) > value


def test_scenarios_find_what_was_made_smaller():
    code = "from bench import short, growth, drain; short.shrink(); print(drain.DELIVERIES, *growth.sizes())"

    spoken = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert spoken.split()[0] == str(SMALLER["bench.drain"]["DELIVERIES"])
    assert f"{SMALLER['bench.growth']['MANY']:,} kept" in spoken


def test_make_takes_the_name_of_every_scenario():
    [line] = [line for line in (ROOT / "Makefile").read_text().splitlines() if line.startswith("SCENARIOS := ")]

    assert set(line.split()[2:]) == set(SCENARIOS)
