#!/usr/bin/env bash
# DuckDB 2.0.0 (Python package), `read_csv` of one named file with every column declared: auto_detect=false, header=false,
# columns={...}. Where a folder above the file is called like one of these columns and a value ("year=1999", the layout of
# partitioned data sets), the column's values are not those in the file but the folder's, in every row, without a word;
# as many columns come back as were declared. The same file elsewhere is read as it is. One would expect a full declaration
# of a single file to leave nothing to be guessed from its path; `hive_partitioning = false` restores that.
# Fails when that is no longer so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0
mkdir -p "$work/plain" "$work/year=1999"
printf 'DEU,2023,84.5\nFRA,2023,68.2\n' | tee "$work/plain/f.csv" >"$work/year=1999/f.csv"
"$work/venv/bin/python" - "$work" <<'PY'
import sys

import duckdb

columns = "{'iso3': 'VARCHAR', 'year': 'INTEGER', 'value': 'DOUBLE'}"


def read(folder: str, more: str = "") -> list[tuple]:
    file = f"{sys.argv[1]}/{folder}/f.csv"
    return duckdb.sql(f"FROM read_csv('{file}', columns = {columns}, auto_detect = false, header = false{more})").fetchall()


plain, inside = read("plain"), read("year=1999")
mended = read("year=1999", ", hive_partitioning = false")
print("duckdb", duckdb.__version__)
print("elsewhere:                ", plain)
print("in a folder year=1999:    ", inside)
print("hive_partitioning = false:", mended)
assert plain == mended == [("DEU", 2023, 84.5), ("FRA", 2023, 68.2)]
assert inside != plain and {row[1] for row in inside} == {1999}
PY
