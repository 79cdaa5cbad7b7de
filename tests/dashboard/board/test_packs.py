"""Every pack a reader takes away: a title slide, then what is to be decided, and nothing internal before its end."""

import io
import re
from datetime import date
from pathlib import Path

import pytest
from pptx import Presentation

from analytics.allocation import problem as allocation_problem
from analytics.allocation import solution
from analytics.scenario import outcome as outcomes
from analytics.scenario.document import Base, BaseKey, Scenario, Shock
from dashboard import components, load
from dashboard.board import layout as board_layout
from dashboard.board import to_pptx
from dashboard.board.content import Board, asked
from dashboard.compare import board as compare_board
from dashboard.compare.words import Comparison
from dashboard.filters import MarketFilters
from dashboard.plan import board as plan_board
from dashboard.plan.words import Names
from dashboard.scenarios import board as scenario_board
from dashboard.shortlist import board as shortlist_board
from dashboard.shortlist import parts as shortlist_parts

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "allocation.json"
MADE_AT = date(2026, 2, 3)
YEAR = 2024
PACKS = ("shortlist", "scenario", "plan", "compare")
INTERNAL = {
    "a file or an object of JSON": re.compile(r"[{}\[\]]|\"\w+\":"),
    "a seed": re.compile(r"seed|随机种子", re.IGNORECASE),
    "a snapshot": re.compile(r"snapshot|快照|\d{8}T\d{6}Z", re.IGNORECASE),
    "a code": re.compile(r"\b[A-Z]{2}\.[A-Z]{3}\.|\b[a-z]{3}_[A-Z][a-z]{3}\b|\b[a-z]+_[a-z]+\b"),
    "a command or a file of ours": re.compile(r"python -m |--[a-z]|\.(toml|parquet|json)\b"),
}


def pack(name: str) -> Board:
    """A pack of each kind, in the reader's language."""
    names = load.markets()["name"]
    if name == "plan":
        found = solution.answer(allocation_problem.read(EXAMPLE.read_text("utf-8")))
        return plan_board.plan_board(
            found.problem, found.plan, found.comparison, found.layout, Names(names.to_dict()), "Ours", MADE_AT
        )
    if name == "scenario":
        ground = load.ground(BaseKey("healthcare", YEAR))
        shocks = (Shock("indicator", "IT.NET.USER.ZS", "add", 20.0, ("IND",)),)
        base = Base("healthcare", YEAR, snapshot=str(load.snapshots()["id"].iloc[0]))
        current = Scenario("Ours", base, shocks, seed=7)
        return scenario_board.scenario_board(outcomes.run(ground, current), ground, current, "IND", names, MADE_AT)
    if name == "compare":
        ranking = load.ranking("healthcare", YEAR)
        chosen = Comparison(
            ranking, load.robustness("healthcare", YEAR, (), ()), tuple(ranking.scores.index[:3]), names
        )
        return compare_board.compare_board(chosen, YEAR, components.ranking_source(ranking), MADE_AT)
    choice = MarketFilters("healthcare", YEAR)
    shown = load.shown_markets("healthcare", YEAR, (), ())
    listed = shortlist_parts.chosen(choice, shown)
    told = shortlist_board.told(choice, load.ranking("healthcare", YEAR), shown, listed)
    return shortlist_board.shortlist_board(told, MADE_AT)


def words(sheet) -> list[str]:
    said = [shape.text_frame.text for shape in sheet.shapes if shape.has_text_frame]
    for shape in sheet.shapes:
        if shape.has_table:
            said += [cell.text for row in shape.table.rows for cell in row.cells]
        if shape.has_chart:
            plot = shape.chart.plots[0]
            said += [*map(str, plot.categories), *(series.name for series in plot.series)]
            said.append(shape.chart.chart_title.text_frame.text)
    return said


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PACKS)
def test_no_slide_before_the_appendix_shows_internals(name, language, full_home, speak):
    speak(language)
    made = pack(name)
    sheets = list(Presentation(io.BytesIO(to_pptx.as_pptx(made))).slides)
    method = board_layout.back(made)[0][0]
    titles = [sheet.shapes.title.text_frame.text for sheet in sheets]
    before = sheets[: titles.index(method)]
    assert len(before) > 3
    found = [
        (what, text)
        for sheet in before
        for text in words(sheet)
        for what, pattern in INTERNAL.items()
        if pattern.search(text)
    ]
    assert not found
    for section in made.appendix:  # what the last slides hold, the appendix leaves out
        assert not section.code
        assert not any(INTERNAL["a seed"].search(text) for text in section.sentences)
        assert not any(INTERNAL["a snapshot"].search(text) for text in section.sentences)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", PACKS)
def test_every_pack_begins_with_a_title_and_then_asks_for_a_decision(name, language, full_home, speak):
    speak(language)
    made = pack(name)
    first, second, *_rest = Presentation(io.BytesIO(to_pptx.as_pptx(made))).slides
    assert first.shapes.title.text_frame.text == made.title
    assert made.about and all(any(line in text for text in words(first)) for line in made.about)
    assert second.shapes.title.text_frame.text == made.slides[0].title
    start = asked("")
    assert sum(sentence.startswith(start) for sentence in made.slides[0].sentences) == 1
    assert any(start in text for text in words(second))
