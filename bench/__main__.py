"""`make bench`, or `make bench -- NAME …`: measure, and write each scenario's section of docs/benchmarks.md.

Without a name all are measured, smaller (`bench/short.py`).
"""

import importlib
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench import short
from bench.report import record, write_section

SCENARIOS = {
    "drain": "bench.drain",
    "latency": "bench.latency",
    "shapes": "bench.shapes",
    "growth": "bench.growth",
    "pages": "bench.pages",
    "storm": "bench.storm",
    "memory": "bench.memory",
    "start": "bench.start",
    "receiving": "bench.receiving",
    "costs": "bench.costs",
    "idle": "bench.idle",
    "waiting": "bench.waiting",
    "isolation": "bench.isolation",
}
"""Each scenario's module; its `run(folder)` answers the text of its section."""


def main(names: list[str]) -> int:
    """Run these scenarios, or all of them smaller; a figure never fails, only what breaks does."""
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        print(f"no such scenario: {', '.join(unknown)}; there are {', '.join(SCENARIOS)}", file=sys.stderr)
        return 2
    if not names:
        short.shrink()
    for name in names or SCENARIOS:
        began = time.monotonic()
        print(f"{name} …", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"hookline-bench-{name}-") as folder:
            text = importlib.import_module(SCENARIOS[name]).run(Path(folder))
        write_section(name, text)
        record(name, text, when=datetime.now(UTC), smaller=not names)
        print(f"{text}\n\n{name}: {time.monotonic() - began:.0f} s\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
