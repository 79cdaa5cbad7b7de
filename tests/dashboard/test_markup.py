"""Text of others as it leaves us: on pages, in CSV, in slides, in PDF, in HTML."""

import csv
import io
import re
import zipfile
from datetime import date

import pandas as pd
import pytest
import streamlit as st
from hypothesis import given
from hypothesis import strategies as texts
from markdown_it import MarkdownIt

from dashboard.board import to_html, to_pdf, to_pptx
from dashboard.board.content import Board, Chart, Section, Series, Slide, Table
from dashboard.i18n import faults
from dashboard.markup import JOINER, code, literal, unlinked
from data import spreadsheets
from data.faults import Fault

MARK = "![p](http://other.invalid/x.png)[go](http://other.invalid) <a href='http://other.invalid'>a</a> =1+1"
HARMLESS = ("text", "softbreak", "hardbreak")
DANGEROUS = {"link_open", "image", "html_inline", "em_open", "strong_open", "code_inline", "s_open"}


def kinds(markdown: str) -> set[str]:
    """What CommonMark, with GitHub's tables and strikethrough, makes of a text."""
    parsed = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    return {part.type for block in parsed for part in (block.children or [block])}


def test_a_picture_and_a_link_stay_letters():
    assert kinds(MARK) & DANGEROUS == {"link_open", "image", "html_inline"}
    assert kinds(literal(MARK)) & DANGEROUS == set()


def test_it_reads_as_it_was_written():
    parsed = MarkdownIt("commonmark").parse(literal(MARK))
    assert "".join(part.content for part in parsed[1].children).replace(JOINER, "") == MARK


@given(texts.text(alphabet="ab*_`[]()!<>~|#&;:-=+\\\n 1.", max_size=40))
def test_no_text_is_markup(text):
    blocks = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(f"x {literal(text)}")
    assert {part.type for block in blocks for part in block.children or []} <= set(HARMLESS)
    assert not {block.type for block in blocks} & {"heading_open", "fence", "table_open", "bullet_list_open"}


@pytest.mark.parametrize(
    "address", ["http://other.invalid", "HTTPS://other.invalid", "www.other.invalid", "a@other.invalid"]
)
def test_an_address_that_stands_by_itself_is_cut_where_streamlit_would_link_it(address):
    shown = literal(f"see {address} there").replace("\\", "")
    assert address not in shown
    assert shown.replace(JOINER, "") == f"see {address} there"


@pytest.mark.parametrize("text", [":smile:", ":red[x]", "$a$", ":material/home:"])
def test_what_streamlit_adds_to_markdown_is_escaped(text):
    assert literal(text)[0] == "\\"


def test_code_stays_code_whatever_stands_in_it():
    assert kinds(code(MARK)) & DANGEROUS == {"code_inline"}
    assert kinds(code("`x` ![p](http://other.invalid)\n\n# y")) & DANGEROUS == {"code_inline"}


def test_two_dollar_signs_are_no_formula():
    assert literal("1 US$ wins 2 US$") == "1 US\\$ wins 2 US\\$"


def test_plain_words_stay_as_they_are():
    for text in ("Germany, 2023 – 81.2 % (World Bank)", "Côte d’Ivoire", "12:30", "a_b.csv"[:1]):
        assert literal(text).replace("\\", "") == text


def test_a_figure_draws_no_link_and_keeps_our_own_emphasis():
    figure = {"data": [{"text": [f"<b>{MARK}</b><br>x"], "x": (1, 2)}], "layout": {"title": {"text": "< A href='x'>"}}}
    assert not re.search(r"<\s*a\b", str(unlinked(figure)), re.IGNORECASE)
    assert "<b>" in str(unlinked(figure))
    assert "<a href" in str(figure)  # the figure itself is shared by all readers


def test_a_fault_quotes_a_file_name_as_text_and_keeps_our_own_code():
    told = faults.spelt(Fault("{file} is empty.", file=MARK))
    assert kinds(told) & DANGEROUS == set()
    assert told.endswith("is empty.")
    assert "`python -m data build`" not in faults.spelt("Run `python -m data build`.")
    assert faults.spelt(Fault("The file is empty.")) == "The file is empty."


def test_a_fault_that_is_none_of_ours_is_text():
    assert kinds(faults.spelt(ValueError(MARK))) & DANGEROUS == set()


# ------------------------------------------------------------------ files


def test_no_cell_of_a_csv_is_a_formula_wherever_it_is_split():
    cells = [
        "=1+1",
        "+1+1",
        "-1+1",
        "@a",
        "\t=1",
        "x\r=1+1",
        "x;=1+1",
        "x\n=1",
        "\uff1d1+1",
        "\uff0b1",
        "\uff20a",
        MARK,
    ]
    table = pd.DataFrame({"=name": cells, "value": range(len(cells))})
    written = spreadsheets.to_csv(table).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert len(rows) == len(cells) + 1
    assert [len(row) for row in rows] == [2] * len(rows)
    assert not [cell for row in rows for cell in row if spreadsheets.FORMULA.match(cell)]
    assert all(line.startswith('"') for line in re.split(r'(?<=")\n', written) if line)
    assert rows[6][0] == "x\r=1+1"  # inside its quotes, no row of its own


def test_numbers_of_a_csv_stay_numbers():
    rows = list(
        csv.reader(io.StringIO(spreadsheets.to_csv(pd.DataFrame({"a": [-1.5], "b": ["-2"]})).decode("utf-8-sig")))
    )
    assert rows == [["a", "b"], ["-1.5", "-2"]]


def test_a_table_s_own_toolbar_saves_nothing():
    assert st.get_option("client.disableDataExport") is True


@pytest.fixture(scope="module")
def marked() -> Board:
    chart = Chart("bars", MARK, (MARK, "b"), (Series(MARK, (1.0, 2.0)),), MARK)
    slide = Slide(MARK, (MARK,), chart, Table((MARK, "x"), ((MARK, MARK),)), MARK)
    return Board(MARK, MARK, (slide,), (Section(MARK, (MARK,), MARK),), MARK, "en", date(2026, 2, 3))


def test_slides_hold_no_foreign_picture_link_or_formula(marked):
    with zipfile.ZipFile(io.BytesIO(to_pptx.as_pptx(marked))) as deck:
        relations = b"".join(deck.read(name) for name in deck.namelist() if name.endswith(".rels"))
        books = [deck.read(name) for name in deck.namelist() if name.endswith(".xlsx")]
    assert b"External" not in relations and b"other.invalid" not in relations
    assert books
    for book in books:
        with zipfile.ZipFile(io.BytesIO(book)) as opened:
            sheets = b"".join(opened.read(name) for name in opened.namelist() if "worksheets/" in name)
        assert b"<f>" not in sheets and b"hyperlink" not in sheets


def test_the_html_pack_holds_no_foreign_picture_or_link(marked):
    page = to_html.as_html(marked)
    assert not re.search(r"<(img|a)\b[^>]*other\.invalid", page)
    assert "&lt;a href" in page


def test_the_pdf_holds_no_link(marked):
    pdf = to_pdf.as_pdf(marked)
    assert b"/URI" not in pdf and b"/JavaScript" not in pdf
