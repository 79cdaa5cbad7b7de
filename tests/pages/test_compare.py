"""The Compare page: who leads, figure by figure, over time."""

import io
import json
import re
from dataclasses import replace

import openpyxl
import pandas as pd
import pytest

from analytics.robustness.rank_intervals import Robustness
from dashboard import load
from dashboard.board import content as board
from dashboard.compare import board as compare_board
from dashboard.compare import words, workbook
from dashboard.compare.words import Comparison
from data import ingest


def lines(app) -> dict:
    return json.loads(app.get("plotly_chart")[-1].proto.spec)


def shown(app) -> pd.DataFrame:
    return app.table[0].value


def test_the_embedded_facts_compare_the_first_three(home, open_page):
    app = open_page("compare")
    assert app.title[0].value.startswith("China")
    assert "index variants" in app.title[0].value
    assert app.multiselect(key="markets").value == ["CHN", "IND", "DEU"]
    assert [metric.label for metric in app.metric] == ["China", "India", "Germany"]
    assert re.fullmatch(r"rank 1 \(\d+–\d+\) · (complete data|(> )?\d+ % of data)", app.metric[0].delta)


def test_an_industry_that_cannot_rank_names_what_is_missing(home, open_page):
    app = open_page("compare", recipe="finance")
    assert app.title[0].value == "Finance cannot be ranked yet"
    assert not app.metric


