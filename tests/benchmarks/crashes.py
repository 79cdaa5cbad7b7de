"""Kill an import and a refresh at random moments: the store must open with the old or the new snapshot whole."""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
from stores import row, write_large

KILLS = 30
ROWS = 1_000_000
TESTS = Path(__file__).parents[1]


def kills() -> list[dict]:
    """30 kills of an import and 30 of a refresh from a local stand-in for the World Bank."""
    with tempfile.TemporaryDirectory() as folder:
        file, home = Path(folder) / "panel.parquet", Path(folder) / "home"
        os.environ["ATLAS_HOME"] = str(home)
        write_large(file, ROWS)
        importing = _kill([sys.executable, "-m", "data", "import", str(file)], {})
        server = subprocess.Popen(
            [sys.executable, str(TESTS / "data" / "worldbank_server.py"), "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            address = server.stdout.readline().split()[-1]
            refreshing = _kill([sys.executable, "-m", "data", "refresh", "--force"], {"ATLAS_WORLD_BANK_URL": address})
        finally:
            server.kill()
            server.wait()
    return [
        row(f"stores not whole after {KILLS} kills of an import ({importing[1]} while it ran)", importing[0], "", 0),
        row(f"stores not whole after {KILLS} kills of a refresh ({refreshing[1]} while it ran)", refreshing[0], "", 0),
    ]


def _kill(command: list[str], extra: dict[str, str]) -> tuple[int, int]:
    """How many kills left a store that does not open or holds part of a snapshot, and how many met a living process."""
    environment = os.environ | extra
    start = time.perf_counter()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([sys.executable, "-m", "data", "build"], env=environment, check=True, **quiet)
    build = time.perf_counter() - start
    bad, met, moment = 0, 0, random.Random(0)
    for trial in range(KILLS):
        process = subprocess.Popen(
            [*command, *(["--name", f"trial {trial}"] if "import" in command else [])], env=environment, **quiet
        )
        time.sleep(moment.uniform(0.5 * build, 0.5 * build + 4))
        met += process.poll() is None
        process.kill()
        process.wait()
        bad += not _whole(environment)
    return bad, met


def _whole(environment: dict[str, str]) -> bool:
    """The store opens, and every snapshot's rows are all there or none."""
    done = subprocess.run([sys.executable, "-m", "data", "status", "--json"], env=environment, capture_output=True)
    if done.returncode:
        return False
    with duckdb.connect(str(Path(environment["ATLAS_HOME"]) / "atlas.duckdb"), read_only=True) as connection:
        part = connection.execute(
            "SELECT count(*) FROM (SELECT snapshot, count(*) AS held FROM observations GROUP BY snapshot) o "
            "FULL JOIN snapshots s ON s.id = o.snapshot "
            "WHERE s.id IS NULL OR (s.source LIKE 'file %' AND o.held IS DISTINCT FROM s.added + s.changed)"
        ).fetchone()[0]
    return part == 0
