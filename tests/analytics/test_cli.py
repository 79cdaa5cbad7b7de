"""`python -m analytics rank` as a user runs it."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COLUMNS = ["iso3", "market", "score", "rank", "coverage"]


def rank(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "analytics", "rank", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120)


def test_a_ranking_is_csv_on_stdout_and_remarks_on_stderr(home):
    done = rank("--recipe", "general", "--year", "2023")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert done.returncode == 0
    assert list(rows[0]) == COLUMNS
    assert [int(row["rank"]) for row in rows] == sorted(int(row["rank"]) for row in rows)
    assert "not in the store: GDP growth (NY.GDP.MKTP.KD.ZG)" in done.stderr
    assert "stand-in for Population: cldr:population" in done.stderr
    assert f"{len(rows)} markets ranked" in done.stderr


@pytest.mark.parametrize("form", ["csv", "json"])
def test_numbers_are_rounded_to_what_is_known(home, form):
    done = rank("--format", form)
    rows = json.loads(done.stdout) if form == "json" else list(csv.DictReader(io.StringIO(done.stdout)))
    assert all(len(str(row["coverage"])) <= len("0.973") for row in rows)
    assert all(len(str(row["score"]).partition(".")[2]) <= 2 for row in rows)


def test_json_has_the_same_columns_and_kinds(home):
    first = json.loads(rank("--format", "json").stdout)[0]
    assert list(first) == COLUMNS
    assert [type(value) for value in first.values()] == [str, str, float, int, float]


def test_without_a_store_one_is_built_first(empty_home):
    done = rank()
    assert done.returncode == 0
    assert (empty_home / "atlas.duckdb").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("--recipe", "nothing"), 1, "Known recipes: education"),
        (("--recipe", "healthcare"), 1, "python -m data import FILE"),
        (("--year", "1800"), 1, "has 0%"),
        (("--year", "0"), 1, "has 0%"),
        (("--year", "soon"), 2, "usage:"),
        (("--format", "xml"), 2, "usage:"),
    ],
)
def test_what_cannot_be_ranked_is_explained(home, arguments, code, reason):
    done = rank(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert reason in done.stderr and "Traceback" not in done.stderr
