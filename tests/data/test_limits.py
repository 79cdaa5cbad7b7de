"""What a file may unfold to: rows, columns, characters, cells, time; the limits are lowered here to meet them."""

import csv
import io
import os
import re
import subprocess
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data import ingest, layouts, limits, regular, store, workbook

HEADER = "iso3,indicator,year,value"
pytestmark = pytest.mark.usefixtures("home")


def refusal(file, **options) -> str:
    before = store.version()
    with pytest.raises(layouts.LayoutError) as refused:
        ingest.import_file(file, **options)
    assert store.version() == before
    return str(refused.value)


def wide(folder, columns: int, form: str):
    names = [*HEADER.split(","), *(f"note {number}" for number in range(columns - 4))]
    row = ["DEU", "X", 2020, 1, *[""] * (columns - 4)]
    file = folder / f"wide.{form}"
    if form == "csv":
        file.write_text(",".join(names) + "\n" + ",".join(map(str, row)) + "\n")
    elif form == "parquet":
        with file.open("wb") as opened:
            pd.DataFrame([row], columns=names).to_parquet(opened)
    else:
        book = openpyxl.Workbook()
        book.active.append(names)
        book.active.append(row)
        book.save(file)
    return file


@pytest.mark.parametrize("form", ["csv", "parquet", "xlsx"])
def test_a_table_of_too_many_columns_is_refused_and_one_at_the_limit_is_read(tmp_path, monkeypatch, form):
    monkeypatch.setattr(limits, "MAX_COLUMNS", 20)
    assert re.search("at most 20 are read|more than 20 columns", refusal(wide(tmp_path, 21, form)))
    assert ingest.import_file(wide(tmp_path, 20, form)).added == 1


def test_a_first_line_that_holds_no_column_names_is_not_asked_about(tmp_path, monkeypatch):
    monkeypatch.setattr(regular, "MAX_LINE", 50)
    (tmp_path / "a.csv").write_text(f"a,b,c,d,{'n' * 50}\n1,2,3,4,5\n")
    assert "The first line of a.csv has more than 50 characters" in refusal(tmp_path / "a.csv")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_table_of_too_many_rows_is_refused(tmp_path, monkeypatch, form):
    monkeypatch.setattr(limits, "MAX_ROWS", 5)
    frame = pd.DataFrame({"iso3": "DEU", "indicator": "X", "year": range(2000, 2006), "value": 1.0})
    file = tmp_path / f"long.{form}"
    with file.open("wb") as opened:
        frame.to_csv(opened, index=False) if form == "csv" else frame.to_parquet(opened)
    assert "more than 5 rows" in refusal(file)


def test_rows_that_no_file_of_its_size_holds_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SMALL", 100)
    monkeypatch.setattr(limits, "MAX_ROWS_PER_BYTE", 0.01)
    table = pa.table({"iso3": ["DEU"] * 99, "indicator": ["X"] * 99, "year": [2020] * 99, "value": [1.0] * 99})
    pq.write_table(table, tmp_path / "f.parquet")
    assert "which no genuine data file of its size does" in refusal(tmp_path / "f.parquet")


def test_texts_that_unfold_beyond_their_file_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "SMALL", 10)
    monkeypatch.setattr(limits, "MAX_RATIO", 0.01)
    pd.DataFrame({"iso3": ["DEU"], "indicator": "X", "year": 2020, "value": 1.0}).to_parquet(tmp_path / "f.parquet")
    assert "unfolds to" in refusal(tmp_path / "f.parquet")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_cell_that_is_too_long_is_a_fault_of_its_line(tmp_path, monkeypatch, form):
    monkeypatch.setattr(limits, "MAX_CELL", 30)
    frame = pd.DataFrame({"iso3": ["DEU", "FRA"], "indicator": ["X", "Y" * 31], "year": 2020, "value": 1.0})
    file = tmp_path / f"cells.{form}"
    with file.open("wb") as opened:
        frame.to_csv(opened, index=False) if form == "csv" else frame.to_parquet(opened)
    report = ingest.import_file(file, skip_invalid=True)
    assert (report.added, report.faults["problem"].tolist()) == (
        1,
        ["malformed line: a cell of more than 30 characters"],
    )


@pytest.mark.parametrize("kind", [pa.string(), pa.binary(), pa.dictionary(pa.int8(), pa.string())])
def test_a_batch_with_a_cell_that_is_too_long_is_named(monkeypatch, kind):
    monkeypatch.setattr(limits, "MAX_CELL", 3)
    short, long = (pa.record_batch({"a": pa.array([text, None]).cast(kind)}) for text in ("abc", "abcd"))
    limits.check_cells(short, "t.parquet")
    with pytest.raises(limits.TooMuch, match=r"t\.parquet has a cell of more than 3 characters"):
        limits.check_cells(long, "t.parquet")


