"""Charts are plain dicts that say what they show: labelled, with units, the missing never coloured as little."""

import ast
import json
from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import theme
from dashboard.charts import Drawn, cards, coverage, maps, potentials, profiles, rankings, trends
from data import store

FOLDER = Path(maps.__file__).parent
LOOKS = (theme.LIGHT, theme.DARK)
PLACES = pd.DataFrame(
    {"latitude": [52.5, 48.9, 1.3, 38.9], "longitude": [13.4, 2.4, 103.8, -77.0]}, index=["DEU", "FRA", "SGP", "USA"]
)
NAMES = pd.Series({"DEU": "Germany", "FRA": "France", "SGP": "Singapore", "USA": "United States"})
HISTORY = pd.DataFrame(
    {
        "iso3": ["DEU", "DEU", "FRA", "FRA", "SGP"],
        "year": [2020, 2021, 2020, 2021, 2021],
        "value": [80.0, 81.0, 82.0, 82.5, 84.0],
    }
)


def world(look: theme.Theme, scores: dict[str, float], selected: str | None = None) -> dict:
    return maps.score_map(
        pd.Series(scores, dtype=float),
        NAMES,
        pd.Series({iso3: f"about {iso3}" for iso3 in scores}, dtype=object),
        PLACES,
        frozenset({"DEU", "FRA", "USA"}),
        selected,
        look,
        {"score": "Score, 0–100", "missing": "Not ranked"},
    )


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.py")), ids=lambda file: file.stem)
def test_charts_know_neither_streamlit_nor_plotly_express_nor_the_store(file):
    imported = {
        name
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [node.module])
    }
    assert not {name for name in imported if name.split(".")[0] in ("streamlit", "duckdb") or "express" in name}
    assert "data.store" not in imported


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_the_map_never_colours_the_missing_as_a_low_score(look):
    missing, ranked, dots = world(look, {"DEU": 60.0, "SGP": 40.0})["data"]
    assert missing["locations"] == ["FRA", "USA"]
    assert {colour for _at, colour in missing["colorscale"]} == {look.missing}
    assert look.missing not in {colour for _at, colour in ranked["colorscale"]}
    assert (missing["name"], missing["showlegend"]) == ("Not ranked", True)
    assert missing["text"] == ["<b>France</b><br>Not ranked", "<b>United States</b><br>Not ranked"]
    assert (ranked["locations"], dots["customdata"]) == (["DEU"], ["SGP"])


def test_polygons_and_dots_share_one_scale_and_say_what_it_is():
    _missing, ranked, dots = world(theme.LIGHT, {"DEU": 60.0, "FRA": 70.0, "SGP": 40.0})["data"]
    assert (ranked["zmin"], ranked["zmax"]) == (dots["marker"]["cmin"], dots["marker"]["cmax"]) == (40.0, 70.0)
    assert ranked["colorbar"]["title"]["text"] == "Score, 0–100"
    assert ranked["text"] == ["about DEU", "about FRA"]


def test_the_selected_market_is_outlined_and_nothing_fades_on_selection():
    _missing, ranked, dots = world(theme.LIGHT, {"DEU": 60.0, "FRA": 70.0, "SGP": 1.0}, "FRA")["data"]
    assert ranked["marker"]["line"]["width"] == [0.4, 2.0]
    assert ranked["unselected"] == dots["unselected"] == {"marker": {"opacity": 1}}


def test_a_map_of_nothing_is_still_a_map():
    missing, ranked, dots = world(theme.LIGHT, {})["data"]
    assert (len(missing["locations"]), ranked["locations"], dots["customdata"]) == (3, [], [])


def test_a_map_is_framed_by_the_places_asked_for_and_shows_the_world_for_none():
    places = pd.DataFrame({"latitude": [1.3, 13.8], "longitude": [103.8, 100.5]}, index=["SGP", "THA"])
    framed = maps.frame(places)
    assert framed["lonaxis"]["range"][0] < 98 and 103.8 < framed["lonaxis"]["range"][1] < 115
    assert maps.frame(places.iloc[:0]) == {}


