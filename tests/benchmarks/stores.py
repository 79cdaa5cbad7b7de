"""How fast files land, and how fast a panel is read out of ten million rows."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data import catalog, store

SHARED = Path(__file__).parents[3] / "shared" / "data" / "indicators" / "observations.parquet"
LARGE_ROWS = 10_000_000

IMPORT = """
import json, resource, sys, time
from pathlib import Path
from data import ingest, store
store.ensure()
start = time.perf_counter()
report = ingest.import_file(Path(sys.argv[1]))
print(json.dumps({"seconds": time.perf_counter() - start, "values": report.values,
                  "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def row(what: str, measured: float, unit: str, limit: float | None = None) -> dict:
    return {"what": what, "measured": measured, "unit": unit, "limit": limit}


def import_in_own_process(file: Path, home: Path) -> dict:
    """Seconds, values and peak memory (MB) of one import, without the interpreter's start."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(file)],
        env=os.environ | {"ATLAS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def shared_panel() -> list[dict]:
    """Import of the shared panel against DuckDB's own COPY of the same file into a bare table on disk."""
    if not SHARED.exists():
        print("  left out: needs ../shared", file=sys.stderr)
        return []
    copies, imports = [], []
    with tempfile.TemporaryDirectory() as folder:
        for trial in range(5):
            copies.append(_bare_copy(SHARED, Path(folder) / f"bare{trial}.duckdb"))
            imports.append(import_in_own_process(SHARED, Path(folder) / f"home{trial}"))
    copied = statistics.median(copies)
    seconds = statistics.median(run["seconds"] for run in imports)
    return [
        row(f"COPY of {imports[0]['values']:,} rows into a bare table", copied, "s"),
        row("import of the same file, all checks", seconds, "s", 3 * copied + 2),
        row("import / COPY", seconds / copied, "x"),
        row("peak memory of the import", max(run["mb"] for run in imports), "MB", 1000),
    ]


def _bare_copy(file: Path, target: Path) -> float:
    with duckdb.connect(str(target)) as connection:
        connection.execute("CREATE TABLE bare (iso3 VARCHAR, indicator VARCHAR, year INTEGER, value DOUBLE)")
        start = time.perf_counter()
        connection.execute(f"COPY bare FROM '{file}'")
        connection.execute("CHECKPOINT")
        return time.perf_counter() - start


def large_panel() -> list[dict]:
    """Ten million generated rows: import, then the general recipe's panel out of them, warm."""
    from analytics.index import recipe

    with tempfile.TemporaryDirectory() as folder:
        file, home = Path(folder) / "large.parquet", Path(folder) / "home"
        os.environ["ATLAS_HOME"] = str(home)
        write_large(file)
        imported = import_in_own_process(file, home)
        connection, chosen = store.connect(), recipe.load("general")
        times = []
        for _ in range(30):
            start = time.perf_counter()
            panel = store.market_panel(connection, chosen.codes, 2023, chosen.window)
            times.append((time.perf_counter() - start) * 1000)
        connection.close()
        size = store.path().stat().st_size / 1e6
    return [
        row(f"import of {imported['values']:,} rows, all checks", imported["seconds"], "s", 90),
        row("peak memory of that import", imported["mb"], "MB"),
        row("size of the store", size, "MB"),
        row(f"panel of {len(panel):,} figures for a recipe, warm median", statistics.median(times[5:]), "ms", 50),
    ]


def write_large(file: Path, rows: int = LARGE_ROWS, seed: int = 0) -> None:
    """A panel of the catalog's indicators and as many made-up ones as it takes, values in the catalog's bounds."""
    store.ensure()
    connection = store.connect()
    markets = store.markets(connection)["iso3"].to_numpy()
    connection.close()
    years = np.arange(1970, 2026)
    count = -(-rows // (len(markets) * len(years)))
    known = [code for code, entry in catalog.load().items() if entry.source.startswith("World Bank")]
    codes = np.array(known + [f"MADE.UP.{i}" for i in range(count - len(known))])[:count]
    each = len(markets) * len(years)
    schema = pa.schema(
        [("iso3", pa.string()), ("indicator", pa.string()), ("year", pa.int32()), ("value", pa.float64())]
    )
    random = np.random.default_rng(seed)
    with pq.ParquetWriter(file, schema) as writer:
        for i, code in enumerate(codes):
            take = min(each, rows - i * each)
            entry = catalog.load().get(code)
            low = entry.minimum if entry and entry.minimum is not None else 0.0
            high = entry.maximum if entry and entry.maximum is not None else 1e6
            columns = [
                np.repeat(markets, len(years))[:take],
                np.full(take, code),
                np.tile(years, len(markets))[:take].astype(np.int32),
                random.uniform(low, high, take),
            ]
            writer.write_table(pa.table(dict(zip(schema.names, columns, strict=True)), schema=schema))
