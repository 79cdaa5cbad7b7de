"""A scenario as a board: the page's numbers, a source under every finding, and enough to compute it again."""

import io
import json
import re
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from pptx import Presentation

from analytics.scenario import document as scenarios
from analytics.scenario import outcome as outcomes
from analytics.scenario import sweeps
from analytics.scenario.document import Base, BaseKey, Scenario, Shock, Uncertain
from dashboard import load
from dashboard.board import to_html, to_pdf, to_pptx
from dashboard.board.content import Board
from dashboard.scenarios import board as scenario_board
from dashboard.scenarios import words

YEAR = 2024
PUSH = (
    Shock("indicator", "IT.NET.USER.ZS", "add", 20.0, ("IND",)),
    Shock("indicator", "NY.GDP.PCAP.PP.CD", "scale", 1.5, ("IND",)),
    Shock("weight", "digital", "set", 2.0),
)


@pytest.fixture
def stood(full_home, speak):
    """The ground of healthcare without a potential, and the markets' names in English."""
    speak("en")
    return load.ground(BaseKey("healthcare", YEAR)), load.markets()["name"]


def scenario(*shocks: Shock, **more) -> Scenario:
    snapshot = str(load.snapshots()["id"].iloc[0])
    return Scenario("More internet", Base("healthcare", YEAR, snapshot=snapshot), shocks, seed=7, **more)


def made(stood, current: Scenario, iso3: str = "IND", names=None) -> tuple[Board, outcomes.ScenarioResult]:
    ground, known = stood
    found = outcomes.run(ground, current)
    names = known if names is None else names
    return scenario_board.scenario_board(found, ground, current, iso3, names, date(2026, 2, 3)), found


def deck(board: Board) -> Presentation:
    return Presentation(io.BytesIO(to_pptx.as_pptx(board)))


def cells(sheet) -> list[list[str]]:
    (table,) = [shape.table for shape in sheet.shapes if shape.has_table]
    return [[cell.text for cell in row.cells] for row in table.rows]


def chart(sheet):
    (found,) = [shape.chart for shape in sheet.shapes if shape.has_chart]
    return found


def test_the_first_slide_says_what_the_page_says(stood):
    board, found = made(stood, scenario(*PUSH))
    first, names = board.slides[0], stood[1]
    assert first.title == words.headline(found, "IND", "India")
    assert words.summary(found, names) in first.sentences
    assert words.chance(found, "IND") in first.sentences
    told = "; ".join(words.told(shock) for shock in PUSH)
    assert f"Assumed: {told}." in first.sentences
    assert words.moved_along(found, "IND") in (*first.sentences, None)


def test_ranks_and_scores_in_the_file_are_those_of_the_outcome(stood):
    board, found = made(stood, scenario(*PUSH))
    sheets = list(deck(board).slides)[1:]
    row = found.markets.loc["IND"]
    assert cells(sheets[0])[1:3] == [
        [
            "Rank",
            f"{int(row['rank_before'])} ({int(row['rank_before_low'])}–{int(row['rank_before_high'])})",
            f"{int(row['rank'])} ({int(row['rank_low'])}–{int(row['rank_high'])})",
        ],
        [
            "Score",
            f"{row['score_before']:.1f} ({row['score_before_low']:.1f}–{row['score_before_high']:.1f})",
            f"{row['score']:.1f} ({row['score_low']:.1f}–{row['score_high']:.1f})",
        ],
    ]
    iso3 = {name: code for code, name in stood[1].items()}
    for name, before, after, score_before, score in cells(sheets[3])[1:]:
        line = found.markets.loc[iso3[name]]
        assert (before, score_before, score) == (
            str(int(line["rank_before"])), f"{line['score_before']:.1f}", f"{line['score']:.1f}",
        )  # fmt: skip
        assert after == f"{int(line['rank'])} ({int(line['rank_low'])}–{int(line['rank_high'])})"


