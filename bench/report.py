"""`docs/benchmarks.md`, a section for each scenario; a run of one leaves the others as they are."""

import platform
import re
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from bench.stack import ROOT, Valkey

PAGE = ROOT / "docs" / "benchmarks.md"
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
