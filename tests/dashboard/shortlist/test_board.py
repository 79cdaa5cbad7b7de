"""The Shortlist as a board pack: what the page says and no more, every country, its options, gates and next steps."""

import html
import io
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from pptx import Presentation

from analytics.market import entry_mode
from analytics.potential.fit import PotentialFit
from dashboard import cases, load, ranking_words
from dashboard.board import downloads as board_parts
from dashboard.board import layout as board_layout
from dashboard.board import to_html, to_pdf, to_pptx
from dashboard.board.content import Board
from dashboard.filters import MarketFilters
from dashboard.shortlist import board as shortlist_board
from dashboard.shortlist import parts as shortlist_parts
from data import gates, store

YEAR = 2024
MADE_AT = date(2026, 2, 3)
STRENGTH = {verdict: at for at, verdict in enumerate(reversed(entry_mode.VERDICTS))}


@pytest.fixture
def choice(full_home, speak) -> MarketFilters:
    speak("en")
    store.put_settings({"minimum_population": "0", "minimum_known_pct": "0"})
    return MarketFilters("healthcare", YEAR)


def told(choice: MarketFilters) -> shortlist_board.Told:
    shown = load.shown_markets(choice.recipe, choice.year, choice.regions, choice.incomes)
    listed = shortlist_parts.chosen(choice, shown)
    return shortlist_board.told(choice, load.ranking(choice.recipe, choice.year), shown, listed)


def made(found: shortlist_board.Told) -> Board:
    return shortlist_board.shortlist_board(found, MADE_AT)


def said(board: Board) -> str:
    slides = [
        (slide.title, *slide.sentences, *sum(slide.table.rows if slide.table else (), ())) for slide in board.slides
    ]
    return "\n".join([*sum(slides, ()), *(text for part in board.appendix for text in part.sentences)])


def with_gates(case: cases.Case, *kinds: str) -> cases.Case:
    """The case as it is advised where gates of these kinds stand before it."""
    shipped = {gate.kind: gate for gate in gates.shipped()}
    advice = case.advice
    advice = entry_mode.advise(
        advice.traits, float(case.ranking.scores.at[case.iso3, "coverage"]), kinds, entry_mode.rules()
    )
    return replace(case, gates=tuple(shipped[kind] for kind in kinds), advice=advice)


def test_its_first_words_are_those_of_the_page(choice):
    found = told(choice)
    names, shown = load.markets()["name"], load.shown_markets("healthcare", YEAR, (), ())
    first = made(found).slides[0]
    headline = ranking_words.headline(found.ranking, load.certainty("healthcare", YEAR), names, shown)
    assert first.title == headline
    assert first.sentences[0].startswith(shortlist_parts.what(choice, list(found.enter), names))


def test_every_country_of_the_page_is_in_it_with_verdict_rank_potential_and_both_sides(choice):
    found = told(choice)
    options, sides = made(found).slides[:2]
    for case in found.listed:
        row = next(row for row in options.table.rows if row[0] == case.name)
        assert row[1] == cases.verdict(case)
        assert row[3].lower() == shortlist_parts.amount(case).lower()
        assert row[4] == f"{case.rank} ({case.low}–{case.high})"
        row = next(row for row in sides.table.rows if row[0] == case.name)
        assert [cell.lower() for cell in row[1:]] == [
            shortlist_parts.why(case).lower(),
            shortlist_parts.stops(case).lower(),
        ]
    assert options.table.rows[-1][0] == "None of them yet: wait"


def test_the_country_that_is_advised_first_is_marked_by_colour_and_label_on_every_chart(choice):
    found = told(choice)
    assert found.enter
    first = load.markets().at[found.enter[0], "name"]
    charts = [slide.chart for slide in made(found).slides if slide.chart is not None]
    assert charts
    for chart in charts:
        assert chart.categories[chart.highlight] == f"{first} (advised first)"
        assert sum("advised first" in name for name in chart.categories) == 1