def test_charts_hold_the_numbers_of_the_outcome(stood):
    board, found = made(stood, scenario(*PUSH))
    sheets = list(deck(board).slides)[1:]
    iso3 = {name: code for code, name in stood[1].items()}
    before, after = chart(sheets[1]).plots[0].series
    moved = found.markets.loc[[iso3[name] for name in chart(sheets[1]).plots[0].categories]]
    assert list(before.values) == moved["rank_before"].tolist() and list(after.values) == moved["rank"].tolist()
    first = found.markets.sort_values("rank")["score"].head(15)
    assert list(chart(sheets[3]).plots[0].series[0].values)[:15] == pytest.approx(first.tolist())
    down, up = chart(sheets[2]).plots[0].series
    table = sweeps.tornado(stood[0], scenario(*PUSH), "IND")
    titles = {words.indicator_name(code): code for code in table.index}
    for name, low, high in zip(chart(sheets[2]).plots[0].categories, down.values, up.values, strict=True):
        line = table.loc[titles[name.removesuffix(" *")]]
        assert (low, high) == pytest.approx((line["score_down"], line["score_up"]))


def test_the_first_markets_hold_the_one_in_question_wherever_it_ranks(stood):
    board, found = made(stood, scenario(*PUSH))
    last = found.markets["rank"].idxmax()
    board, found = made(stood, scenario(*PUSH), last)
    first = board.slides[3]
    assert first.table.highlight == first.chart.highlight == scenario_board.FIRST
    assert first.table.rows[-1][0] == stood[1][last]
    assert f"top {scenario_board.FIRST}" in first.title


def test_one_assumption_is_drawn_as_the_rank_without_and_with_it(stood):
    board, found = made(stood, scenario(PUSH[0]))
    row, chart = found.markets.loc["IND"], board.slides[0].chart
    (series,) = chart.series
    assert series.values == (row["rank_before"], row["rank"])
    assert (series.low, series.high) == (
        (row["rank_before_low"], row["rank_low"]),
        (row["rank_before_high"], row["rank_high"]),
    )
    assert chart.categories[chart.highlight] == "With the scenario"


def test_what_each_assumption_adds_sums_to_the_whole_change(stood):
    board, found = made(stood, scenario(*PUSH))
    row = found.markets.loc["IND"]
    assert sum(board.slides[0].chart.series[0].values) == pytest.approx(row["score"] - row["score_before"])


def test_the_three_files_say_the_same_numbers(stood):
    board, found = made(stood, scenario(*PUSH))
    text = to_html.as_html(board)
    for wanted in (
        scenario_board.rank_text(found.markets.loc["IND"]),
        scenario_board.score_text(found.markets.loc["IND"]),
    ):
        assert wanted in text
        assert any(wanted in row for row in cells(deck(board).slides[1]))
    assert to_pdf.as_pdf(board).startswith(b"%PDF-")


def test_every_slide_names_source_vintage_and_scenario_and_only_the_last_ones_snapshot_and_seed(stood):
    board, _found = made(stood, scenario(*PUSH))
    snapshot = load.snapshots()["id"].iloc[0]
    assert len(board.slides) == 4
    for slide in board.slides:
        assert slide.footnote.startswith("Source: ")
        assert "In the store since" in slide.footnote and snapshot not in slide.footnote
        assert re.search(r"Figures of \d{4}", slide.footnote)
        assert slide.footnote.endswith("Scenario: More internet.")
    again = " ".join(board.engineers[0].sentences)
    assert f"snapshot {snapshot}" in again and "Seed of the draws: 7." in again


def test_the_appendix_holds_the_scenario_to_compute_it_again(stood):
    current = scenario(
        *PUSH, uncertain=(Uncertain("SH.MED.PHYS.ZS", "add", "normal", {"mean": 0.0, "sd": 0.2}, ("IND",)),)
    )
    board, _found = made(stood, current)
    assert scenarios.from_json(board.engineers[-1].code) == current
    json.loads(board.engineers[-1].code)


def test_the_appendix_says_how_and_from_what_it_was_computed(stood):
    board, found = made(stood, scenario(*PUSH))
    said = " ".join(sentence for section in board.appendix for sentence in section.sentences)
    for wanted in (f"{found.draws} draws", "associated with the assumption", "% of the score", "IT.NET.USER.ZS"):
        assert wanted in said
    assert said.count("; figures of ") == len({c for m in stood[0].ranking.measures.values() for c in m.codes})
    for link in stood[0].elasticities:
        assert f"{words.indicator_name(link.target)} " in said


def test_a_value_held_within_bounds_is_said_on_the_first_slide_and_in_the_appendix(stood):
    board, found = made(stood, scenario(Shock("indicator", "IT.NET.USER.ZS", "add", 95.0, ("IND",))))
    (note,) = words.notes(found.notes, stood[1])
    assert note in board.slides[0].sentences
    assert any(note in section.sentences for section in board.appendix)


