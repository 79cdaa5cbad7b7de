"""`python -m analytics rank` and `robustness` as a user runs them."""

import csv
import io
import json
import subprocess

import pytest

from analytics.cli.commands import main
from tests.commands import called, started

COLUMNS = ["iso3", "market", "score", "rank", "coverage"]


def rank(*arguments: str) -> subprocess.CompletedProcess:
    return analytics("rank", *arguments)


def analytics(*arguments: str) -> subprocess.CompletedProcess:
    return called(main, *arguments)


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
    done = started("analytics", "rank")
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


def test_robustness_is_json_by_market_and_the_same_for_the_same_seed(full_home):
    first, again = (analytics("robustness", "--recipe", "general", "--json", "--draws", "400") for _ in range(2))
    rows = json.loads(first.stdout)
    assert first.returncode == 0 and first.stdout == again.stdout
    assert list(rows[0]) == ["iso3", "market", "rank", "low", "high", "p_top10"]
    assert [type(value) for value in rows[0].values()] == [str, str, int, int, int, float]
    assert all(1 <= row["low"] <= row["high"] <= len(rows) == 78 for row in rows)
    assert sum(row["p_top10"] for row in rows) == pytest.approx(10, abs=0.5)  # more than 10 where markets tie
    assert "78 markets, 400 draws, seed 0" in first.stderr


def test_robustness_is_csv_without_json_and_explains_what_it_cannot_do(home):
    done = analytics("robustness", "--draws", "200")
    assert done.stdout.splitlines()[0] == "iso3,market,rank,low,high,p_top10"
    refused = analytics("robustness", "--draws", "0")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "0 draws show nothing" in refused.stderr and "Traceback" not in refused.stderr
