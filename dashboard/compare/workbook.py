"""Tables as an Excel workbook: a sheet a table, headings fixed, nothing a formula."""

import io
from collections.abc import Mapping

import pandas as pd
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

WIDEST = 60
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def as_xlsx(tables: Mapping[str, pd.DataFrame], title: str) -> bytes:
    """One workbook. tables: by sheet name (at most 31 characters). title: in the file's properties."""
    book = Workbook()
    book.remove(book.active)
    book.properties.title = title
    for name, table in tables.items():
        sheet = book.create_sheet(name[:31])
        for column, heading in enumerate(table.columns, start=1):
            _put(sheet, 1, column, str(heading))
            sheet.cell(1, column).font = Font(bold=True)
            values = [None if pd.isna(value) else value for value in table[heading]]
            for line, value in enumerate(values, start=2):
                _put(sheet, line, column, value)
            longest = max((len(str(value)) for value in (heading, *values) if value is not None), default=0)
            sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, WIDEST)
        sheet.freeze_panes = "B2"
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def _put(sheet, line: int, column: int, value: object) -> None:
    """Write a value as what it is: a text that begins with = stays a text."""
    plain = value.item() if hasattr(value, "item") else value
    cell = sheet.cell(line, column, plain)
    if isinstance(plain, str):
        cell.data_type = "s"