def test_the_best_of_each_row_is_bold_dated_and_linked_to_its_rows(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA", recipe="healthcare")
    table = shown(app)
    assert list(table.columns) == ["Germany", "France"]
    assert any(figure.startswith("Health expenditure, whole market, ") for figure in table.index)
    known = table[(table != "–").all(axis=1)]
    assert known.apply(lambda row: row.str.startswith("**").sum() == 1, axis=1).all()
    cell = r"(\*\*)?\[[^]]+\]\(data\?section=rows&market=DEU&indicator=[^)]+\)(\*\*)? \(20\d\d\)"
    assert known["Germany"].str.fullmatch(cell).all()


# ------------------------------------------------------------------ how surely, and why


def asked(*chosen: str, p: float | None = None) -> Comparison:
    """A comparison on this test's store; p: of the first ranking before the second, instead of what is computed."""
    ranking, found = load.ranking("healthcare", 2024), load.robustness("healthcare", 2024, (), ())
    comparison = Comparison(ranking, found, chosen, load.markets()["name"])
    if p is None:
        return comparison
    first, second = comparison.order[:2]
    beats = found.beats.copy()
    beats.loc[first, second] = p
    told = {name: getattr(found, name) for name in Robustness.__dataclass_fields__} | {"beats": beats}
    return Comparison(ranking, Robustness(**told), chosen, comparison.names)


def test_a_title_never_says_leads_when_the_order_is_open(full_home, speak):
    speak("en")
    titles = {p: words.headline(asked("DEU", "FRA", p=p)) for p in (0.95, 0.9, 0.7, 0.3)}
    assert [" leads " in title for title in titles.values()] == [True, True, False, False]
    assert "are close" in titles[0.7] and "70 %" in titles[0.7]
    assert "in only 30 % of index variants" in titles[0.3]


def test_the_reasons_add_up_to_the_difference_of_the_scores(full_home, speak):
    speak("en")
    comparison = asked("DEU", "FRA", "JPN")
    first, second = comparison.order[:2]
    told = words.reasons(comparison)
    gap = comparison.ranking.points.loc[first] - comparison.ranking.points.loc[second]
    assert told[0].startswith(f"{comparison.names[first]} is stronger on ")
    assert f"({gap.max():+.1f} points)" in told[0]


def test_a_shown_rank_lies_inside_its_interval(full_home):
    comparison = asked("DEU", "FRA", "JPN", "KOR", "IND", "BRA")
    for iso3 in comparison.order:
        low, high = comparison.interval(iso3)
        assert 1 <= low <= high <= len(comparison.ranking.scores)


def test_what_a_publisher_says_of_a_figure_stands_beside_its_year(full_home, speak):
    speak("en")
    plain = asked("DEU", "FRA")
    code = str(plain.figures["code"].iloc[0])
    year = int(plain.figures[("year", "DEU")].iloc[0])
    flags = pd.DataFrame({"iso3": ["DEU"], "indicator": [code], "year": [year], "flag": ["break estimate"]})
    flagged = replace(plain, flags=flags)
    told = f"({year}, break in series, estimate)"
    assert words.shown(flagged)["Germany"].iloc[0].endswith(told)
    assert not words.shown(flagged)["France"].str.contains("estimate").any()
    made = compare_board.compare_board(flagged, 2024, "Source")
    assert any(told in cell for slide in made.slides if slide.table for row in slide.table.rows for cell in row)
    figures = words.exported(flagged, load.indicators())["Figures"]
    assert figures["Germany, publisher's note"].iloc[0] == "break in series, estimate"
    assert "France, publisher's note" not in figures


def test_flagged_years_stand_below_the_lines(full_home, open_page, tmp_path):
    code = "SP.POP.TOTL"
    rows = f"REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS\nDEU,{code},2023,84000000,P\n"
    (tmp_path / "figures.csv").write_text(rows)
    ingest.import_file(tmp_path / "figures.csv", name="own.csv")
    app = open_page("compare", markets="DEU,FRA", recipe="healthcare", trend=code)
    assert "Germany: Provisional: 2023" in [text.value for text in app.caption]


def test_the_workbook_carries_years_ranks_intervals_and_sources(full_home, speak):
    speak("en")
    comparison = asked("DEU", "FRA", "GRL")
    sheets = words.exported(comparison, load.indicators())
    book = openpyxl.load_workbook(io.BytesIO(workbook.as_xlsx(sheets, words.headline(comparison))))
    assert book.sheetnames == ["Standing", "Figures", "Sources"]
    assert book.properties.title == words.headline(comparison)
    standing, figures, sources = (pd.DataFrame(book[name].values) for name in book.sheetnames)
    assert list(standing.iloc[0][:6]) == [
        *("Country", "ISO code", "Score", "Rank", "Rank, 5th percentile", "Rank, 95th percentile")
    ]
    germany = standing.iloc[1]
    assert germany[3] == comparison.ranking.scores.at["DEU", "rank"]
    assert list(figures.iloc[0]) == [
        *("Figure", "Unit", "Code", "Better", "Germany", "Germany, year", "France", "France, year"),
        *("Greenland", "Greenland, year"),
    ]
    assert figures[5].iloc[1:].dropna().isin(range(2015, 2025)).all()
    assert set(figures[2].iloc[1:]) <= set(sources[0])
    assert standing.iloc[3][3] is None or pd.isna(standing.iloc[3][3])  # Greenland is not ranked


def test_a_workbook_holds_no_formula():
    content = workbook.as_xlsx({"=1": pd.DataFrame({"=A1": ["=1+1", "+2", "plain"]})}, "title")
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} == {"s"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_comparison_becomes_a_board(full_home, speak, language):
    speak(language)
    comparison = asked("DEU", "FRA", "JPN", "GRL")
    made = compare_board.compare_board(comparison, 2024, "source")
    assert isinstance(made, board.Board)
    assert made.slides[0].title == words.headline(comparison)
    figures = [row for slide in made.slides[2:] for row in slide.table.rows]
    assert len(figures) == len(comparison.figures)


def test_a_single_market_asks_for_another(full_home, open_page):
    app = open_page("compare")
    app.multiselect(key="markets").set_value(["DEU"]).run()
    assert app.title[0].value == "Compare countries"
    assert app.info[0].value == "Choose at least two countries."
    assert not app.metric


def test_two_markets(full_home, open_page):
    app = open_page("compare", markets="JPN,KOR")
    assert {"Japan", "South Korea"} == {metric.label for metric in app.metric}
    assert "Japan" in app.title[0].value and "South Korea" in app.title[0].value


def test_six_markets_keep_their_order_and_no_seventh_fits(full_home, open_page):
    chosen = ["DEU", "FRA", "GBR", "JPN", "KOR", "IND"]
    app = open_page("compare", markets=",".join([*chosen, "BRA"]))
    assert app.multiselect(key="markets").value == chosen
    assert len(app.metric) == 6
    assert app.multiselect(key="markets").proto.max_selections == 6
    labels = [note["text"] for note in lines(app)["layout"]["annotations"]]
    assert labels == ["Germany", "France", "United Kingdom", "Japan", "South Korea", "India"]


def test_a_market_that_is_not_ranked_says_so_beside_the_others(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA,GRL", recipe="healthcare")
    greenland = next(metric for metric in app.metric if metric.label == "Greenland")
    assert (greenland.value, greenland.delta) == ("–", "not ranked: too little data")


def test_markets_of_which_none_is_ranked_have_no_leader(full_home, open_page):
    app = open_page("compare", markets="GRL,FRO", recipe="healthcare")
    assert app.title[0].value == "Too few of these countries are ranked to say who leads"


def test_an_indexed_scale_starts_at_100(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA", trend="SP.POP.TOTL")
    app.segmented_control(key="scale").set_value("indexed").run()
    figure = lines(app)
    assert figure["layout"]["yaxis"]["title"]["text"] == "2015 = 100"
    assert [trace["y"][0] for trace in figure["data"]] == [100.0, 100.0]
    assert app.query_params["scale"] == "indexed"


def test_another_indicator_over_time(full_home, open_page):
    app = open_page("compare", markets="DEU,FRA")
    app.selectbox(key="trend").set_value("IT.NET.USER.ZS").run()
    assert lines(app)["layout"]["yaxis"]["title"]["text"] == "% of population"


@pytest.mark.parametrize("markets", ["<script>,<b>", "X" * 10_000, ",,,", "deu,fra"])
def test_unknown_markets_in_the_address_show_the_first_three(home, open_page, markets):
    assert open_page("compare", markets=markets).multiselect(key="markets").value == ["CHN", "IND", "DEU"]


def test_known_markets_among_unknown_ones_are_kept(home, open_page):
    app = open_page("compare", markets="DEU,<script>,FRA,DEU", scale="upside-down", trend="nothing")
    assert app.multiselect(key="markets").value == ["DEU", "FRA"]
    assert app.segmented_control(key="scale").value == "absolute"
