"""The decisions in docs/adr: each has a number of its own, the one that its heading says."""

import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "adr"


def test_decisions_are_numbered_from_one_without_gap_or_repetition():
    numbers = sorted(int(path.name[:4]) for path in FOLDER.glob("*.md"))

    assert numbers == list(range(1, len(numbers) + 1))


def test_each_heading_says_the_number_of_its_file():
    for path in FOLDER.glob("*.md"):
        heading = path.read_text().splitlines()[0]
        assert re.match(rf"# {int(path.name[:4])}\. \S", heading), path.name
