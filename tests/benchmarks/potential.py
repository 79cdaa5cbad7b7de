"""Untapped potential in healthcare on the shared panel: 2022 from features by 2017, its honest errors and its time."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stores import SHARED, import_in_own_process, row

COMMAND = [sys.executable, "-m", "analytics", "potential", "--recipe", "healthcare", "--year", "2022", "--json"]


def healthcare() -> list[dict]:
    """R2 leaving a region out, coverage in the time split and its worst region, R2 of growth, seconds of the whole."""
    if not SHARED.exists():
        print("  left out: needs ../shared", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory() as home:
        import_in_own_process(SHARED, Path(home))
        start = time.perf_counter()
        done = subprocess.run(
            COMMAND, env=os.environ | {"ATLAS_HOME": home}, capture_output=True, text=True, check=True
        )
        seconds = time.perf_counter() - start
    answer = json.loads(done.stdout)
    regions = {name: group for name, group in answer["coverage_by_region"].items() if group["n"] >= 5}
    worst = min(regions, key=lambda name: regions[name]["coverage"])
    model = answer["model"]
    return [
        row(
            f"healthcare, {model}: unexplained leaving a region out (1 - R2)",
            1 - answer["r2_leave_region_out"],
            "",
            0.13,
        ),
        row(f"healthcare, {model}: unexplained in the time split (1 - R2)", 1 - answer["r2_time_split"], ""),
        row("healthcare: R2 of growth over five years", answer["r2_growth"], ""),
        row("healthcare: coverage of 90 % intervals in the time split", 100 * answer["coverage_90"], "%"),
        row("healthcare: that coverage, distance from 90 %", abs(100 * answer["coverage_90"] - 90), "pt", 3),
        row(f"healthcare: worst coverage, {worst}", 100 * regions[worst]["coverage"], "%"),
        row(f"healthcare: all learners on {answer['n']} markets, command to answer", seconds, "s", 20),
    ]
