"""The command line as a user runs it: what it prints, where, and the exit code."""

import json
import subprocess
from pathlib import Path

import pytest

from data import store
from data.__main__ import main
from tests.commands import called, started


def run(*arguments: object) -> subprocess.CompletedProcess:
    return called(main, *arguments)


@pytest.fixture
def figures(tmp_path) -> Path:
    file = tmp_path / "my 'own' figures.csv"
    file.write_text("iso3,indicator,year,value\nDEU,X,2020,1\nGermny,X,2020,2\nFRA,X,2020,three\n")
    return file


def test_build_says_where_the_store_lies_and_what_was_done(empty_home):
    first, second = started("data", "build"), started("data", "build")
    assert (first.returncode, first.stdout) == (0, f"{empty_home}/atlas.duckdb: built\n")
    assert (second.returncode, second.stdout) == (0, f"{empty_home}/atlas.duckdb: current\n")


def test_status_as_json_has_six_figures(home):
    done = run("status", "--json")
    assert json.loads(done.stdout) == store.status(store.connect())
    assert list(json.loads(done.stdout)) == [
        "observations", "markets", "indicators", "first_year", "last_year", "snapshots",
    ]  # fmt: skip


def test_status_for_people_lists_the_arrivals(home):
    done = run("status")
    assert done.returncode == 0
    assert "first year: 1952" in done.stdout and "embedded reference" in done.stdout


def test_a_file_with_faults_is_refused_with_every_line(home, figures):
    done = run("import", figures)
    assert (done.returncode, done.stdout) == (1, f"{figures.name} (tidy): 3 values read, 2 fault(s).\n")
    assert "line 3, market: 'Germny': unknown country. Did you mean Germany (DEU)?" in done.stderr
    assert "line 4, value: 'three': text in a number." in done.stderr
    assert "Nothing was written." in done.stderr


def test_skip_invalid_lands_the_rest(home, figures):
    done = run("import", figures, "--skip-invalid")
    assert done.returncode == 0
    assert "3 values; 1 added, 0 changed, 0 as before, 2 skipped." in done.stdout
    assert "X is undescribed" in done.stdout
    assert done.stderr.count("line ") == 2


def test_a_preview_with_faults_ends_with_1_and_without_with_0(home, figures):
    assert run("import", figures, "--preview").returncode == 1
    figures.write_text("iso3,indicator,year,value\nDEU,X,2020,1\n")
    assert run("import", figures, "--preview").returncode == 0
    assert "X" not in set(store.indicators(store.connect())["code"])


def test_every_fault_can_be_written_to_a_file(home, tmp_path, figures):
    figures.write_text("iso3,indicator,year,value\n" + "".join(f"nowhere,X,{year},1\n" for year in range(1950, 2010)))
    done = run("import", figures, "--faults", tmp_path / "faults.csv")
    assert "... and 20 more" in done.stderr
    lines = (tmp_path / "faults.csv").read_text("utf-8-sig").splitlines()
    assert (lines[0], len(lines)) == ('"line","field","value","problem","remedy"', 61)


def test_columns_are_mapped_by_name(home, figures):
    figures.write_text("Land;Reihe;Jahr;Wert\nDeutschland;X;2020;1\n")
    pairs = ("market=Land", "indicator=Reihe", "year=Jahr", "value=Wert")
    done = run("import", figures, *(part for pair in pairs for part in ("--map", pair)))
    assert (done.returncode, "1 added" in done.stdout) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("import", "nowhere.csv"), "nowhere.csv"),
        (("import", "."), "directory"),
        (("import", "README", "--map", "colour=red"), "--map takes FIELD=COLUMN"),
        (("import", "pyproject.toml"), "no layout we know"),
        (("export", "nowhere/a.parquet"), "cannot be written"),
    ],
)
def test_what_cannot_be_done_ends_with_1_and_one_line(home, arguments, reason):
    done = run(*arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert reason in done.stderr


@pytest.mark.parametrize("arguments", [(), ("dance",), ("import",), ("status", "--yaml")])
def test_wrong_usage_ends_with_2(home, arguments):
    done = run(*arguments)
    assert (done.returncode, done.stderr.startswith("usage:")) == (2, True)


def test_a_damaged_store_is_one_line_and_no_traceback(home):
    store.path().write_bytes(b"damaged" * 1000)
    done = run("status")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "cannot be opened" in done.stderr


def test_an_export_goes_to_another_machine(home, tmp_path, figures, monkeypatch):
    run("import", figures, "--skip-invalid")
    done = run("export", tmp_path / "all of it.parquet")
    assert done.returncode == 0
    assert "9,775 observations" in done.stdout
    monkeypatch.setenv("ATLAS_HOME", str(tmp_path / "another machine"))
    done = run("import", tmp_path / "all of it.parquet")
    assert "1 added, 0 changed, 9,774 as before" in done.stdout


def test_check_prints_findings_and_can_give_them_as_json(home):
    text, records = run("check"), json.loads(run("check", "--json").stdout)
    assert text.returncode == 0
    assert len(text.stdout.splitlines()) == len(records) > 0
    assert set(records[0]) >= {"severity", "indicator", "problem", "remedy"}
