"""A file of texts: read as text, whichever column; and what the models said of it, as a table to take away."""

import codecs
import csv
import io
import zipfile
from collections import Counter
from dataclasses import dataclass

import openpyxl
import pandas as pd
import pyarrow
import pyarrow.compute
from pyarrow import parquet

from data import limits
from data.faults import Fault
from models.text.pipeline import SENTIMENT

MAX_ROWS = 100_000
MAX_MB = 50
MAX_UNPACKED_MB = 500
MAX_CELL = 1_000_000
"""Characters of a cell."""
MAX_CELLS = 20_000_000
"""Cells of a workbook that are looked at, and values of a Parquet file, empty ones included."""
SAMPLED = 500


class TableError(Fault, ValueError):
    """A file cannot be read as a table of texts; the message says why and what to do."""


@dataclass(frozen=True)
class Sheet:
    """A file's rows, every cell a text. cut: whether it had more rows than are read."""

    name: str
    rows: pd.DataFrame
    cut: bool


def read(content: bytes, name: str) -> Sheet:
    """A CSV (UTF-8, or UTF-16 with its mark; comma, semicolon or tab), XLSX (its first sheet) or Parquet file, to
    MAX_ROWS rows. Raises TableError.
    """
    if len(content) > MAX_MB * 2**20:
        raise TableError(
            "{file} has over {mb} MB. Split it, or leave out columns that are not needed.", file=name, mb=MAX_MB
        )
    if not content.strip():
        raise TableError("{file} is empty. Choose a file with a header and rows below it.", file=name)
    kinds = {b"PK\x03\x04": _excel, b"PAR1": _parquet}
    rows = kinds.get(content[:4], _csv)(content, name)
    _check_width(rows.shape[1], name)
    rows.columns = _named(rows.columns)
    rows = rows.dropna(how="all").fillna("").astype(str)
    if rows.empty:
        raise TableError("{file} has a header and no rows below it. Choose a file with rows.", file=name)
    if max(rows[column].str.len().max() for column in rows) > MAX_CELL:
        raise _too_long(name)
    return Sheet(name, rows.head(MAX_ROWS).reset_index(drop=True), len(rows) > MAX_ROWS)


def _check_width(columns: int, name: str) -> None:
    try:
        limits.check_columns(columns, name)
    except limits.TooMuch as error:
        raise TableError.of(error) from error


def _too_long(name: str) -> TableError:
    return TableError(
        "{file} has a cell of over {most} characters. Shorten it, or leave its column out.", file=name, most=MAX_CELL
    )


