"""PDFs in every script: each letter has its face, letters join and stand in their order, and what cannot be is told."""

import io
import re
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from reportlab.pdfbase import pdfmetrics

from analytics.allocation import problem as allocation_problem
from analytics.allocation import solution
from analytics.scenario import outcome as outcomes
from analytics.scenario.document import Base, BaseKey, Scenario, Shock
from dashboard import load
from dashboard.board import layout as board_layout
from dashboard.board import one_pager, to_pdf, typesetting
from dashboard.board.content import Board, Chart, Section, Series, Slide, Table, clean
from dashboard.compare import board as compare_board
from dashboard.plan import board as plan_board
from dashboard.plan.words import Names
from dashboard.scenarios import board as scenario_board

SAMPLES = {
    "Polish": "Łódź",
    "Turkish": "İzmir, Iğdır",
    "Vietnamese": "Việt Nam",
    "Russian": "Россия",
    "Greek": "Ελλάδα",
    "Arabic": "مصر",
    "Persian": "ایران می‌شود",
    "Urdu": "پاکستان ٹھٹہ",
    "Hebrew": "ישראל",
    "Hindi": "भारत क्षेत्र",
    "Bengali": "বাংলাদেশ",
    "Tamil": "தமிழ்நாடு கொழும்பு",
    "Telugu": "తెలంగాణ రాష్ట్రం",
    "Thai": "ไทย น้ำ",
    "Khmer": "កម្ពុជា",
    "Lao": "ລາວ",
    "Armenian": "Հայաստան",
    "Georgian": "საქართველო",
    "Korean": "대한민국",
    "Chinese": "中国 臺灣",
    "Japanese": "日本の東京",
}
ALL = ", ".join(SAMPLES.values())
SUPPLIED = {"Helvetica": "cp1252", "Courier": "cp1252", "STSong-Light": "gbk", "HYGothic-Medium": "cp949"}
SOURCE = "Source: World Bank (CC BY 4.0), 2023."
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "allocation.json"


@pytest.fixture(autouse=True)
def english(speak):
    speak("en")


def glyphs(text: str, bold: bool = False) -> list[int]:
    """Numbers of the glyphs a text is set in, from left to right; those of supplied faces as minus their code."""
    found = []
    for run in typesetting.line(text, bold):
        if run.face in SUPPLIED:
            assert run.text.encode(SUPPLIED[run.face])
            found += [-ord(character) for character in run.text]
        else:
            found += [pdfmetrics.getFont(run.face).face.charToGlyph[ord(character)] for character in run.text]
    return found


def texts(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200c]", "", text)


def faces(pdf: bytes) -> dict[str, bool]:
    """The faces of a PDF, and whether their outlines are in it."""
    found = {}
    for page in PdfReader(io.BytesIO(pdf)).pages:
        for font in page["/Resources"]["/Font"].values():
            embedded = "/FontDescriptor" in font.get_object() and "/FontFile2" in font["/FontDescriptor"]
            found[font["/BaseFont"].lstrip("/").split("+")[-1]] = embedded
    return found


def pack(*names: str, language: str = "en", code: str = "{}") -> Board:
    chart = Chart(
        "bars", names[0], names, (Series(names[0], tuple(map(float, range(len(names))))),), names[0], "", 0.0, 0
    )
    table = Table(("Country", names[0]), tuple((name, "1") for name in names), highlight=0)
    slide = Slide(f"{names[0]} rises to 2", (f"It is {', '.join(names)}.",), chart, table, f"{SOURCE} {names[0]}")
    method = (Section(names[0], (f"By a recipe of {names[0]}.",), code),)
    return Board(f"Plan: {names[0]}", names[0], (slide,), method, SOURCE, language, date(2026, 2, 3))


# ------------------------------------------------------------------ letters


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("name", SAMPLES)
def test_no_glyph_of_a_script_is_missing(name, bold):
    found = glyphs(SAMPLES[name], bold)
    assert found and all(found)
    assert typesetting.lacking(SAMPLES[name]) == set()


@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_copied_from_a_pack_is_what_was_written(name):
    assert squeezed(SAMPLES[name]) in squeezed(texts(to_pdf.as_pdf(pack(SAMPLES[name]))))


def test_greek_and_russian_are_not_as_wide_as_chinese():
    assert {run.face for run in typesetting.line("Россия, Ελλάδα")} == {"Arimo Regular"}
    assert typesetting.width("Россия") == pytest.approx(3.3, abs=0.1)


