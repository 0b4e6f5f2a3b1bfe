"""docs/security.md names a test for each control; each of them is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
NAMED = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE)


def test_every_control_names_a_test():
    tables = PAGE.split("| threat | control | test |\n|---|---|---|\n")[1:]
    rows = [row for table in tables for row in table.split("\n\n")[0].splitlines()]

    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"\| `tests/[^`]+` \|$", row)] == []


def test_every_test_that_is_named_is_there():
    missing = []
    for file, name in NAMED:
        path = ROOT / file
        if not path.exists() or (name and f"def {name}(" not in path.read_text()):
            missing.append(f"{file}::{name}")

    assert missing == []