def test_odd_lines_of_a_large_file_are_read_in_a_process_of_their_own_and_to_the_same_end(tmp_path, monkeypatch):
    rows = ['DEU,"X\nY",2020,1', "", "FRA,X,2020,1,1,1", 'GBR,X,2020,"2"', "Curaçao,X,2020,3"]
    (tmp_path / "a.csv").write_text("\n".join([HEADER, *rows, ""]), encoding="utf-8")
    how = {"delimiter": ",", "header_line": 1, "width": 4, "needed": 4, "most": 9, "seconds": 60}
    here = regular.write_rows(tmp_path / "a.csv", tmp_path / "here", **how)
    monkeypatch.setattr(regular, "LARGE", 0)
    assert regular.write_rows(tmp_path / "a.csv", tmp_path / "there", **how) == here
    assert here == [(5, "FRA,X,2020,1,1,1", "6 columns instead of 4")]
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()

    def slow(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(regular.subprocess, "run", slow)
    with pytest.raises(regular.TookTooLong):
        regular.write_rows(tmp_path / "a.csv", tmp_path / "there", **how)


def test_a_file_that_grows_while_it_is_copied_is_read_to_the_limit(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_text(f"{HEADER}\nDEU,X,2020,1\n" * 9)
    monkeypatch.setattr(limits, "MAX_BYTES", 100)
    monkeypatch.setattr(layouts, "check_size", _of_no_size(layouts.check_size))
    assert "the limit is" in refusal(file)


def _of_no_size(check):
    """The check of a size where the system says 0 first, as of a pipe."""
    asked = []
    return lambda size, name: check(size if asked else 0, name) or asked.append(1)


def test_a_workbook_is_read_to_so_many_cells_and_rows_it_leaves_out_count(tmp_path, monkeypatch):
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    book.active.cell(5000, 1, "DEU")
    book.save(tmp_path / "far.xlsx")
    monkeypatch.setattr(limits, "MAX_CELLS", 1000)
    assert "more than 1,000 cells" in refusal(tmp_path / "far.xlsx")


def test_a_workbook_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    def slow(command, timeout, **_):
        raise subprocess.TimeoutExpired(command, timeout)

    monkeypatch.setattr(workbook.subprocess, "run", slow)
    assert "takes longer than" in refusal(wide(tmp_path, 4, "xlsx"))


def test_a_check_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_SECONDS", 0)
    (tmp_path / "a.csv").write_text(f"{HEADER}\nDEU,X,2020,1\n")
    assert "takes longer than 0 s to check" in refusal(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "row",
    [
        "nowhere {n},X,2020,1",  # a list of customers taken for countries
        "DEU,X,soon,{n}",
        'DEU,"X{n},2020,1',  # a quotation mark that never closes
    ],
)
def test_a_check_stops_after_so_many_faults_and_nothing_of_the_file_lands(tmp_path, monkeypatch, row):
    monkeypatch.setattr(ingest.checking, "MAX_FAULTS", 20)
    rows = [row.format(n=number) for number in range(200)]
    (tmp_path / "a.csv").write_text("\n".join([HEADER, "FRA,X,2020,1", *rows, ""]))
    for skip in (False, True):
        with pytest.raises(ingest.ImportRefused, match=r"more than 20 fault") as refused:
            ingest.import_file(tmp_path / "a.csv", skip_invalid=skip)
    report = refused.value.report
    assert (report.stopped, report.fault_count, len(report.faults)) == (True, 20, 20)
    assert "X" not in set(store.indicators(store.connect())["code"])


def test_a_check_of_the_same_bytes_against_the_same_store_is_not_made_again(tmp_path, monkeypatch):
    file = tmp_path / "a.csv"
    file.write_text(f"{HEADER}\nDEU,X,2020,1\n")
    made, stage = [], ingest.files.stage_rows
    monkeypatch.setattr(ingest.files, "stage_rows", lambda *arguments: made.append(1) or stage(*arguments))
    for _ in range(3):
        ingest.import_file(file, preview=True)
    assert len(made) == 1
    (tmp_path / "indicators.csv").write_text("indicator,name\nX,Things\n")
    ingest.import_file(file, preview=True)
    store.put_settings({"language": "zh"})
    ingest.import_file(file, preview=True)
    assert len(made) == 3


def test_a_preview_waits_for_no_writer_and_a_landing_is_checked_again_after_one(tmp_path, monkeypatch):
    monkeypatch.setattr(store.writer, "WAIT_S", 0.0)
    file = tmp_path / "a.csv"
    file.write_text(f"{HEADER}\nDEU,X,2020,1\n")
    with store.writing():
        assert ingest.import_file(file, preview=True).values == 1
    check, seen = ingest.files.check_rows, []

    def slow(connection, what):
        seen.append(1)
        if len(seen) == 1:
            store.put_settings({"language": "zh"})
        return check(connection, what)

    monkeypatch.setattr(ingest.files, "check_rows", slow)
    assert ingest.import_file(file).added == 1
    assert len(seen) == 2
    assert store.settings(store.connect())["language"] == "zh"


def test_a_sheet_keeps_its_numbers_and_its_width(tmp_path):
    book = openpyxl.Workbook()
    for row in (["a", "b"], [1.0, 2.5, "x"], [None, True]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    bounds = {"sheets": 9, "cells": 99, "columns": 9, "letters": 999, "seconds": 60}
    [sheet], count = workbook.write_sheets(tmp_path / "a.xlsx", tmp_path, **bounds)
    assert (sheet.title, count) == ("Sheet", 1)
    rows = list(csv.reader(io.StringIO(Path(sheet.file).read_text())))
    assert rows == [["a", "b"], ["1", "2.5", "x"], ["", "True", ""]]


@pytest.mark.parametrize(("size", "most"), [(0, 288 << 20), (30 << 20, 300 << 20), (2 << 30, 1 << 30), (None, 1 << 30)])
def test_the_database_gets_memory_by_the_size_of_the_file_and_never_half_of_the_machine(size, most, monkeypatch):
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1 << 22, "SC_PAGE_SIZE": 4096}.get)
    assert limits.memory(size) == most
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 1 << 16, "SC_PAGE_SIZE": 1024}.get)
    assert limits.memory(size) == 32 << 20