def test_latin_in_arimo_is_as_wide_as_in_helvetica():
    for character in "Lodz 2024 (12.5 %), Kenya":
        assert typesetting.width(character) == pytest.approx(
            pdfmetrics.stringWidth(character, "Helvetica", 1), abs=0.01
        )


def test_bold_letters_are_bolder_and_another_face():
    (thin,), (bold,) = typesetting.line("Łódź"), typesetting.line("Łódź", bold=True)
    assert (thin.face, bold.face) == ("Arimo Regular", "Arimo Bold")
    assert bold.width > thin.width
    assert pdfmetrics.getFont(thin.face) is not pdfmetrics.getFont(bold.face)


def test_letters_are_joined_where_the_script_joins_them():
    for word in ("مصر", "لا"):
        assert set(glyphs(word)).isdisjoint(glyph for letter in word for glyph in glyphs(letter))
    assert len(glyphs("क्ष")) == 1


def test_a_joiner_is_kept_and_parts_persian_letters():
    assert clean("می\u200cشود") == "می\u200cشود"
    assert clean("a\u200bb\u200ec\u202ed") == "abcd"
    assert glyphs("می\u200cشود") != glyphs("میشود")


# ------------------------------------------------------------------ order


def order(text: str) -> str:
    """What the glyphs of a line stand for, from left to right."""
    found = ""
    for run in typesetting.line(text):
        known = getattr(pdfmetrics.getFont(run.face), "_said", {})
        found += "".join(known.get(ord(character), character) for character in run.text)
    return found


def test_arabic_runs_to_the_left_and_numbers_in_it_to_the_right():
    assert order("مصر 2024") == "2024 رصم"
    assert order("Łódź, مصر 2024") == "Łódź, 2024 رصم"
    assert order("Łódź (מצר) 2024") == "Łódź (רצמ) 2024"


def test_a_sentence_keeps_its_direction_around_a_name_that_runs_to_the_left():
    assert order("مصر rises to 2 → Łódź") == "رصم rises to 2 → Łódź"


def test_the_lines_of_a_paragraph_are_ordered_as_one_paragraph():
    text = "نسبة النمو في مصر 5%"
    whole = order(text)
    assert whole.startswith("%5") and order("5%") == "5%"
    levels = typesetting.levels(text)
    alone = typesetting.line_of("5%", levels[-2:])
    assert [run.text for run in alone] == [run.text for run in typesetting.line(text)[: len(alone)]]


# ------------------------------------------------------------------ room


@pytest.mark.parametrize("name", SAMPLES)
def test_the_width_counted_is_the_width_drawn(name):
    text = f"{SAMPLES[name]}, Łódź 2024"
    drawn = sum(run.width for run in typesetting.line(text, bold=True))
    assert board_layout.width(text, 20, bold=True) == pytest.approx(20 * drawn)


@pytest.mark.parametrize("name", ["Polish", "Vietnamese", "Arabic", "Hebrew", "Hindi", "Tamil", "Korean"])
def test_wrapping_keeps_words(name):
    text = " ".join([SAMPLES[name].split()[0]] * 12)
    lines = board_layout.wrapped(text, 10, 120)
    assert len(lines) > 1 and " ".join(lines) == text == board_layout.joined(lines)
    assert all(board_layout.width(line, 10) <= 120 for line in lines)


@pytest.mark.parametrize("name", ["Thai", "Hindi", "Khmer", "Tamil"])
def test_a_word_that_does_not_fit_is_never_broken_before_a_mark(name):
    word = SAMPLES[name].replace(" ", "") * 9
    lines = board_layout.wrapped(word, 10, 60)
    assert len(lines) > 2 and "".join(lines) == word
    assert not any(unicodedata.category(line[0]) in ("Mn", "Mc") or line[0] in "ำะา" for line in lines)


# ------------------------------------------------------------------ what cannot be written


def test_a_script_without_letters_is_named_where_it_stands_and_in_the_notes():
    text = texts(to_pdf.as_pdf(pack("አዲስ አበባ", "Kenya")))
    assert "[Ethiopic] rises to 2" in text and "What this PDF cannot write" in text
    assert "no letters for Ethiopic" in re.sub(r"\s+", " ", text) and "?" not in text