def test_a_long_label_beside_a_bar_is_broken_not_cut():
    title = "Price level (GDP at market rates over purchasing power)"
    figure = rankings.bars(pd.Series({"a": 0.7, "b": 0.2}), {"a": title, "b": "GDP"}, "points", theme.LIGHT)
    short, long = figure["data"][0]["y"]
    assert short == "GDP" and long.replace("<br>", " ") == title
    assert max(map(len, long.split("<br>"))) <= rankings.LABEL_WIDTH


def test_names_at_either_end_of_an_axis_stand_inside_it():
    estimates = pd.DataFrame({"actual": [10.0, 100, 1_000], "predicted": [20.0, 50, 900]}, index=["AAA", "BBB", "CCC"])
    named = pd.Series(["A", "B", "C"], estimates.index)
    estimates = estimates.assign(low=1.0, high=9_000.0)
    for log, sides in ((True, ["right", "center", "left"]), (False, ["right", "right", "left"])):
        figure = potentials.predicted_against_actual(estimates, named, named, None, ("", ""), log, theme.LIGHT)
        assert [place.split()[1] for place in figure["data"][1]["textposition"]] == sides


def test_the_map_asks_no_other_server_for_its_boundaries():
    address = maps.CONFIG["topojsonURL"]
    assert address == "/app/static/topojson/"
    file = Path(theme.__file__).parent / "static" / "topojson" / "world_110m.json"
    assert json.loads(file.read_text("utf-8"))["type"] == "Topology"


def test_the_markets_said_to_have_an_outline_have_one():
    topology = (Path(theme.__file__).parent / "static" / "topojson" / "world_110m.json").read_text("utf-8")
    drawn = {shape.get("id") for shape in json.loads(topology)["objects"]["countries"]["geometries"]}
    table = pd.read_csv(store.REFERENCE / "map_markets.csv", keep_default_na=False, dtype=str)
    said = set(table.loc[table["resolution"].str.startswith("110"), "iso3"])
    assert said and said <= drawn


def test_a_trend_labels_the_market_in_question_and_greys_the_others():
    figure = trends.lines(HISTORY, NAMES, ["DEU"], "years", theme.LIGHT, str)
    colours = {trace["name"]: trace["line"]["color"] for trace in figure["data"]}
    assert colours == {"France": theme.LIGHT.grey, "Singapore": theme.LIGHT.grey, "Germany": theme.LIGHT.accent}
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["Germany"]
    assert figure["layout"]["yaxis"]["title"]["text"] == "years"
    assert figure["layout"]["xaxis"]["tickformat"] == "d"
    assert figure["data"][-1]["name"] == "Germany"  # drawn last, on top


def test_a_comparison_labels_every_line_in_its_own_colour_without_overlap():
    figure = trends.lines(HISTORY, NAMES, ["DEU", "FRA", "SGP"], "years", theme.LIGHT, str, height=300)
    labels = figure["layout"]["annotations"]
    assert [label["text"] for label in labels] == ["Germany", "France", "Singapore"]
    assert [label["font"]["color"] for label in labels] == list(theme.CATEGORIES[:3])
    low, high = 81.0, 84.0
    pixels = [(label["y"] - low) / (high - low) * 240 + label["yshift"] for label in labels]
    assert all(after - before >= 13.9 for before, after in zip(sorted(pixels), sorted(pixels)[1:], strict=False))


def test_a_single_figure_is_a_point_not_an_invisible_line():
    modes = {t["name"]: t["mode"] for t in trends.lines(HISTORY, NAMES, ["SGP"], "years", theme.LIGHT, str)["data"]}
    assert modes == {"Germany": "lines", "France": "lines", "Singapore": "markers"}


def test_a_market_without_figures_draws_no_line():
    figure = trends.lines(HISTORY, NAMES, ["USA"], "years", theme.LIGHT, str)
    assert "United States" not in {trace["name"] for trace in figure["data"]}


