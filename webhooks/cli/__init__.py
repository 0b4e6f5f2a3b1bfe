"""The command line (docs/cli.md): running Hookline, and everything that its API does."""

import sys

OLDEST_PYTHON = (3, 11)


def main() -> None:
    """Run the command that the arguments name; the process ends with its exit code."""
    refuse_old_python(sys.version_info[:3])
    from webhooks.cli.commands import hookline  # noqa: PLC0415 - an older Python could not even import it

    hookline(prog_name="hookline")


def refuse_old_python(version: tuple[int, ...]) -> None:
    """Nothing for a Python that is new enough. Raises SystemExit with one line that says what is needed."""
    if version < OLDEST_PYTHON:
        needed, found = (".".join(map(str, numbers)) for numbers in (OLDEST_PYTHON, version))
        sys.exit(f"Hookline needs Python {needed} or later, this is {found}: put a newer one first in PATH.")
