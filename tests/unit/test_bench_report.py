"""The page that benchmarks are written to, and their arithmetic."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime

from bench.accounting import Rounds, cpu_seconds, percentile, resident_bytes
from bench.report import record, table, write_section


def test_a_section_is_replaced_and_the_others_stay(tmp_path):
    page = tmp_path / "benchmarks.md"
    write_section("drain", "## Drain\nold", page)
    write_section("start", "## Start\n1 s", page)
    write_section("drain", r"## Drain \1 new", page)

    text = page.read_text()
    assert text.startswith("# Benchmarks\n")
    assert "old" not in text
    assert text.index(r"## Drain \1 new") < text.index("## Start\n1 s")
    assert text.count("<!-- drain -->") == 1


def test_earlier_figures_stay_before_the_latest_ones(tmp_path):
    history = tmp_path / "history"
    for day, rate in ((1, 300), (2, 400)):
        text = f"## Drain\nSome words.\n\n| what | rate |\n| --- | --- |\n| ours | {rate} |\n\nMore.\n\n| two |"
        record("drain", text, when=datetime(2026, 11, day, tzinfo=UTC), folder=history)

    kept = (history / "drain.md").read_text()
    days = re.findall(r"^## (\S+), \S+", kept, re.MULTILINE)
    assert (days, re.findall(r"ours \| (\d+)", kept)) == (["2026-11-01", "2026-11-02"], ["300", "400"])
    assert "| two |" in kept
    assert "words" not in kept


def test_a_table_is_markdown():
    assert table(("a", "b"), [(1, "x")]) == "| a | b |\n| --- | --- |\n| 1 | x |"


def test_a_percentile_is_one_of_the_values():
    values = [5.0, 1.0, 2.0, 4.0, 3.0]

    assert [percentile(values, share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 3.0, 5.0, 5.0]


def test_rounds_show_the_median_and_the_extremes():
    assert Rounds((3.0, 1.0, 2.0)).shown(1) == "2.0 (1.0–3.0)"


def test_the_cpu_of_a_session_counts_its_children():
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'sum(range(20_000_000))'])"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{work}; print('done', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    process.stdout.readline()

    assert cpu_seconds([process.pid]) > 0.1
    assert resident_bytes([process.pid]) > 1_000_000
    process.communicate(b"\n")
    assert cpu_seconds([process.pid]) == 0
    assert cpu_seconds([os.getpid()]) > 0
