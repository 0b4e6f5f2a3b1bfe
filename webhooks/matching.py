"""Which event types a pattern asks for."""

import re

LONGEST_TYPE = 256
OPERATIONAL = "hookline."
"""Event types of our own begin so; they must be asked for by name."""
_PATTERN = re.compile(r"\*|[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*(\.\*)?")


def check_pattern(pattern: str) -> None:
    """Nothing for a pattern that can match: a dotted name, one with `.*` behind, or `*`; else ValueError."""
    if len(pattern) > LONGEST_TYPE or not _PATTERN.fullmatch(pattern):
        raise ValueError(
            f"a pattern is *, a dotted name such as invoice.paid, or one such as invoice.* with the star as "
            f"its last part, in at most {LONGEST_TYPE} characters"
        )


def matches(pattern: str, event_type: str) -> bool:
    """Whether the pattern asks for the type; `*` stands for one or more trailing parts."""
    if pattern == "*":
        return not event_type.startswith(OPERATIONAL)
    if pattern.endswith(".*"):
        return event_type.startswith(pattern[:-1])
    return pattern == event_type