def _csv(content: bytes, name: str) -> pd.DataFrame:
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # as Excel writes "Unicode text"
    encoding = "utf-16" if marked else "utf-8-sig"
    if "\x00" in content[:4096].decode(encoding, "ignore"):
        raise TableError(
            "{file} is neither CSV, XLSX nor Parquet. Save it as one of these and choose it again.", file=name
        )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise TableError(
            "{file} is not UTF-8 text. In Excel, choose 'CSV UTF-8 (comma delimited)' when saving.", file=name
        ) from error
    header = text.lstrip("\r\n").partition("\n")[0]
    if header.lstrip().lower().startswith(("<!doctype", "<html", "<?xml")):
        raise TableError(
            "{file} is a web page or XML, not a table. Save it as CSV or XLSX and choose it again.", file=name
        )
    separator = max(",;\t", key=header.count)
    _check_first_row(text, separator, name)
    try:
        return pd.read_csv(
            io.StringIO(text), sep=separator, dtype=str, keep_default_na=False, nrows=MAX_ROWS + 1, index_col=False
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
        raise TableError(
            "{file} cannot be read as a table ({error}). Check its quotes and save it again.", file=name, error=error
        ) from error


def _check_first_row(text: str, separator: str, name: str) -> None:
    """Refuse cells of the first row that have no column: pandas drops them, and refuses those of later rows itself."""
    found = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = (row for row in found if len(row) > 1 or (row and row[0].strip()))
    try:
        header, first = next(rows, []), next(rows, [])
    except csv.Error:  # a cell of over 128 KiB, which pandas reads
        return
    _check_width(len(header), name)
    if any(cell.strip() for cell in first[len(header) :]):
        raise TableError(
            "Row 2 of {file} has {found} cells, but its header has {expected}. Put texts that hold the separator "
            "between quotation marks.",
            file=name,
            found=len(first),
            expected=len(header),
        )


def _excel(content: bytes, name: str) -> pd.DataFrame:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > MAX_UNPACKED_MB * 2**20:
            raise TableError(
                "{file} unfolds to over {mb} MB and is not opened. Save it as CSV.", file=name, mb=MAX_UNPACKED_MB
            )
        return _first_sheet(content, name)
    except TableError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part of the archive makes it raise
        raise TableError(
            "{file} cannot be read as an Excel file ({error}). Save it again, or as CSV.", file=name, error=error
        ) from error


def _first_sheet(content: bytes, name: str) -> pd.DataFrame:
    """The rows of a workbook's first sheet, read one by one, so that a wide or endless one is refused on the way."""
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its own size need not be true
        rows, looked_at = [], 0
        for row in sheet.iter_rows(values_only=True):
            _check_width(len(row), name)
            looked_at += max(len(row), 1)
            if looked_at > MAX_CELLS:
                raise TableError(
                    "{file} has over {most} cells. Save the rows that are needed as CSV.", file=name, most=MAX_CELLS
                )
            if rows or any(cell is not None for cell in row):
                rows.append([_cell(cell, name) for cell in row])
            if len(rows) > MAX_ROWS + 1:
                break
    finally:
        book.close()
    header, *found = rows or [[]]
    width = max(map(len, rows), default=0)
    while width and not any(len(row) >= width and row[width - 1] for row in rows):
        width -= 1
    filled = [(row + [""] * width)[:width] for row in found]
    return pd.DataFrame(filled, columns=(header + [""] * width)[:width], dtype=object)


def _cell(value: object, name: str) -> str:
    """A cell as text: a whole number without its point."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value)
    if len(text) > MAX_CELL:
        raise _too_long(name)
    return text


def _parquet(content: bytes, name: str) -> pd.DataFrame:
    try:
        file = parquet.ParquetFile(io.BytesIO(content))
        _check_width(file.metadata.num_columns, name)
        groups = [file.metadata.row_group(place) for place in range(file.num_row_groups)]
        values = sum(group.column(place).num_values for group in groups for place in range(group.num_columns))
        if sum(group.total_byte_size for group in groups) > MAX_UNPACKED_MB * 2**20 or values > MAX_CELLS:
            raise TableError(
                "{file} unfolds to over {mb} MB and is not opened. Save it as CSV.", file=name, mb=MAX_UNPACKED_MB
            )
        texts = [field.name for field in file.schema_arrow if pyarrow.types.is_string(field.type)]
        file = parquet.ParquetFile(io.BytesIO(content), read_dictionary=texts)  # a text that repeats is there once
        batches, read, unfolded = [], 0, 0
        for batch in file.iter_batches(batch_size=10_000):
            unfolded += _unfolded(batch, name)
            if unfolded > MAX_UNPACKED_MB * 2**20:
                raise TableError(
                    "{file} unfolds to over {mb} MB and is not opened. Save it as CSV.", file=name, mb=MAX_UNPACKED_MB
                )
            batches.append(batch)
            read += batch.num_rows
            if read > MAX_ROWS:
                break
        table = pyarrow.Table.from_batches(batches, None if batches else file.schema_arrow)
        rows = table.to_pandas()
        return rows.reset_index(drop=True).map(lambda cell: "" if _is_missing(cell) else str(cell))
    except TableError:
        raise
    except Exception as error:  # pyarrow raises whatever a damaged part of the file makes it raise
        raise TableError(
            "{file} cannot be read as a Parquet file ({error}). Save it again, or as CSV.", file=name, error=error
        ) from error


def _unfolded(batch: pyarrow.RecordBatch, name: str) -> int:
    """How many characters the texts of a batch have once every row holds its own, and bytes of what is no text."""
    total = 0
    for column in batch.columns:
        if not isinstance(column, pyarrow.DictionaryArray):
            total += column.nbytes
            continue
        lengths = pyarrow.compute.utf8_length(column.dictionary)
        if (pyarrow.compute.max(lengths).as_py() or 0) > MAX_CELL:
            raise _too_long(name)
        total += pyarrow.compute.sum(lengths.take(column.indices)).as_py() or 0
    return total


def _is_missing(cell: object) -> bool:
    return cell is None or (pd.api.types.is_scalar(cell) and bool(pd.isna(cell)))


def _named(columns: pd.Index) -> list[str]:
    """Names for every column, each once."""
    seen: Counter[str] = Counter()
    named = []
    for place, column in enumerate(columns, start=1):
        name = str(column).strip() or f"column {place}"
        seen[name] += 1
        named.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return named


def text_column(rows: pd.DataFrame) -> str:
    """The column that most looks like texts: the longest cells on average."""
    return rows.head(SAMPLED).map(len).mean().idxmax()


def language_column(rows: pd.DataFrame) -> str | None:
    """A column called language, or lang; None without one."""
    return next((name for name in rows.columns if name.lower() in ("language", "lang")), None)


@dataclass(frozen=True)
class Answered:
    """What the models said of the first rows of a sheet, in columns beside the text.

    file: which upload it belongs to. text, language: columns of the sheet. answers: a tuple a row, a value a column of
    `columns`. seconds: spent so far. problem: the fault that stopped it, if one did. fast: without the encoder.
    """

    file: str
    sheet: Sheet
    text: str
    language: str | None
    models: tuple[str, ...]
    answers: tuple[tuple[object, ...], ...] = ()
    seconds: float = 0.0
    problem: str = ""
    fast: bool = False

    @property
    def about(self) -> tuple[object, ...]:
        """What is asked of which file."""
        return self.file, self.text, self.language, self.models, self.fast

    @property
    def count(self) -> int:
        """Rows that are answered."""
        return len(self.answers)

    @property
    def total(self) -> int:
        return len(self.sheet.rows)

    @property
    def columns(self) -> list[str]:
        parts = ("", "_probability", "_sure", "_fit")
        clauses = [f"{SENTIMENT}_clauses"] if SENTIMENT in self.models else []
        return [f"{model}{part}" for model in self.models for part in parts] + clauses

    def table(self, most: int | None = None) -> pd.DataFrame:
        """The sheet's rows that are answered (the first `most`) with the answers beside them."""
        answers = self.answers[:most]
        found = pd.DataFrame(list(answers), columns=self.columns)
        kept = self.sheet.rows.head(len(answers))
        return pd.concat([kept, found.rename(columns={name: _free(name, kept) for name in found})], axis=1)

    def counts(self, rows_by: str, columns_by: str) -> pd.DataFrame:
        """Rows of each class of one model (rows) and of another (columns), but for rows without words."""
        found = pd.DataFrame(list(self.answers), columns=self.columns)
        found = found[(found[rows_by] != "") & (found[columns_by] != "")]
        return pd.crosstab(found[rows_by], found[columns_by])

    def labels(self, model: str, sure: bool = False) -> list[str]:
        """The classes a model gave, without the rows that have no word; only those it is sure of, where asked for."""
        place = self.columns.index(model)
        return [row[place] for row in self.answers if row[place] and (row[place + 2] or not sure)]

    @property
    def opposed(self) -> int:
        """Rows that are surely positive and surely negative, clause by clause."""
        return sum(bool(row[-1]) for row in self.answers) if SENTIMENT in self.models else 0

    def unfit(self, model: str) -> int:
        """Rows answered in languages that a model is not fit for."""
        place = self.columns.index(model)
        return sum(bool(row[place]) and not row[place + 3] for row in self.answers)


def _free(name: str, kept: pd.DataFrame) -> str:
    return f"{name} (model)" if name in kept.columns else name
