"""Workbooks and the files of statistical packages: every sheet with figures is read, each that is left is named."""

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from data import limits, workbook
from data.faults import Fault, in_turn
from data.layouts.headers import NoIndicator
from data.layouts.layout import Layout, LayoutError, UnknownColumns, together
from data.layouts.text import from_text

MAX_SHEETS = 20
"""Sheets of a workbook that are looked at for figures."""
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def from_excel(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """All sheets of an Excel workbook that have a known layout."""
    try:
        sheets, count = _written(path, scratch, name, "excel")
    except workbook.NotExcel as error:
        raise LayoutError(
            "{file} cannot be read as an Excel file ({error}). Save it again, or as CSV.", file=name, error=error
        ) from error
    return _from_sheets(sheets, count, mapping, name)


def from_opendocument(
    path: Path, archive: zipfile.ZipFile, scratch: Path, mapping: Mapping[str, str] | None, name: str
) -> Layout:
    """All sheets of an OpenDocument table (.ods) that have a known layout."""
    with archive.open("mimetype") as opened:
        if b"opendocument.spreadsheet" not in opened.read(200):
            raise LayoutError("{file} is an OpenDocument file, but no table. Import the table it holds.", file=name)
    if "META-INF/manifest.xml" in archive.namelist():
        with archive.open("META-INF/manifest.xml") as opened:
            if b"encryption-data" in opened.read(1 << 20):
                raise LayoutError(
                    "{file} is protected by a password. Open it in LibreOffice, save it without one and import that.",
                    file=name,
                )
    try:
        sheets, count = _written(path, scratch, name, "opendocument")
    except workbook.NotExcel as error:
        raise LayoutError(
            "{file} cannot be read as an OpenDocument table ({error}). Save it again, or as CSV.",
            file=name,
            error=error,
        ) from error
    return _from_sheets(sheets, count, mapping, name)


def _from_sheets(sheets: list[workbook.Sheet], count: int, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The sheets that were written out as CSV, so that their rows keep their numbers."""
    found: list[Layout] = []
    left: list[Fault] = []
    columns: tuple[str, ...] = ()
    lacking: list[LayoutError] = []
    for sheet in sheets:
        if sheet.hidden:
            left.append(
                Fault("Sheet {sheet} is hidden and was not read. Unhide it if it should be.", sheet=repr(sheet.title))
            )
            continue
        try:
            layout = from_text(Path(sheet.file), mapping, f"{name}, sheet {sheet.title!r}")
        except LayoutError as error:
            lacking.append(error)
            columns = columns or getattr(error, "columns", ())
            continue
        _refuse_what_is_not_stored(sheet, name)
        found.append(replace(layout, part=sheet.title, is_typed=True, left=_hidden_rows(sheet)))
    if count > len(sheets):
        left.append(
            Fault("{count} sheets were not read: at most {most} are.", count=count - len(sheets), most=MAX_SHEETS)
        )
    if found:
        left += [Fault("Sheet not read: {reason}", reason=Fault.of(e)) for e in lacking]
        return together(found, [*(fault for one in found[1:] for fault in one.left), *left])
    if any(isinstance(error, NoIndicator) for error in lacking):
        raise next(error for error in lacking if isinstance(error, NoIndicator))
    raise UnknownColumns("{reasons}", columns, reasons=in_turn([*lacking[:3], *left[:3]]))


def _written(path: Path, scratch: Path, name: str, form: str) -> tuple[list[workbook.Sheet], int]:
    try:
        return workbook.write_sheets(
            path,
            scratch,
            sheets=MAX_SHEETS,
            cells=limits.MAX_CELLS,
            columns=limits.MAX_COLUMNS,
            letters=limits.unfolded(path.stat().st_size),
            seconds=limits.Deadline(name).left(),
            form=form,
        )
    except workbook.TooLarge as error:
        raise LayoutError(
            "{file} holds a sheet that {error}. Leave out what is not needed, or save it as CSV.",
            file=name,
            error=error,
        ) from error


def _refuse_what_is_not_stored(sheet: workbook.Sheet, name: str) -> None:
    if sheet.unstored:
        raise LayoutError(
            "{file}, sheet {sheet}: {count} formulas have no stored result. Open the file in Excel or LibreOffice, "
            "save it and import it again.",
            file=name,
            sheet=repr(sheet.title),
            count=f"{sheet.unstored:,}",
        )
    if sheet.merged:
        raise LayoutError(
            "{file}, sheet {sheet}: a figure stands in cells merged over several rows (row and column {place}). "
            "Unmerge them and write each figure where it belongs.",
            file=name,
            sheet=repr(sheet.title),
            place=sheet.merged,
        )


def _hidden_rows(sheet: workbook.Sheet) -> tuple[Fault, ...]:
    if not sheet.hidden_rows:
        return ()
    return (
        Fault(
            "Sheet {sheet} has {count} hidden rows; they were read like the others.",
            sheet=repr(sheet.title),
            count=f"{sheet.hidden_rows:,}",
        ),
    )


def from_statistics(path: Path, scratch: Path, mapping: Mapping[str, str] | None, name: str) -> Layout:
    """The table of a Stata (.dta) or SPSS (.sav) file. Raises LayoutError for one that is damaged or too old."""
    with path.open("rb") as file:
        form = "spss" if file.read(3) == b"$FL" else "stata"
    package = {"spss": "SPSS", "stata": "Stata"}[form]
    try:
        [sheet], _ = _written(path, scratch, name, form)
    except workbook.NotExcel as error:
        raise LayoutError(
            "{file} cannot be read as a {package} file ({error}). Save it again, or as CSV.",
            file=name,
            package=package,
            error=error,
        ) from error
    layout = from_text(Path(sheet.file), mapping, name)
    return replace(layout, kind=f"{package}, {layout.kind}", decimal=".")


def old_or_locked(path: Path, name: str) -> LayoutError:
    """What an OLE file is: a book behind a password, or one in the format before 2007."""
    with path.open("rb") as file:
        is_locked = any(ENCRYPTED in chunk for chunk in iter(lambda: file.read(1 << 20), b""))
    if is_locked or name.lower().endswith((".xlsx", ".xlsm")):
        return LayoutError(
            "{file} is protected by a password. Open it in Excel, remove the password (File, Info, Protect Workbook), "
            "save it and import that.",
            file=name,
        )
    return LayoutError("{file} is in the old Excel format (.xls). Save it as .xlsx or CSV and import that.", file=name)
