"""CSV for spreadsheets: no cell of it is a formula, and none runs over into another."""

import csv
import re

import pandas as pd

FORMULA = re.compile(r"^(\t|\r|\n|\s*[=+\-@＝＋－＠])")


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The table with an apostrophe before every text that a spreadsheet would compute, names of columns included."""
    shown = table.rename(columns=_plain)
    for column in range(shown.shape[1]):
        cells = shown.iloc[:, column]
        if not pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_datetime64_any_dtype(cells):
            shown.isetitem(column, cells.astype(object).map(_plain))
    return shown


def to_csv(table: pd.DataFrame) -> bytes:
    """The table as CSV in UTF-8 with its mark, every cell between quotation marks."""
    return plain(table).to_csv(index=False, quoting=csv.QUOTE_ALL).encode("utf-8-sig")


def _plain(cell: object) -> object:
    """Numbers written as text stay as they are: a sign before them computes nothing."""
    if not isinstance(cell, str) or not FORMULA.match(cell):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
