"""SDMX-CSV of a million rows: read with all our checks, and read by sdmx1 and turned into pandas, in one run.

Ours is the whole of a preview: the file, its dimensions, multipliers, flags, markets, years, bounds. sdmx1 reads the
same file by a structure that is in memory already.
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
HEADER = "STRUCTURE,STRUCTURE_ID,ACTION,REF_AREA,FREQ,INDICATOR,SEX,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MULT\n"
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
import json, sys, time
import sdmx
from sdmx.model import common, v30
names = ("REF_AREA", "FREQ", "INDICATOR", "SEX", "TIME_PERIOD")
structure = v30.DataStructureDefinition(id="OURS", maintainer=common.Agency(id="A"), version="1.0")
for name in names:
    structure.dimensions.append(v30.Dimension(id=name))
structure.measures = v30.MeasureDescriptor(components=[v30.Measure(id="OBS_VALUE")])
for name in ("OBS_STATUS", "UNIT_MULT"):
    structure.attributes.append(common.DataAttribute(id=name))
start = time.perf_counter()
message = sdmx.read_sdmx(sys.argv[1], structure=structure)
read = time.perf_counter()
values = len(sdmx.to_pandas(message.data[0]))
print(json.dumps({"seconds": time.perf_counter() - start, "turning": time.perf_counter() - read, "values": values}))
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
        row("sdmx.to_pandas of the same file", theirs["seconds"], "s"),
        row("ours / sdmx.to_pandas", ours / theirs["seconds"], "x", 0.1),
        row("ours / what sdmx1 needs when it has read the file already", ours / theirs["turning"], "x"),
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
                f"dataflow,A:OURS(1.0),I,{market},A,MADE_UP_{code},_T,{year},{(year - 1990) * code / 7:.4f},A,0\n"
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
