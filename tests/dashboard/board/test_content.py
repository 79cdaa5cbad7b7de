"""Boards as PowerPoint, HTML and PDF: the same numbers, native charts, a footnote everywhere, nothing that breaks."""

import base64
import io
import math
import re
import zlib
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from openpyxl import load_workbook
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE
from streamlit.testing.v1 import AppTest

from dashboard.board import downloads as board_parts
from dashboard.board import drawing as board_drawing
from dashboard.board import layout as board_layout
from dashboard.board import to_html, to_pdf, to_pptx
from dashboard.board.content import Board, BoardError, Chart, Section, Series, Slide, Table, clean, ticks

NAN = float("nan")
HOSTILE = "A\x00<b>&\x0b\ud800‮\ufffe\"'=1+1 " + "x" * 300
FOOT = "Source: World Bank (CC BY 4.0), 2023. Scenario: more internet, seed 7."
NAMES = ("Germany", "Kenya", "Brazil")
BARS = Chart("bars", "Scores", NAMES, (Series("After", (70.25, 55.5, 31.0), (), (68.0, 50.0, NAN), (72.0, 60.0, NAN)),),
             "Score, 0–100", highlight=1, decimals=1)  # fmt: skip
RANKS = Chart("ranks", "Ranks", NAMES,
              (Series("Before", (3, 1, 2)), Series("After", (1, 2, 3), (), (1, 1, 2), (2, 4, 5))), "Rank")  # fmt: skip
RANGES = Chart("ranges", "Gaps", NAMES, (Series("Gap", (-2.5, 1.0, NAN), (), (-9.0, -1.0, NAN), (4.0, 3.0, NAN)),),
               "US$ m", highlight=1, decimals=1)  # fmt: skip
PLACES = Chart("ranks", "Places", NAMES, (Series("Rank", (3, 1, 2), (), (2, 1, 1), (5, 2, 4)),), "Rank", highlight=0)
TORNADO = Chart("tornado", "Swings", NAMES, (Series("down", (40.0, 44.0, 51.0)), Series("up", (60.0, 52.0, 49.0))),
                "Score", middle=50.0, decimals=1)  # fmt: skip
COLUMNS = Chart("columns", "Money", ("2024", "2025"), (Series("a", (1.0, 2.0)), Series("b", (3.0, -1.0))), "US$ m")
MANY = replace(BARS, series=tuple(Series(name, (1.0, 2.0, 3.0)) for name in "abc"), highlight=None)
STACKED = replace(COLUMNS, kind="stacked", series=(*COLUMNS.series, Series("c", (1.0, NAN))))
LINE = Chart("line", "Path", (), (Series("a", (1.0, 4.0, 9.0), (1.0, 2.0, 3.0)),), "US$ m", "Year")
SCATTER = Chart("scatter", "Plans", NAMES, (Series("plans", (1.0, 4.0, 9.0), (0.1, 0.2, 0.3)),), "Return", "Risk",
                highlight=2, x_decimals=1)  # fmt: skip
KINDS = (BARS, MANY, RANKS, PLACES, RANGES, TORNADO, COLUMNS, STACKED, LINE, SCATTER)
TABLE = Table(("Market", "Rank (5–95 %)"), (("Germany", "1 (1–2)"), ("Kenya", "2 (1–4)")), highlight=1)


def board(*slides: Slide, language: str = "en", title: str = "Scenario: more internet") -> Board:
    method = (Section("How", ("By a recipe.",), '{\n  "seed": 7\n}'),)
    return Board(title, "Healthcare, 2023", slides, method, FOOT, language, date(2026, 2, 3))


def slide(chart: Chart | None = None, table: Table | None = None, title: str = "Kenya rises to 2") -> Slide:
    return Slide(title, ("It does.",), chart, table, FOOT)


def deck(made: Board) -> Presentation:
    return Presentation(io.BytesIO(to_pptx.as_pptx(made)))


def words(sheet) -> list[str]:
    return [shape.text_frame.text for shape in sheet.shapes if shape.has_text_frame]


def charts(sheet) -> list:
    return [shape.chart for shape in sheet.shapes if shape.has_chart]