def test_a_profile_has_a_row_a_dimension_and_a_named_dot_a_series():
    profile = pd.DataFrame({"market": [60.0, None], "world": [40.0, 50.0]}, index=["size", "health"])
    series = {"world": ("World median", "#999999", "diamond"), "market": ("Germany", "#0B7285", "circle")}
    figure = profiles.dimension_dots(profile, {"size": "Size", "health": "Health"}, series, theme.LIGHT)
    assert [trace["name"] for trace in figure["data"]] == ["World median", "Germany"]
    assert figure["data"][1]["x"] == [60.0, None]  # unknown, not zero
    assert figure["layout"]["yaxis"]["ticktext"] == ["Size", "Health"]
    assert figure["layout"]["showlegend"]
    assert len(figure["layout"]["shapes"]) == 2


def test_coverage_leaves_years_without_figures_empty():
    rows = pd.DataFrame({"indicator": ["a", "a"], "year": [2000, 2002], "markets": [10, 12]})
    figure = coverage.heat(rows, {"a": "Alpha"}, "markets", theme.LIGHT)
    (heat,) = figure["data"]
    assert (heat["x"], heat["z"], heat["y"]) == ([2000, 2001, 2002], [[10, None, 12]], ["Alpha"])
    assert heat["colorbar"]["title"]["text"] == "markets"
    assert theme.LIGHT.missing not in {colour for _at, colour in heat["colorscale"]}


def test_a_drawn_figure_is_handed_over_as_it_is():
    figure = world(theme.LIGHT, {"DEU": 60.0, "SGP": 40.0})
    assert Drawn(figure).to_dict() is figure
    assert isinstance(Drawn(figure), go.Figure)


def test_values_are_said_in_the_readers_words_on_axis_and_hover():
    figure = trends.lines(HISTORY, NAMES, ["DEU"], "years", theme.LIGHT, lambda value: f"<{value:g}>")
    axis = figure["layout"]["yaxis"]
    assert axis["tickvals"] == [80, 81, 82, 83, 84]
    assert axis["ticktext"] == ["<80>", "<81>", "<82>", "<83>", "<84>"]
    assert figure["data"][-1]["text"] == ["<80>", "<81>"]


def test_names_of_forms_that_lie_close_together_stand_on_different_sides():
    forms = pd.DataFrame(
        {"title": list("abcde"), "cost": [10.0, 10.5, 11.0, 17.0, 10.2], "score": [0.91, 0.91, 0.911, 0.905, 0.86],
         "bytes": [1.0] * 5}, index=list("abcde"),
    )  # fmt: skip
    drawn = cards.trade(forms, ["a"], [""] * 5, ("ms", "score"), theme.LIGHT)["data"][1]
    sides = dict(zip("abcde", drawn["textposition"], strict=True))
    assert len({sides["a"], sides["b"], sides["c"]}) == 3
    assert sides["d"] == sides["e"] == "top center"  # far from the others


def test_a_picture_carries_title_and_source_and_leaves_the_chart_alone():
    from dashboard import theme
    from dashboard.charts import captioned

    figure = {"data": [], "layout": {"height": 300, "margin": {"t": 8, "b": 8}, "annotations": [{"text": "Japan"}]}}
    drawn = captioned(figure, "Population over time", "Source: World Bank (CC BY 4.0). " * 8, theme.LIGHT)
    assert drawn["layout"]["title"]["text"] == "Population over time"
    assert [note["text"][:14] for note in drawn["layout"]["annotations"]] == ["Japan", "Source: World "]
    assert drawn["layout"]["annotations"][1]["text"].count("<br>") == 1
    assert drawn["layout"]["paper_bgcolor"] == theme.LIGHT.paper
    assert figure["layout"] == {"height": 300, "margin": {"t": 8, "b": 8}, "annotations": [{"text": "Japan"}]}


def test_an_axis_of_years_ends_with_the_data():
    from dashboard import theme
    from dashboard.charts import trends

    history = pd.DataFrame({"iso3": ["DEU"] * 3, "year": [2000, 2010, 2023], "value": [1.0, 2.0, 3.0]})
    names = pd.Series({"DEU": "A name as long as some countries have"})
    figure = trends.lines(history, names, ["DEU"], "persons", theme.LIGHT, str)
    first, last = figure["layout"]["xaxis"]["range"]
    assert 1999 < first < 2000 < 2023 < last < 2024
