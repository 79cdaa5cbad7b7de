"""SDMX-CSV of a million rows, read with all our checks, against sdmx1's `to_pandas` of the same data in memory already.

sdmx1 is given its observations as objects, so that neither its reading nor their making counts: what is measured is the
turning of them into a series of pandas alone. Ours is the whole of a preview: the file, its dimensions, multipliers,
flags, markets, years, bounds.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from stores import row

from data import store

ROWS = 1_000_000
YEARS = range(2000, 2025)
HEADER = "DATAFLOW,REF_AREA,FREQ,INDICATOR,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT\n"
PREVIEW = """
import json, sys, time
from pathlib import Path
from data import ingest, store
store.ensure()
start = time.perf_counter()
report = ingest.import_file(Path(sys.argv[1]), preview=True)
print(json.dumps({"seconds": time.perf_counter() - start, "values": report.values, "faults": report.fault_count}))
"""
TO_PANDAS = """
import csv, json, sys, time
import sdmx
from sdmx.model import v21
names = ("REF_AREA", "FREQ", "INDICATOR", "SEX", "TIME_PERIOD")
structure = v21.DataStructureDefinition(id="OURS")
for name in names:
    structure.dimensions.append(v21.Dimension(id=name))
data = v21.DataSet(structured_by=structure)
with open(sys.argv[1]) as file:
    for row in csv.DictReader(file):
        key = v21.Key(**{name: row[name] for name in names})
        data.obs.append(v21.Observation(dimension=key, value=float(row["OBS_VALUE"])))
start = time.perf_counter()
series = sdmx.to_pandas(data)
print(json.dumps({"seconds": time.perf_counter() - start, "values": len(series)}))
"""


def million_rows(rows: int = ROWS) -> list[dict]:
    """Both in one run, each in a process of its own, ours before and after theirs."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ATLAS_HOME"] = str(Path(folder) / "home")
        store.ensure()
        file = Path(folder) / "million.csv"
        write(file, rows)
        before = _timed(PREVIEW, file)
        theirs = _timed(TO_PANDAS, file)
        after = _timed(PREVIEW, file)
    assert before["values"] == theirs["values"] and before["faults"] == 0, (before, theirs)
    ours = max(before["seconds"], after["seconds"])
    return [
        row(f"SDMX-CSV of {before['values']:,} rows, checked whole (the slower of two)", ours, "s"),
        row("sdmx.to_pandas of the same data in memory", theirs["seconds"], "s"),
        row("ours / sdmx.to_pandas", ours / theirs["seconds"], "x", 0.1),
    ]


def write(file: Path, rows: int) -> None:
    """A table as a service answers it: made-up indicators of all markets, 25 years each."""
    connection = store.connect()
    markets = store.markets(connection)["iso3"].tolist()
    connection.close()
    left, code = rows, 0
    with file.open("w", encoding="utf-8") as opened:
        opened.write(HEADER)
        while left > 0:
            code += 1
            lines = [
                f"A:B(1.0),{market},A,MADE_UP_{code},_T,{year},{(year - 1990) * code / 7:.4f},A,0\n"
                for market in markets
                for year in YEARS
            ][:left]
            opened.writelines(lines)
            left -= len(lines)


def _timed(script: str, file: Path) -> dict:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", script, str(file)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"after {time.perf_counter() - start:.0f} s: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
