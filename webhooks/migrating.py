"""The version of what is stored, and the steps that bring it to the version that this code reads and writes.

A step must bear being run twice and being killed midway: the version is written after it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from webhooks import __version__
from webhooks.upkeep_ports import VitalsStore

SCHEMA_VERSION = 1
"""Raised by whoever changes the meaning of what is stored, together with a step; docs/upgrading.md tells operators."""


class SchemaMismatch(Exception):
    """What is stored is of another version than this code; says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From the version before to this one."""

    to: int
    what: str
    run: Callable[[Any], None]
    """Takes the store."""


STEPS: tuple[Step, ...] = ()


def check(store: VitalsStore, *, current: int = SCHEMA_VERSION) -> None:
    """Nothing where the versions are the same. Raises SchemaMismatch, Unavailable."""
    found = store.schema_version(current=current)
    if found > current:
        raise SchemaMismatch(_too_new(found, current))
    if found < current:
        raise SchemaMismatch(
            f"The store is at schema version {found}, Hookline {__version__} needs {current}: "
            "stop all of Hookline, make a backup, run `hookline migrate`, start again."
        )


def migrate(
    store: VitalsStore,
    *,
    steps: Sequence[Step] = STEPS,
    current: int = SCHEMA_VERSION,
    tell: Callable[[str], None] = lambda _: None,
) -> int:
    """How many steps were run; the store has the current version now. Raises SchemaMismatch, Unavailable."""
    found = store.schema_version(current=current)
    if found > current:
        raise SchemaMismatch(_too_new(found, current))
    due = sorted((step for step in steps if found < step.to <= current), key=lambda step: step.to)
    for step in due:
        tell(f"to version {step.to}: {step.what}")
        step.run(store)
        store.mark_schema_version(step.to)
    return len(due)


def _too_new(found: int, current: int) -> str:
    return (
        f"The store is at schema version {found}, newer than the {current} of Hookline {__version__}: "
        "start the newer Hookline again, or restore the backup from before the upgrade."
    )
