"""Pieces of the Language lab: coloured words that stay readable and safe, files of texts, codes, cells, charts."""

import codecs
import io
import json
import re
import zipfile

import pandas as pd
import plotly.graph_objects as go
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import theme
from dashboard.charts import cards as card_charts
from dashboard.charts import language_reach, texts
from dashboard.inference import text as language_lab_answers
from dashboard.inference import text_files
from dashboard.inference.text_files import Answered, Sheet, TableError
from dashboard.language import highlight as language_lab_drawing
from data import limits, spreadsheets
from models.text import languages
from models.text.classifier import Reason

LOOKS = (theme.LIGHT, theme.DARK)


def luminance(colour: tuple[float, ...]) -> float:
    parts = [c / 255 / 12.92 if c / 255 <= 0.03928 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """WCAG 2.1 contrast ratio."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
@pytest.mark.parametrize("colour", [language_lab_drawing.GOOD, language_lab_drawing.BAD, language_lab_drawing.PLAIN])
def test_the_most_coloured_word_keeps_its_contrast(look, colour):
    red, green, blue, alpha = re.fullmatch(
        r"rgba\((\d+),(\d+),(\d+),([\d.]+)\)", language_lab_drawing.ground(colour, 1.0)
    ).groups()
    mixed = tuple(
        float(alpha) * over + (1 - float(alpha)) * under
        for over, under in zip(map(int, (red, green, blue)), rgb(look.paper), strict=True)
    )
    assert contrast(mixed, rgb(look.ink)) >= 4.5


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_figures_in_bars_can_be_read(look):
    figure = texts.stacked(
        pd.DataFrame({name: [0.5] for name in texts.SENTIMENT}), dict.fromkeys(texts.SENTIMENT, "x"), "", look
    )
    for trace in figure["data"]:
        assert contrast(rgb(trace["marker"]["color"]), rgb(trace["textfont"]["color"])) >= 4.5


def drawn(text: str, *reasons: Reason) -> str:
    return language_lab_drawing.coloured(text, reasons, theme.LIGHT)


def plain(html: str) -> str:
    return re.sub(r"<br>", "\n", re.sub(r"</?(p|span)\b[^>]*>", "", html))


def test_the_text_comes_back_whole_whatever_the_spans():
    assert plain(drawn("good bad", Reason(0, 4, 1.0), Reason(5, 8, -2.0))) == "good bad"
    assert plain(drawn("abc", Reason(0, 2, 1.0), Reason(1, 3, 1.0))) == "abc"  # overlapping
    assert plain(drawn("abc", Reason(-2, 2, 1.0), Reason(2, 99, 1.0))) == "abc"  # beyond the text
    assert plain(drawn("a\nb")) == "a\nb"
    assert plain(drawn("كان الطبيب", Reason(0, 3, 1.0))) == "كان الطبيب"


def test_what_was_typed_is_escaped_inside_and_outside_of_words():
    html = drawn('<b>"x"</b> <i>', Reason(0, 10, 1.0))
    assert "<b>" not in html and "<i>" not in html
    assert html.count("&lt;") == 3


def test_weak_words_are_not_coloured_and_zero_weights_are_no_fault():
    html = drawn("one two", Reason(0, 3, 1.0), Reason(4, 7, 0.01))
    assert html.count("<span") == 1
    assert "<span" not in drawn("one", Reason(0, 3, 0.0))


def test_a_text_is_cleaned_and_cut():
    assert language_lab_answers.given(" a\x00b\n ").text == "ab"
    long = language_lab_answers.given("x" * 5000)
    assert (len(long.text), long.length, long.cut) == (2000, 5000, True)
    assert not language_lab_answers.given("x\x00").cut
    assert not language_lab_answers.given("😀 12").readable
    assert language_lab_answers.given("አገልግሎቱ").readable


@pytest.mark.parametrize(
    ("told", "code"),
    [("sw", "sw"), (" swh_Latn ", "sw"), ("zh-Hans", "zh-Hans"), ("pt_BR", "pt-BR"), ("", None), ("English!", None)],
)
def test_a_language_as_a_person_names_it(told, code):
    assert language_lab_answers.language_code(told) == code


def test_samples_are_of_known_languages_two_each():
    found = language_lab_answers.samples()
    for sample in found:
        assert sample.code in languages.FLORES
        assert languages.bcp47(sample.code).partition("-")[0] == sample.language
        assert sample.pleased != sample.displeased


# ------------------------------------------------------------------ files


def test_csv_with_other_separators_and_a_mark_is_read():
    for text in ("id;text\n1;good, really\n", "\ufeffid\ttext\n1\tgood, really\n", 'id,text\n1,"good, really"\n'):
        sheet = text_files.read(text.encode(), "a.csv")
        assert sheet.rows.to_dict("records") == [{"id": "1", "text": "good, really"}]


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_unicode_text_of_excel_is_read_by_its_mark(mark):
    encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    content = mark + "id\ttext\r\n1\tgut, wirklich – 好\r\n".encode(encoding)
    sheet = text_files.read(content, "a.csv")
    assert sheet.rows.to_dict("records") == [{"id": "1", "text": "gut, wirklich – 好"}]


@pytest.mark.parametrize(("name", "encoding"), [("a.txt", "utf-16"), ("a.tsv", "utf-8")])
def test_tables_between_tabs_are_taken_under_their_own_endings(name, encoding):
    def page():
        from dashboard.language import file as language_lab_file

        language_lab_file.file_of_texts()

    app = AppTest.from_function(page, default_timeout=60).run()
    assert {".tsv", ".txt"} <= set(app.file_uploader(key="lab_file").proto.type)
    content = "id\ttext\r\n1\tgut, wirklich – 好\r\n".encode(encoding)
    app.file_uploader(key="lab_file").set_value((name, content, "text/plain")).run()
    assert not app.exception and not app.error
    assert app.dataframe[0].value.to_dict("records") == [{"id": "1", "text": "gut, wirklich – 好"}]


@pytest.mark.parametrize("content", [b"\x7fELF\x00\x01", "id\n1\n".encode("utf-16-le"), "id\n1\n".encode("utf-32")])
def test_bytes_that_are_no_text_are_no_table(content):
    with pytest.raises(TableError, match="neither CSV, XLSX nor Parquet"):
        text_files.read(content, "a.csv")


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [("text\ngood, really\nbad\n", 2, 1), ("\n\nid;text\n1;good;really;so\n", 4, 2), ("a,b\n1,2,3\n4,5,6\n", 3, 2)],
)
def test_a_first_row_with_more_cells_than_the_header_is_refused(text, found, expected):
    with pytest.raises(TableError, match=f"^Row 2 of a.csv has {found} cells, but its header has {expected}"):
        text_files.read(text.encode(), "a.csv")


def test_empty_cells_behind_the_last_column_and_very_long_texts_are_no_fault():
    rows = text_files.read(b"a,b\n1,2,\n3,4,\n", "a.csv").rows
    assert rows.to_dict("records") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]
    assert text_files.read(b"text\n" + b"x" * 200_000, "a.csv").rows["text"].str.len().tolist() == [200_000]


def test_cells_stay_texts_and_columns_get_names_of_their_own():
    rows = text_files.read(b"a,a,\n007,NA,1e5\n", "a.csv").rows
    assert len(set(rows.columns)) == 3
    assert rows.iloc[0].tolist() == ["007", "NA", "1e5"]


def test_more_rows_than_are_read_are_cut_and_said(monkeypatch):
    monkeypatch.setattr(text_files, "MAX_ROWS", 3)
    content = b"text\n" + b"x\n" * 4
    sheet = text_files.read(content, "a.csv")
    assert (len(sheet.rows), sheet.cut) == (3, True)
    assert not text_files.read(b"text\n" + b"x\n" * 3, "a.csv").cut


def test_too_large_files_and_bombs_are_refused(monkeypatch):
    monkeypatch.setattr(text_files, "MAX_MB", 0)
    with pytest.raises(TableError, match="has over 0 MB"):
        text_files.read(b"text\nx\n", "a.csv")
    monkeypatch.setattr(text_files, "MAX_MB", 1)
    monkeypatch.setattr(text_files, "MAX_UNPACKED_MB", 1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (2 << 20))
    with pytest.raises(TableError, match="unfolds to over 1 MB"):
        text_files.read(packed.getvalue(), "a.xlsx")


def packed_as(table: pd.DataFrame, kind: str) -> bytes:
    target = io.BytesIO()
    if kind == "csv":
        return table.to_csv(index=False).encode()
    if kind == "xlsx":
        table.to_excel(target, index=False)
    else:
        table.to_parquet(target)
    return target.getvalue()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "parquet"])
def test_a_table_that_is_too_wide_or_has_too_long_a_cell_is_refused_with_the_limit(monkeypatch, kind):
    monkeypatch.setattr(limits, "MAX_COLUMNS", 5)
    monkeypatch.setattr(text_files, "MAX_CELL", 10)
    wide = pd.DataFrame([[str(place) for place in range(6)]], columns=list("abcdef"))
    with pytest.raises(TableError, match=r"6 columns; at most 5 are read"):
        text_files.read(packed_as(wide, kind), f"a.{kind}")
    with pytest.raises(TableError, match=r"a cell of over 10 characters"):
        text_files.read(packed_as(pd.DataFrame({"text": ["x" * 11, "y"]}), kind), f"a.{kind}")
    assert len(text_files.read(packed_as(pd.DataFrame({"text": ["x" * 10]}), kind), f"a.{kind}").rows) == 1


@pytest.mark.parametrize("kind", ["xlsx", "parquet"])
def test_cells_are_counted_before_they_are_kept(monkeypatch, kind):
    monkeypatch.setattr(text_files, "MAX_CELLS", 20)
    table = pd.DataFrame({"a": ["x"] * 30, "b": ["y"] * 30})
    with pytest.raises(TableError, match=r"over 20 cells|unfolds to over"):
        text_files.read(packed_as(table, kind), f"a.{kind}")


def test_a_text_that_repeats_in_a_parquet_file_counts_as_often_as_it_stands_there(monkeypatch):
    monkeypatch.setattr(text_files, "MAX_UNPACKED_MB", 1)
    content = packed_as(pd.DataFrame({"text": ["x" * 10_000] * 200}), "parquet")
    assert len(content) < 10_000
    with pytest.raises(TableError, match="unfolds to over 1 MB"):
        text_files.read(content, "a.parquet")


def test_a_workbook_is_read_as_it_stands(monkeypatch):
    table = pd.DataFrame({"text": ["007", None, "x"], "n": [1.0, 2.5, None], "sure": [True, False, True]})
    rows = text_files.read(packed_as(table, "xlsx"), "a.xlsx").rows
    assert rows.to_dict("list") == {"text": ["007", "", "x"], "n": ["1", "2.5", ""], "sure": ["True", "False", "True"]}


def test_parquet_is_read_as_texts_and_cut(monkeypatch):
    content = io.BytesIO()
    table = pd.DataFrame({"text": ["good", None, "bad"], "stars": [5, 1, 2], "tags": [["a"], [], None]})
    table.to_parquet(content, row_group_size=1)
    sheet = text_files.read(content.getvalue(), "a.parquet")
    assert sheet.rows["text"].tolist() == ["good", "", "bad"]
    assert sheet.rows["stars"].tolist() == ["5", "1", "2"]
    monkeypatch.setattr(text_files, "MAX_ROWS", 2)
    cut = text_files.read(content.getvalue(), "a.parquet")
    assert (len(cut.rows), cut.cut) == (2, True)
    with pytest.raises(TableError, match="as a Parquet file"):
        text_files.read(content.getvalue()[:60], "a.parquet")
    monkeypatch.setattr(text_files, "MAX_UNPACKED_MB", 0)
    with pytest.raises(TableError, match="unfolds to over 0 MB"):
        text_files.read(content.getvalue(), "a.parquet")


def test_the_text_column_is_the_longest_and_the_language_column_is_named_so():
    rows = pd.DataFrame({"id": ["1", "2"], "Lang": ["en", "sw"], "said": ["a long text", "another"]})
    assert text_files.text_column(rows) == "said"
    assert text_files.language_column(rows) == "Lang"
    assert text_files.language_column(rows[["id"]]) is None


def test_answers_stand_beside_their_rows_and_columns_do_not_clash():
    sheet = Sheet("a.csv", pd.DataFrame({"text": ["x", "y", "z"], "sentiment": ["own", "", ""]}), False)
    answered = Answered(
        "f", sheet, "text", None, ("sentiment",), (("positive", 0.9, True, True, ""), ("", None, False, False, ""))
    )
    table = answered.table()
    assert table.columns.tolist() == [
        "text",
        "sentiment",
        "sentiment (model)",
        "sentiment_probability",
        "sentiment_sure",
        "sentiment_fit",
        "sentiment_clauses",
    ]
    assert table["sentiment (model)"].tolist() == ["positive", ""]
    assert (answered.total, answered.count, answered.labels("sentiment")) == (3, 2, ["positive"])
    assert len(answered.table(1)) == 1


def test_no_cell_of_a_download_is_a_formula():
    table = pd.DataFrame(
        {"=name": ["=1+1", "@x", "+49 30", "-12.5", "-", "\tx", "fine", None], "n": [-1, -2, -3, -4, -5, -6, -7, -8]}
    )
    found = spreadsheets.plain(table)
    assert found.columns.tolist() == ["'=name", "n"]
    assert found["'=name"].tolist()[:7] == ["'=1+1", "'@x", "'+49 30", "-12.5", "'-", "'\tx", "fine"]
    assert found["n"].tolist() == table["n"].tolist()
    assert table["=name"].iloc[0] == "=1+1"


# ------------------------------------------------------------------ charts


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_charts_are_valid_figures(look):
    scores = pd.DataFrame(
        {
            "title": ["A", "B"],
            "score": [0.4, 0.6],
            "low": [0.3, None],
            "high": [0.5, None],
            "n": [5, 6],
            "judged": [True, False],
            "size": [1e6, 2e7],
        },
        index=["a", "b"],
    )
    bins = pd.DataFrame({"confidence": [0.5], "accuracy": [0.5], "low": [0.4], "high": [0.6], "n": [9]})
    forms = pd.DataFrame({"title": ["F"], "cost": [2.0], "score": [0.5], "bytes": [None]}, index=["fp32"]).astype(
        {"bytes": float}
    )
    counts = pd.DataFrame([[1.0, 0.0], [0.5, 0.5]], index=["A", "B"], columns=["A", "B"])
    curve = pd.DataFrame(
        {"title": ["Swahili"]} | {f"{a}{b}": [0.5] for a in ("people", "gdp") for b in ("", "_low", "_high")}
    )
    for figure in (
        card_charts.dots(scores, ["x", "y"], "F1", look, 0.5),
        card_charts.dots(scores, ["x", "y"], "F1", look, float("nan")),
        card_charts.against_size(scores, ["x", "y"], {"a"}, ("x", "y"), look),
        card_charts.calibration(bins, ["x"], ("x", "y"), look),
        card_charts.trade(forms, ["fp32"], ["x"], ("x", "y"), look),
        card_charts.confusion(counts, [[1, 0], [2, 2]], ("x", "y"), look),
        language_reach.curve(
            curve, {"people": "P", "gdp": "G", "axis": "x"}, pd.Series([False]), {"people": ["x"], "gdp": ["y"]}, look
        ),
        texts.stacked(counts, {"A": "a", "B": "b"}, "n", look, shares=False),
    ):
        json.dumps(figure)
        go.Figure(figure)


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_figures_in_the_confusion_can_be_read_on_every_shade(look):
    shares = pd.DataFrame([[i / 8, i / 8 + 0.06] for i in range(8)]).rename(columns=str, index=str)
    figure = card_charts.confusion(shares, [[1, 1]] * 8, ("x", "y"), look)
    scale = figure["data"][0]["colorscale"]
    for note in figure["layout"]["annotations"]:
        share = shares.at[note["y"], note["x"]]
        upper = next(i for i, (at, _colour) in enumerate(scale) if at >= share)
        lower = max(upper - 1, 0)
        part = (share - scale[lower][0]) / ((scale[upper][0] - scale[lower][0]) or 1)
        ground = [a + (b - a) * part for a, b in zip(rgb(scale[lower][1]), rgb(scale[upper][1]), strict=True)]
        assert contrast(ground, rgb(note["font"]["color"])) >= 3.5, share


def test_a_language_no_model_is_good_enough_for_is_a_hollow_point():
    curve = pd.DataFrame(
        {"title": ["Swahili", "Sango"]}
        | {f"{a}{b}": [0.5, 0.6] for a in ("people", "gdp") for b in ("", "_low", "_high")}
    )
    words = {"people": ["x", "y"], "gdp": ["x", "y"]}
    titles = {"people": "P", "gdp": "G", "axis": "x"}
    people = language_reach.curve(curve, titles, pd.Series([True, False]), words, theme.LIGHT)["data"][0]
    assert people["marker"]["color"] == [theme.LIGHT.accent, theme.LIGHT.paper]
