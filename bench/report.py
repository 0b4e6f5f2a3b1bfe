"""`docs/benchmarks.md`, a section for each scenario; a run of one leaves the others as they are."""

import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import datetime
from importlib import metadata
from pathlib import Path

from bench.stack import ROOT, Valkey

PAGE = ROOT / "docs" / "benchmarks.md"
HISTORY = ROOT / "bench" / "history"
"""What earlier runs found, a file for each scenario, the latest last: where a regression shows."""
PACKAGES = ("celery", "kombu", "redis", "requests", "flask", "gunicorn")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [f"| {' | '.join(str(cell) for cell in row)} |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines)


def write_section(name: str, text: str, page: Path = PAGE) -> None:
    """The page's section of that name now says this; it stands at the end if it is new."""
    block = f"<!-- {name} -->\n{text.strip()}\n<!-- /{name} -->"
    before = page.read_text() if page.exists() else "# Benchmarks\n"
    found = re.compile(rf"<!-- {re.escape(name)} -->.*?<!-- /{re.escape(name)} -->", re.DOTALL)
    after = found.sub(lambda _: block, before) if found.search(before) else f"{before.rstrip()}\n\n{block}\n"
    page.write_text(after)


def record(name: str, text: str, *, when: datetime, smaller: bool = False, folder: Path = HISTORY) -> None:
    """The section's tables stand at the end of the scenario's history, with the day and the commit."""
    tables = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    if not tables:
        return
    folder.mkdir(exist_ok=True)
    heading = f"## {when:%Y-%m-%d}, {_commit()}{', smaller' if smaller else ''}"
    with (folder / f"{name}.md").open("a") as history:
        history.write("\n\n".join((heading, *(each.strip() for each in tables))) + "\n\n")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip() or "no commit"


def machine(server: Valkey) -> str:
    """What the figures were measured on and with, as one sentence."""
    cpu = next((line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if "model name" in line), "unknown")
    cores = sum("processor\t" in line for line in _lines("/proc/cpuinfo"))
    info = server.client.info("server")
    version = info.get("valkey_version") or info["redis_version"]
    kind = "Valkey" if "valkey_version" in info else "Redis"
    packages = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    return f"{cores} cores ({cpu}), Python {platform.python_version()}, {kind} {version}, {packages}."


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
