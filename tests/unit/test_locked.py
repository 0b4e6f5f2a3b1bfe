"""What is installed is what the locks say, whatever has been published since."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["Makefile", "Dockerfile", ".ci/run"])
def test_nothing_but_what_is_locked_is_looked_for(name):
    """Pip resolves `coverage[toml]` anew beside a locked `coverage`, finds a newer one and refuses it."""
    installs = [line for line in (ROOT / name).read_text().splitlines() if re.search(r"pip install .*\.lock", line)]
    assert installs
    assert all("--no-deps" in line and "--require-hashes" in line for line in installs)