def tables(sheet) -> list:
    return [shape.table for shape in sheet.shapes if shape.has_table]


def pdf_text(pdf: bytes) -> str:
    """What a PDF of ours says: the strings of its unpacked pages, each read as Latin and as two-byte text."""
    said = []
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        page = zlib.decompress(base64.a85decode(b"<~" + packed.strip(), adobe=True))
        for text in re.findall(rb"\(((?:\\.|[^\\()])*)\) Tj", page, re.DOTALL):
            plain = re.sub(rb"\\([0-7]{3})", lambda found: bytes([int(found[1], 8)]), text)
            plain = re.sub(rb"\\(.)", rb"\1", plain, flags=re.DOTALL)
            said += [plain.decode("cp1252", "replace"), plain.decode("utf-16-be", "replace")]
    return " ".join(said)


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", pdf))


class Reader(HTMLParser):
    """Tags with their attributes, and the text between them; complains of what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "rect", "line", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("rect", "line", "circle"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def read(made: Board) -> Reader:
    reader = Reader()
    reader.feed(to_html.as_html(made))
    assert reader.open == []
    return reader


# ------------------------------------------------------------------ the content


def test_a_slide_without_a_source_is_refused():
    with pytest.raises(BoardError, match="footnote"):
        Slide("Kenya rises", (), None, None, "")
    with pytest.raises(BoardError, match="footnote"):
        Slide("Kenya rises", (), None, None, " \x00 ")
    with pytest.raises(BoardError, match="footnote"):
        replace(board(slide()), footnote="")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"kind": "pie"}, "no chart of the kind"),
        ({"series": ()}, "no values"),
        ({"categories": ("Germany",)}, "values, not 1"),
        ({"kind": "tornado"}, "two series"),
    ],
)
def test_a_chart_that_does_not_fit_together_says_what_is_wrong(wrong, says):
    with pytest.raises(BoardError, match=says):
        replace(BARS, **wrong)


def test_a_row_of_another_length_is_refused():
    with pytest.raises(BoardError, match="cells"):
        Table(("a", "b"), (("1",),))


def test_texts_lose_what_formats_cannot_hold_and_nothing_else():
    assert clean("Côte d’Ivoire\t– 中国\n<b>") == "Côte d’Ivoire – 中国 <b>"
    assert clean("a\x00\x0b\x1b\ud800\u202e\ufffeb") == "ab"
    assert clean("a\r\n  b", keep_lines=True) == "a\n  b"


def test_a_chart_keeps_its_first_categories_and_counts_the_rest():
    first, left = BARS.first(2)
    assert (first.categories, first.series[0].values, left) == (NAMES[:2], (70.25, 55.5), 1)
    assert first.highlight == 1 and BARS.first(1)[0].highlight is None
    assert BARS.first(3) == (BARS, 0)


def test_axes_end_on_round_numbers_beyond_the_values():
    assert ticks(0, 9.3) == [0, 2, 4, 6, 8, 10]
    assert ticks(5, 5)[0] <= 5 <= ticks(5, 5)[-1]
    assert ticks(-0.31, 0.2)[0] <= -0.31


def test_words_are_broken_where_they_may_be_and_long_ones_anywhere():
    assert board_layout.wrapped("one two", 10, 30) == ["one", "two"]
    assert board_layout.wrapped("中国和印度", 10, 31) == ["中国和", "印度"]
    lines = board_layout.wrapped("x" * 50, 10, 40)
    assert "".join(lines) == "x" * 50 and all(board_layout.width(line, 10) <= 40 for line in lines)
    assert board_layout.wrapped("", 10, 40) == [""]


def test_a_text_too_long_for_its_box_says_how_much_is_missing():
    box = board_layout.Box(0, 0, 200, 60)
    found = board_layout.fitted([f"Sentence number {n}." for n in range(20)], box, (14, 10))
    assert found.size == 10 and found.paragraphs[-1] == f"and {20 - len(found.paragraphs) + 1} more"
    assert board_layout.height(found.paragraphs, 10, 200) <= 60


# ------------------------------------------------------------------ PowerPoint


def test_every_slide_has_its_finding_as_title_and_its_footnote():
    made = deck(board(slide(BARS, TABLE), slide(None, None, "Nothing moves")))
    titles = [sheet.shapes.title.text_frame.text for sheet in made.slides]
    assert titles[1:] == ["Kenya rises to 2", "Nothing moves", "How this was computed, and from what"]
    for sheet in list(made.slides)[1:]:
        assert FOOT in words(sheet)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_file_begins_with_what_it_is_for_whom_and_when(language):
    made = replace(board(slide(BARS), language=language), about=("What it is for.", "At home in Kenya."))
    first = deck(made).slides[0]
    day = {"en": "Feb 3, 2026", "zh": "2026年2月3日"}[language]
    assert first.shapes.title.text_frame.text == "Scenario: more internet"
    said = "\n".join(words(first))
    pdf, html = pdf_text(to_pdf.as_pdf(made)), read(made).text
    for wanted in ("Healthcare, 2023", "What it is for.", "At home in Kenya."):
        assert wanted in said and wanted in pdf and wanted in html
    assert day in said and day in html
    assert not charts(first) and "Kenya rises" not in said


def test_what_engineers_need_stands_on_the_last_slide_under_its_own_name():
    made = replace(board(slide(BARS)), engineers=(Section("To compute it again", (), "{}"),))
    sheets = list(deck(made).slides)
    assert sheets[-1].shapes.title.text_frame.text == "Details for engineers"
    assert [sheet for sheet in sheets if "To compute it again" in " ".join(words(sheet))] == sheets[-1:]
    assert pages(to_pdf.as_pdf(made)) == 4 and "Details for engineers" in read(made).text


def test_points_with_their_ranges_say_both_and_mark_the_one_in_question():
    drawing = board_drawing.draw(RANGES, 400, 300)
    (marked,) = [shape for shape in drawing.shapes if isinstance(shape, board_drawing.Word) and shape.ink == "accent"
                 and "to" in shape.text]  # fmt: skip
    assert marked.text == "1.0 (-1.0 to 3.0)" and marked.bold
    places = [shape.text for shape in board_drawing.draw(PLACES, 400, 300).shapes if hasattr(shape, "text")]
    assert {"3 (2–5)", "1 (1–2)", "2 (1–4)"} <= set(places)
    for chart, best_on_top in ((PLACES, True), (RANGES, False)):
        (native,) = charts(deck(board(slide(chart))).slides[1])
        assert native.value_axis.reverse_order is best_on_top
        assert "errBars" in native._chartSpace.xml and "hiLowLines" not in native._chartSpace.xml


def test_a_date_is_not_broken_and_a_table_is_no_smaller_than_it_must_be():
    table = Table(("What", "By when"), (("Have it checked, " * 9, "Dec 29, 2026"), ("Agree on it.", "Jan 28, 2027")))
    grid = board_layout.grid_of(table, board_layout.Box(0, 0, 500, 300), 0)
    assert grid.size == board_layout.TABLE_SIZES[0]
    assert board_layout.width("Dec 29, 2026", grid.size, bold=True) <= grid.widths[1]


@pytest.mark.parametrize("chart", KINDS, ids=lambda chart: chart.kind)
def test_charts_are_native_and_hold_the_very_numbers(chart):
    sheet = deck(board(slide(chart))).slides[1]
    (native,) = charts(sheet)
    wanted = {
        "bars": XL_CHART_TYPE.BAR_CLUSTERED, "tornado": XL_CHART_TYPE.BAR_CLUSTERED,
        "columns": XL_CHART_TYPE.COLUMN_CLUSTERED, "stacked": XL_CHART_TYPE.COLUMN_STACKED,
        "ranks": XL_CHART_TYPE.LINE_MARKERS, "ranges": XL_CHART_TYPE.LINE_MARKERS,
        "line": XL_CHART_TYPE.XY_SCATTER_LINES,
        "scatter": XL_CHART_TYPE.XY_SCATTER,
    }  # fmt: skip
    assert native.chart_type == wanted[chart.kind]
    for series, given in zip(native.plots[0].series, chart.series, strict=True):
        assert series.name == given.name
        assert list(series.values) == [None if math.isnan(value) else value for value in given.values]
    if chart.categories and chart.kind != "scatter":
        assert tuple(native.plots[0].categories) == chart.categories


@pytest.mark.parametrize("chart", KINDS, ids=lambda chart: chart.kind)
def test_the_numbers_behind_a_chart_can_be_edited_in_its_workbook(chart):
    (native,) = charts(deck(board(slide(chart))).slides[1])
    rows = list(load_workbook(io.BytesIO(native.part.chart_workbook.xlsx_part.blob)).active.values)
    found = {value for row in rows for value in row if isinstance(value, int | float)}
    assert found >= {value for series in chart.series for value in series.values if not math.isnan(value)}


def test_a_tornado_stands_on_the_middle_and_reads_from_the_top():
    (native,) = charts(deck(board(slide(TORNADO))).slides[1])
    assert native.value_axis.crosses_at == 50.0
    assert native.category_axis.reverse_order


def test_ranks_have_the_best_on_top_and_whiskers_that_can_be_edited():
    (native,) = charts(deck(board(slide(RANKS))).slides[1])
    assert native.value_axis.reverse_order
    xml = native._chartSpace.xml
    assert xml.count("<c:errBars>") == 1 and "<c:hiLowLines>" in xml
    assert re.findall(r"<c:plus>.*?</c:plus>", xml, re.DOTALL)[0].count("<c:pt ") == 3


def test_bars_start_at_zero():
    (native,) = charts(deck(board(slide(BARS))).slides[1])
    assert native.value_axis.minimum_scale == 0


def test_tables_are_native_and_complete():
    (native,) = tables(deck(board(slide(None, TABLE))).slides[1])
    assert [[cell.text for cell in row.cells] for row in native.rows] == [list(TABLE.header), *map(list, TABLE.rows)]


def test_a_long_table_goes_on_on_more_slides_and_says_what_it_leaves_out():
    long = Table(("Market", "Rank"), tuple((f"Market {n}", str(n)) for n in range(217)))
    made = deck(board(slide(None, long)))
    sheets = [sheet for sheet in made.slides if tables(sheet)]
    cells = [row.cells[0].text for sheet in sheets for row in list(tables(sheet)[0].rows)[1:]]
    assert len(sheets) == 1 + board_layout.MAX_CONTINUED
    assert cells[:-1] == [f"Market {n}" for n in range(len(cells) - 1)]
    assert cells[-1] == f"and {217 - len(cells) + 1} more"
    assert sheets[1].shapes.title.text_frame.text == "Kenya rises to 2 (continued)"


@pytest.mark.parametrize("chart", [*KINDS, None], ids=lambda chart: chart.kind if chart else "none")
@pytest.mark.parametrize("title", ["Kenya rises", "Kenya rises, and " * 30, "肯尼亚上升到第二位，" * 12])
def test_nothing_reaches_beyond_the_slide_or_over_its_neighbours(chart, title):
    many = Slide(title, tuple(f"Sentence {n}, which is not short." for n in range(30)), chart, TABLE, FOOT * 4)
    made = deck(board(many))
    for sheet in made.slides:
        boxes = [(s.left, s.top, s.left + s.width, s.top + s.height) for s in sheet.shapes]
        for left, top, right, bottom in boxes:
            assert 0 <= left <= right <= made.slide_width + 1 and 0 <= top <= bottom <= made.slide_height + 1
        solid = [box for box in boxes if box[3] > box[1]]
        for at, one in enumerate(solid):
            for other in solid[at + 1 :]:
                apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
                assert apart, (one, other)


def test_slides_are_wide_and_numbered():
    made = deck(board(slide(), slide()))
    assert made.slide_width / made.slide_height == pytest.approx(16 / 9)
    assert [re.findall(r'type="slidenum".*?<a:t>(\d+)<', sheet._element.xml, re.DOTALL) for sheet in made.slides] == [
        [], ["2"], ["3"], ["4"],
    ]  # fmt: skip


def test_a_chinese_board_names_a_chinese_face_and_its_language():
    made = deck(board(slide(BARS, TABLE, "肯尼亚升至第2位"), language="zh"))
    xml = made.slides[1]._element.xml
    assert 'typeface="Microsoft YaHei"' in xml and 'lang="zh-CN"' in xml
    assert "Microsoft YaHei" in charts(made.slides[1])[0]._chartSpace.xml
    assert "Microsoft YaHei" not in deck(board(slide(BARS))).slides[1]._element.xml


def test_a_name_is_never_a_formula_in_the_workbook():
    risky = replace(BARS, categories=("=1+1", "http://example.org", "{=SUM(A1)}"))
    (native,) = charts(deck(board(slide(risky))).slides[1])
    book = load_workbook(io.BytesIO(native.part.chart_workbook.xlsx_part.blob)).active
    assert [book.cell(row, 1).data_type for row in (2, 3, 4)] == ["s", "s", "s"]
    assert all(book.cell(row, 1).hyperlink is None for row in (2, 3, 4))


# ------------------------------------------------------------------ HTML


def test_html_is_one_file_that_loads_nothing():
    reader = read(board(*(slide(chart, TABLE) for chart in KINDS)))
    assert not {"script", "link", "img", "iframe", "object", "embed"} & {tag for tag, _ in reader.tags}
    for _tag, attributes in reader.tags:
        assert "src" not in attributes and not any(name.startswith("on") for name in attributes)
        assert attributes.get("href", "#").startswith("#")
    assert "url(" not in to_html.as_html(board(slide(BARS))) and "@import" not in to_html.as_html(board(slide()))
    assert "default-src 'none'" in to_html.as_html(board(slide()))


def test_html_charts_are_told_to_those_who_do_not_see_them():
    reader = read(board(slide(BARS, TABLE)))
    (drawing,) = [attributes for tag, attributes in reader.tags if tag == "svg"]
    ids = {attributes.get("id") for _tag, attributes in reader.tags}
    assert drawing["role"] == "img" and set(drawing["aria-labelledby"].split()) <= ids
    assert "Germany: After 70.2; Kenya: After 55.5; Brazil: After 31.0" in reader.text


def test_html_keeps_every_row():
    long = Table(("Market", "Rank"), tuple((f"Market {n}", str(n)) for n in range(217)))
    assert all(f"Market {n}" in read(board(slide(None, long))).text for n in range(217))


@pytest.mark.parametrize(("language", "code"), [("en", "en"), ("zh", "zh-Hans")])
def test_html_names_its_language_and_knows_light_dark_and_paper(language, code):
    text = to_html.as_html(board(slide(BARS), language=language))
    assert f'<html lang="{code}">' in text
    assert "prefers-color-scheme:dark" in text and "@media print" in text


# ------------------------------------------------------------------ PDF


def test_a_pdf_has_a_page_a_finding_and_its_words():
    pdf = to_pdf.as_pdf(board(slide(BARS, TABLE), slide(None, None, "Nothing moves")))
    assert pdf.startswith(b"%PDF-") and pages(pdf) == 4
    text = pdf_text(pdf)
    for wanted in ("Kenya rises to 2", "Nothing moves", "Germany", "1 (1–2)", "70.2", "Page 4 of 4", "By a recipe."):
        assert wanted in text
    assert text.count("seed 7.") == 3


@pytest.mark.parametrize("chart", KINDS, ids=lambda chart: chart.kind)
def test_a_pdf_draws_every_kind_of_chart_as_lines(chart):
    pdf = to_pdf.as_pdf(board(slide(chart, TABLE)))
    assert pages(pdf) == 3 and b"/Subtype /Image" not in pdf


def test_a_pdf_prints_chinese():
    pdf = to_pdf.as_pdf(board(slide(BARS, TABLE, "肯尼亚升至第2位"), language="zh"))
    assert b"STSong-Light" in pdf and "肯尼亚升至第" in pdf_text(pdf)


def test_arrows_print_although_the_latin_face_has_none():
    pdf = to_pdf.as_pdf(board(slide(RANKS)))
    assert "→" in pdf_text(pdf)


# ------------------------------------------------------------------ all three


@pytest.mark.parametrize("write", [to_pptx.as_pptx, to_html.as_html, to_pdf.as_pdf])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_names_that_break_formats_break_none(write, language):
    bad = tuple(f"{HOSTILE}{n}" for n in range(3))
    slides = [slide(replace(chart, categories=bad if len(chart.categories) == 3 else chart.categories,
                            title=HOSTILE, unit=HOSTILE, x_unit=HOSTILE), Table((HOSTILE, "n"), ((HOSTILE, "1"),)),
                    HOSTILE) for chart in KINDS]  # fmt: skip
    code = (Section(HOSTILE, (HOSTILE * 9,), HOSTILE + "\n" + HOSTILE),)
    made = Board(HOSTILE, HOSTILE, tuple(slides), code, HOSTILE, language, date(2026, 2, 3))
    text = write(made)
    if write is to_html.as_html:
        assert "<b>" not in text.replace("&lt;b&gt;", "")
        reader = Reader()
        reader.feed(text)
        assert reader.open == []
    elif write is to_pptx.as_pptx:
        opened = Presentation(io.BytesIO(text))
        assert "<b>&\"'=1+1" in opened.slides[1].shapes.title.text_frame.text
        assert all(charts(sheet) for sheet in list(opened.slides)[1:2])
    else:
        assert pages(text) >= len(KINDS)


@pytest.mark.parametrize("write", [to_pptx.as_pptx, to_html.as_html, to_pdf.as_pdf])
def test_a_board_is_written_in_its_own_language_whatever_the_reader_speaks_now(write, speak):
    many = Chart(
        "bars", "Scores", tuple(map(str, range(60))), (Series("After", tuple(map(float, range(60)))),), "Score"
    )
    speak("zh")
    made = write(board(slide(many)))
    assert board_parts.language.current() == "zh"
    if write is to_html.as_html:
        assert "and 36 more" in made
    elif write is to_pptx.as_pptx:
        assert "and 40 more" in charts(Presentation(io.BytesIO(made)).slides[1])[0].chart_title.text_frame.text
    else:
        assert "and 36 more" in pdf_text(made) and "Page 2 of 3" in pdf_text(made)


def test_every_kind_of_chart_stays_inside_its_drawing():
    for chart in KINDS:
        drawing = board_drawing.draw(chart, 400, 300)
        for shape in drawing.shapes:
            if isinstance(shape, board_drawing.Rect):
                assert shape.left >= -0.1 and shape.left + shape.width <= 400.1
                assert shape.top >= -0.1 and shape.top + shape.height <= 300.1
            if isinstance(shape, board_drawing.Dot):
                assert 0 <= shape.x <= 400 and 0 <= shape.y <= 300


def test_a_value_that_is_missing_is_left_out_of_a_chart_not_drawn_as_zero():
    gap = replace(BARS, series=(Series("After", (70.0, NAN, 31.0)),), highlight=None)
    assert sum(isinstance(shape, board_drawing.Rect) for shape in board_drawing.draw(gap, 400, 300).shapes) == 2


# ------------------------------------------------------------------ taking it away


def test_a_download_is_made_in_the_language_the_reader_had(speak):
    seen = []

    def make() -> Board:
        seen.append(board_parts.language.current())
        return board(slide(BARS), language="zh")

    later = board_parts.Later(make, "html", "zh")
    assert seen == []
    assert b'lang="zh-Hans"' in later() and seen == ["zh"]


@pytest.mark.parametrize(("form", "start"), [("pptx", b"PK"), ("html", b"<!doctype"), ("pdf", b"%PDF-")])
def test_each_download_is_what_it_says(speak, form, start):
    assert board_parts.Later(lambda: board(slide(BARS)), form, "en")().startswith(start)


def test_file_names_hold_no_separators():
    assert board_parts.file_name("../My plan: 中国 <2>/") == "My-plan-中国-2"
    assert board_parts.file_name("???") == "board"
    assert board_parts.file_name("मेरी योजना / 1") == "मेरी-योजना-1"


def test_a_page_offers_three_files_and_makes_none_until_asked():
    def page():
        from dashboard.board import downloads as board_parts

        def make():
            raise AssertionError("made before it was asked for")

        board_parts.board_downloads(make, "My plan")

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert [element.proto.label for element in app.get("download_button")] == ["PowerPoint", "HTML", "PDF"]