def test_several_scripts_are_named_in_the_board_s_language(speak):
    said = texts(to_pdf.as_pdf(pack("አዲስ", "ಕನ್ನಡ", language="zh")))
    assert "[埃塞俄比亚文]" in squeezed(said) and "没有卡纳达文和埃塞俄比亚文的字形" in squeezed(said)
    assert typesetting.name_of("Ethi") == "Ethiopic"


def test_a_pack_of_known_letters_says_nothing_about_letters():
    assert "cannot write" not in texts(to_pdf.as_pdf(pack(ALL)))


def test_words_beside_an_unknown_script_stay():
    assert typesetting.said("Łódź አዲስ አበባ 2024") == "Łódź [Ethiopic] 2024"


# ------------------------------------------------------------------ packs


def test_english_and_chinese_packs_embed_nothing():
    for name, language in (("Kenya → 2", "en"), ("肯尼亚升至第2位", "zh")):
        assert not any(faces(to_pdf.as_pdf(pack(name, language=language))).values())


def test_every_other_face_is_in_the_file():
    found = faces(to_pdf.as_pdf(pack(*SAMPLES.values(), code='{"name": "مصر Łódź"}')))
    assert {name for name, embedded in found.items() if not embedded} <= {
        "Helvetica", "Helvetica-Bold", "Courier", "STSong-Light", "HYGothic-Medium",
    }  # fmt: skip
    assert {"Arimo-Regular", "Arimo-Bold", "Noto-Sans-Arabic-Regular", "DejaVu-Sans-Mono-Regular"} <= set(found)


def test_a_pack_of_one_script_stays_small():
    assert len(to_pdf.as_pdf(pack("Łódź", "مصر"))) < 60_000


def test_code_keeps_its_letters_of_every_script():
    said = texts(to_pdf.as_pdf(pack("Kenya", code='{"name": "Łódź Việt"}')))
    assert "Łódź Việt" in said


def test_the_decision_sheet_writes_every_script_and_names_what_it_cannot():
    rows = (("Country", "Rank"), *((name, "1") for name in SAMPLES.values()), ("አዲስ", "2"))
    pdf = one_pager.as_pdf(one_pager.Sheet("مصر – Łódź", "Go", (ALL,), (("ไทย", rows),), SOURCE, "en"))
    said = texts(pdf)
    for wanted in ("Łódź", "مصر", "Việt Nam", "대한민국", "中国", "[Ethiopic]", "The HTML file holds the words"):
        assert wanted in said
    assert len(PdfReader(io.BytesIO(pdf)).pages) == 1


def test_a_scenario_board_writes_names_of_every_script(full_home):
    names = load.markets()["name"].copy()
    names["IND"] = "भारत, مصر"
    base = Base("healthcare", 2024, snapshot=str(load.snapshots()["id"].iloc[0]))
    current = Scenario("Nhiều hơn", base, (Shock("indicator", "IT.NET.USER.ZS", "add", 20.0, ("IND",)),), seed=7)
    ground = load.ground(BaseKey("healthcare", 2024))
    board = scenario_board.scenario_board(outcomes.run(ground, current), ground, current, "IND", names)
    said = texts(to_pdf.as_pdf(board))
    assert "भारत" in said and "مصر" in said and "Nhiều hơn" in said


def test_a_comparison_board_writes_names_of_every_script(full_home):
    names = load.markets()["name"].copy()
    names["DEU"], names["FRA"] = "Łódź", "ישראל"
    ranking, found = load.ranking("healthcare", 2024), load.robustness("healthcare", 2024, (), ())
    asked = compare_board.Comparison(ranking, found, ("DEU", "FRA"), names)
    said = texts(to_pdf.as_pdf(compare_board.compare_board(asked, 2024, SOURCE)))
    assert "Łódź" in said and "ישראל" in said


def test_a_plan_board_writes_names_of_every_script(monkeypatch):
    monkeypatch.setattr("dashboard.load.region_names", lambda: {"Europe": "Europe"})
    found = solution.answer(allocation_problem.read(EXAMPLE.read_text("utf-8")))
    names = Names(dict.fromkeys(("DEU", "BRA", "ARE", "JPN", "SGP"), "대한민국"))
    board = plan_board.plan_board(found.problem, found.plan, found.comparison, found.layout, names, "İzmir – القاهرة")
    said = texts(to_pdf.as_pdf(board))
    assert "대한민국" in said and "İzmir" in said and "القاهرة" in said