def test_nothing_is_marked_where_nothing_is_advised(choice):
    found = told(choice)
    waiting = tuple(
        replace(case, advice=entry_mode.advise(replace(case.advice.traits, certainty=0.0), 1.0, (), entry_mode.rules()))
        for case in found.listed
    )
    board = made(replace(found, listed=waiting, beside=(), enter=(), plan=None))
    assert all(slide.chart.highlight is None for slide in board.slides if slide.chart)
    options = board.slides[0]
    assert options.table.rows[options.table.highlight][:2] == ("None of them yet: wait", "Advised")
    assert "whether to wait, as advised" in options.sentences[-1]
    assert "(advised first)" not in said(board)


def test_no_verdict_is_stronger_than_the_pages(choice):
    found = told(choice)
    verdicts, names = load.verdicts("healthcare", YEAR), cases.verdict_names()
    for name, advice, *_rest in made(found).slides[0].table.rows[:-1]:
        iso3 = next(case.iso3 for case in found.shown if case.name == name)
        stronger = [names[verdict] for verdict in names if STRENGTH[verdict] > STRENGTH[verdicts[iso3].verdict]]
        assert not advice.startswith(tuple(stronger))


def test_a_country_not_to_be_entered_has_its_gate_on_the_recommendation_slide(choice):
    found = told(choice)
    barred = with_gates(found.listed[0], "closed", "data")
    assert barred.advice.verdict == "blocked"
    others = tuple(iso3 for iso3 in found.enter if iso3 != barred.iso3)
    board = made(replace(found, listed=found.listed[1:], beside=(barred,), enter=others, plan=None))
    row = next(row for row in board.slides[0].table.rows if row[0] == barred.name)
    assert row[1] == "Not without legal clearance"
    for gate in barred.gates:
        assert gate.text.lower() in row[2].lower()


def test_blocked_countries_that_rank_among_those_listed_are_told_of(choice, monkeypatch):
    shown = load.shown_markets("healthcare", YEAR, (), ())
    closed = gates.Gate(
        "closed", frozenset(shown[:1]), frozenset({gates.ANYWHERE}), (), "an embargo", "Law", "", "2026-01"
    )
    monkeypatch.setattr(gates, "shipped", lambda: (closed,))
    found = told(choice)
    assert [case.iso3 for case in found.beside] == [shown[0]] and shown[0] not in found.enter
    row = next(row for row in made(found).slides[0].table.rows if row[0] == found.beside[0].name)
    assert row[1:3] == ("Not without legal clearance", "An embargo.")


def test_countries_that_the_title_names_are_told_of_although_others_are_listed(choice):
    shown = load.shown_markets("healthcare", YEAR, (), ())
    found = shortlist_board.told(choice, load.ranking("healthcare", YEAR), shown, list(shown[1:6]))
    assert [case.iso3 for case in found.beside] == [shown[0]]
    row = next(row for row in made(found).slides[0].table.rows if row[0] == found.beside[0].name)
    assert cases.reason(found.beside[0]) in row[2]


def test_the_next_90_days_are_a_template_drafted_from_the_case(choice):
    found = told(choice)
    first, *rest = found.stepped
    guarded, free = with_gates(first, "approval"), replace(rest[0], gates=(), potential=None)
    piloted = replace(
        rest[1], advice=replace(rest[1].advice, decision=replace(rest[1].advice.decision, verdict="pilot"))
    )
    values = piloted.ranking.values.copy()
    key = values.columns[0]
    values.loc[piloted.iso3, key] = float("nan")
    piloted = replace(piloted, ranking=replace(piloted.ranking, values=values))
    listed = (guarded, free, piloted)
    board = made(replace(found, listed=listed, enter=tuple(case.iso3 for case in listed), plan=None))
    last = board.slides[-1]
    assert "template" in last.title and last.sentences[0].startswith("A template: ")
    assert last.table.header == ("When", "What to do", "Who", "By when")
    steps = [row[1] for row in last.table.rows]
    assert any(guarded.gates[0].text in step for step in steps)
    assert any(step.startswith(free.spoken) and "none is known to us" in step for step in steps)
    assert any("find a figure for what could be won" in step and free.spoken in step for step in steps)
    assert any("find " in step and ranking_words.ingredient_title(piloted.ranking, key) in step for step in steps)
    assert any("lay out a pilot" in step for step in steps)
    assert {row[3] for row in last.table.rows} == {"Mar 5, 2026", "Apr 4, 2026", "May 4, 2026"}
    assert not any(re.search(r"\w", row[2].replace("_", "")) for row in last.table.rows)


