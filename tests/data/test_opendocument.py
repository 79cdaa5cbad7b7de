"""OpenDocument tables: the same sheets, cells and warnings as an Excel workbook."""

import zipfile

import pytest

from data import ingest, layouts
from tests.stored import landed

pytestmark = pytest.mark.usefixtures("home")
SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{short}:1.0"'
    for short in ("office", "table", "text", "style")
)
HEADER = ["iso3", "indicator", "year", "value"]


def cell(value: object, more: str = "") -> str:
    if value is None:
        return f"<table:table-cell {more}/>"
    if isinstance(value, str):
        return f'<table:table-cell office:value-type="string" {more}><text:p>{value}</text:p></table:table-cell>'
    return (
        f'<table:table-cell office:value-type="float" office:value="{value}" {more}><text:p>~{value}</text:p>'
        "</table:table-cell>"
    )


def row(*cells: object, more: str = "") -> str:
    texts = (one if isinstance(one, str) and one.startswith("<table:") else cell(one) for one in cells)
    return f"<table:table-row {more}>{''.join(texts)}</table:table-row>"


def sheet(name: str, *rows: str, style: str = "") -> str:
    filler = f'<table:table-row table:number-rows-repeated="1000000">{cell(None, repeated(16000))}</table:table-row>'
    return f'<table:table table:name="{name}" table:style-name="{style}">{"".join(rows)}{filler}</table:table>'


def repeated(times: int) -> str:
    return f'table:number-columns-repeated="{times}"'


def book(folder, *sheets: str, manifest: str = "", kind: str = "spreadsheet", before: str = ""):
    with zipfile.ZipFile(folder / "figures", "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("mimetype", f"application/vnd.oasis.opendocument.{kind}")
        parts.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
        parts.writestr(
            "content.xml",
            f'<?xml version="1.0"?>{before}<office:document-content {SPACES}><office:automatic-styles>'
            '<style:style style:name="away"><style:table-properties table:display="false"/></style:style>'
            f"</office:automatic-styles><office:body><office:spreadsheet>{''.join(sheets)}</office:spreadsheet>"
            "</office:body></office:document-content>",
        )
    return folder / "figures"


def refused(path) -> str:
    with pytest.raises((layouts.LayoutError, ingest.ImportRefused)) as error:
        ingest.import_file(path)
    return str(error.value)


def test_every_sheet_of_an_opendocument_table_is_read_and_each_that_is_not_is_named(tmp_path):
    report = ingest.import_file(
        book(
            tmp_path,
            sheet("GDP", row("A title"), row(), row(*HEADER), row("KEN", "X", 2020, 1.5), row("GHA", "X", 2020, None),
                  row("PER", "X", 2020, 3, more='table:visibility="collapse"')),
            sheet("Notes", row("Figures of our own")),
            sheet("Draft", row(*HEADER), row("KEN", "Z", 2020, 9), style="away"),
        )
    )  # fmt: skip
    assert (landed(), report.empty) == ({("KEN", "X", 2020): 1.5, ("PER", "X", 2020): 3.0}, 1)
    assert report.cells == sum(int(str(said).split()[0]) for said in report.balance())
    told = " ".join(map(str, report.remarks()))
    assert all(word in told for word in ("'Draft' is hidden", "sheet 'Notes'", "'GDP' has 1 hidden rows"))


def test_percent_cells_repeated_cells_comments_and_merged_countries_are_read_as_they_are_shown(tmp_path):
    percent = '<table:table-cell office:value-type="percentage" office:value="0.287"/>'
    noted = (
        '<table:table-cell office:value-type="string"><office:annotation><text:p>sure?</text:p></office:annotation>'
        "<text:p>KEN</text:p></table:table-cell>"
    )
    merged = cell("Ghana", 'table:number-rows-spanned="2" table:number-columns-spanned="1"')
    ingest.import_file(
        book(
            tmp_path,
            sheet("S", row("country", "indicator", "2018", "2019", "2020"),
                  row(noted, "X", percent, cell(7, repeated(2))),
                  row(merged, "X", 1, 2, 3), row("<table:covered-table-cell/>", "Y", 4, 5, 6)),
        )
    )  # fmt: skip
    assert landed() == {
        ("KEN", "X", 2018): 28.7, ("KEN", "X", 2019): 7.0, ("KEN", "X", 2020): 7.0,
        **{("GHA", "X", 2018 + i): 1.0 + i for i in range(3)}, **{("GHA", "Y", 2018 + i): 4.0 + i for i in range(3)},
    }  # fmt: skip


def test_a_formula_without_a_result_and_a_figure_in_merged_cells_are_named(tmp_path):
    formula = '<table:table-cell table:formula="of:=1+1"/>'
    assert "1 formulas have no stored result" in refused(
        book(tmp_path, sheet("S", row(*HEADER), row("KEN", "X", 2020, formula)))
    )
    merged = cell(1, 'table:number-rows-spanned="2" table:number-columns-spanned="1"')
    below = row("GHA", "X", 2020, "<table:covered-table-cell/>")
    assert "merged over several rows" in refused(
        book(tmp_path, sheet("S", row(*HEADER), row("KEN", "X", 2020, merged), below))
    )


def test_what_is_no_open_table_is_named_for_what_it_is(tmp_path):
    good = sheet("S", row(*HEADER), row("KEN", "X", 2020, 1))
    assert "protected by a password" in refused(book(tmp_path, good, manifest="<encryption-data/>"))
    assert "no table" in refused(book(tmp_path, good, kind="text"))
    assert "declares a document type" in refused(book(tmp_path, good, before="<!DOCTYPE x>"))
    assert "cannot be read as an OpenDocument table" in refused(book(tmp_path, good, before="<broken>"))
