"""CSV files that a spreadsheet opens without computing anything in them."""

import csv
import io

import pandas as pd
import pytest

from data import spreadsheets


def rows_of(table: pd.DataFrame, delimiter: str = ",") -> list[list[str]]:
    text = spreadsheets.to_csv(table).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", " ="])
def test_what_a_spreadsheet_would_compute_is_text(sign):
    [heading, row] = rows_of(pd.DataFrame({f"{sign}A1": [f"{sign}1+1"], "kind": pd.Categorical([f"{sign}x"])}))
    assert [cell[0] for cell in (heading[0], row[0], row[1])] == ["'", "'", "'"]


def test_every_cell_stands_between_quotation_marks():
    table = pd.DataFrame({"line": [1, 2], "value": ["x;=1+1", "x\r=1+1"], "size": [0.5, None]})
    text = spreadsheets.to_csv(table).decode("utf-8-sig")
    assert text.replace("\r=", "").splitlines() == ['"line","value","size"', '"1","x;=1+1","0.5"', '"2","x1+1",""']
    assert rows_of(table)[1:] == [["1", "x;=1+1", "0.5"], ["2", "x\r=1+1", ""]]


@pytest.mark.parametrize("cell", ["-3.5", "+2", "-1e5", "plain", "", "a=b", "1 - 2"])
def test_numbers_and_plain_texts_stay_as_they_are(cell):
    assert rows_of(pd.DataFrame({"a": [cell], "b": [-1.5]}))[1] == [cell, "-1.5"]


def test_the_table_itself_is_not_changed():
    table = pd.DataFrame({"a": ["=1"], "b": pd.to_datetime(["2026-01-01"])})
    spreadsheets.plain(table)
    assert table["a"].tolist() == ["=1"]