def test_a_question_beyond_the_data_is_warned_of_on_the_first_slide(stood):
    board, found = made(stood, scenario(Shock("indicator", "NY.GDP.PCAP.PP.CD", "scale", 5000.0, ("IND",))))
    assert found.markets.at["IND", "outside"]
    assert any(sentence.startswith("Beyond what the data have seen") for sentence in board.slides[0].sentences)


def test_a_scenario_that_moves_nobody_says_so_and_still_has_its_numbers(stood):
    board, _found = made(stood, scenario())
    assert board.slides[1].title == "No market changes its rank"
    assert board.slides[1].chart is None and board.slides[1].table is None
    assert "Nothing is assumed." in board.slides[0].sentences
    assert len(deck(board).slides) >= 5


def test_the_market_in_question_is_among_the_movers_when_it_moves(stood):
    everywhere = scenario(Shock("weight", "digital", "set", 9.0))
    _board, found = made(stood, everywhere)
    moved = (found.markets["rank"] - found.markets["rank_before"]).abs()
    least = moved[moved > 0].idxmin()
    keep = scenario_board.movers(found, least)
    assert least in keep and len(keep) == scenario_board.MOVERS
    assert found.markets.loc[keep, "rank"].is_monotonic_increasing


def test_names_of_markets_that_break_formats_break_no_file(stood):
    bad = stood[1].map(lambda name: f"<{name}>&\x00\x0b" + "y" * 80)
    board, _found = made(stood, replace(scenario(*PUSH), name="=1+1 <script>\x01"), names=bad)
    assert "<script>" not in to_html.as_html(board)
    assert to_pdf.as_pdf(board).startswith(b"%PDF-")
    assert deck(board).slides[1].shapes.title.text_frame.text.startswith("<India>&yyy")


def test_a_potential_is_shown_with_its_interval_before_and_after(full_home, speak):
    speak("en")
    ground, names = load.ground(BaseKey("healthcare", YEAR, learner="ridge")), load.markets()["name"]
    board, found = made((ground, names), scenario(*PUSH))
    row = found.markets.loc["IND"]
    assert not np.isnan(row["potential"])
    last = board.slides[4]
    assert last.title.startswith("The potential of India ")
    assert last.table.rows[0][1:3] == (
        scenario_board.potential_text(row, "_before"), scenario_board.potential_text(row),
    )  # fmt: skip
    before, after = last.chart.series
    assert (before.low[0], before.high[0]) == (row["potential_before_low"], row["potential_before_high"])
    assert (after.values[0], after.low[0], after.high[0]) == tuple(
        row[["potential", "potential_low", "potential_high"]]
    )
    assert any("ridge" in sentence for sentence in board.appendix[0].sentences)


def test_figures_carried_forward_name_their_horizon_and_methods(full_home, speak):
    speak("en")
    ground = load.ground(BaseKey("healthcare", YEAR, 2))
    board, _found = made((ground, load.markets()["name"]), scenario(*PUSH, horizon=2))
    assert board.subtitle.endswith(str(YEAR + 2))
    assert all("Projected 2 years ahead" in slide.footnote for slide in board.slides)
    assert any(section.heading == "How the figures were projected" for section in board.appendix)


def test_a_snapshot_that_is_not_here_is_said_in_the_method(stood):
    gone = replace(scenario(*PUSH), base=Base("healthcare", YEAR, snapshot="20200101T000000Z-aaaaaaaa"))
    board, _found = made(stood, gone)
    assert any("not in this store" in sentence for sentence in board.appendix[0].sentences)
    assert "20200101" not in board.slides[0].footnote
    assert any("20200101" in sentence for sentence in board.engineers[0].sentences)


def test_a_chinese_board_has_chinese_names_and_faces(full_home, speak):
    speak("zh")
    stood = load.ground(BaseKey("healthcare", YEAR)), load.markets()["name"]
    board, found = made(stood, replace(scenario(*PUSH), name="更多互联网"))
    assert board.language == "zh" and "印度" in board.slides[0].title
    sheets = list(deck(board).slides)[1:]
    assert 'typeface="Microsoft YaHei"' in sheets[0]._element.xml
    assert any(scenario_board.rank_text(found.markets.loc["IND"]) in row for row in cells(sheets[0]))
    assert '<html lang="zh-Hans">' in to_html.as_html(board)
    assert b"STSong-Light" in to_pdf.as_pdf(board)