def test_costs_are_told_only_where_the_page_tells_them(choice):
    found = told(choice)
    assert found.plan is None
    board = made(found)
    assert not any("are spent in" in slide.title for slide in board.slides)
    unknown = next(part for part in board.appendix if part.heading == "What we don't know")
    assert any(text == f"What it costs: {found.cost}" for text in unknown.sentences)


def test_what_is_not_known_and_the_settings_are_in_the_appendix(choice):
    found = told(choice)
    parts = {part.heading: " ".join(part.sentences) for part in made(found).appendix}
    free = [case for case in found.shown if not case.gates]
    assert not free or cases.no_gate() in parts["What we don't know"]
    assert found.rules in parts["Settings"] and found.counts in parts["Settings"]
    for case in found.shown:
        for gate in case.gates:
            assert cases.gate_sentence(gate) in parts["Gates known to us"]


def test_potentials_are_shown_with_their_intervals_and_no_gap_is_called_clear_that_holds_zero(choice):
    fit = load.potential("healthcare", YEAR)
    assert isinstance(fit, PotentialFit)
    found = told(choice)
    found = replace(found, listed=tuple(replace(case, potential=fit) for case in found.listed))
    slide = next(slide for slide in made(found).slides if slide.chart is not None and slide.chart.kind == "ranges")
    (series,) = slide.chart.series
    gaps = [cases.untapped(case) for case in found.listed if cases.untapped(case)]
    size = gaps[0][0] / series.values[0]
    assert [round(value * size) for value in series.low] == [round(low) for _middle, low, _high in gaps]
    clear = sum(low > 0 for low in series.low)
    assert slide.title.startswith(f"In {clear or 'none'} of these ")


def test_names_from_data_break_no_file(choice):
    found = told(choice)
    bad = tuple(replace(case, name=f"<b>=1+1&\x00{case.name}") for case in found.listed)
    board = made(replace(found, listed=bad, beside=()))
    assert "<b>" not in to_html.as_html(board)
    assert to_pdf.as_pdf(board).startswith(b"%PDF-")
    assert len(Presentation(io.BytesIO(to_pptx.as_pptx(board))).slides) > len(board.slides)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_fits_its_slides(choice, speak, language):
    speak(language)
    board = made(told(choice))
    with board.spoken():
        for slide in board.slides:
            pages = to_pptx.FRAME.pages(slide)
            assert len(pages) <= 2
            assert not any("more" in text for page in pages if page.text for text in page.text.paragraphs[-1:])
            for page in pages:
                for grid in [page.grid] if page.grid else []:
                    assert grid.box.top + grid.box.height <= to_pptx.FRAME.bottom + 1
                    assert grid.size >= board_layout.TABLE_SIZES[-1]


def test_a_chinese_pack_has_no_untranslated_sentence(choice, speak):
    speak("en")
    english = {text for text in said(made(told(choice))).split("\n") if re.search(r"[A-Za-z]{3}", text)}
    speak("zh")
    board = made(told(choice))
    chinese = said(board).split("\n")
    assert not english & set(chinese)
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in chinese if len(re.findall(r"[A-Za-z]{2,}", text)) > 3)
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in (board.title, board.subtitle, *board.about))
    for slide in board.slides:
        if slide.table is not None:
            assert all(re.search(r"[\u4e00-\u9fff]", head) for head in slide.table.header)


def test_a_pack_is_made_on_another_thread_from_what_the_page_said(choice):
    shown = load.shown_markets("healthcare", YEAR, (), ())
    listed = shortlist_parts.chosen(choice, shown)
    make = shortlist_board.maker(choice, load.ranking("healthcare", YEAR), shown, listed)
    with ThreadPoolExecutor(1) as other:
        text = other.submit(board_parts.Later(make, "html", "en")).result().decode()
    assert html.escape(make.told.headline) in text and html.escape(make.told.what) in text
