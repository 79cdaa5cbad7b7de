"""Charts of scenarios: Plotly accepts them in both themes, they hold the numbers they are given, and say which."""

from xml.etree import ElementTree

import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import theme
from dashboard.charts import scenarios

LOOKS = (theme.LIGHT, theme.DARK)
NAMES = pd.Series({"DEU": "Germany", "FRA": "France", "SGP": "Singapore"})
PLACES = pd.DataFrame(
    {"latitude": [52.5, 48.9, 1.3, 38.9], "longitude": [13.4, 2.4, 103.8, -77.0]}, index=["DEU", "FRA", "SGP", "USA"]
)
MOVED = pd.DataFrame(
    {"rank_before": [9, 3, 5], "rank": [4, 8, 5], "rank_low": [2, 6, 4], "rank_high": [7, 11, 6]}, NAMES.index
)
SWINGS = pd.DataFrame({"down": [40.0, 48.0], "up": [60.0, 51.0]}, ["users", "law"])

pytestmark = pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)


def change_map(look: theme.Theme, change: dict[str, float], selected: str | None = None) -> dict:
    moved = pd.Series(change, dtype=float)
    labels = {"score": "Places gained or lost", "missing": "Not ranked"}
    outlined = frozenset({"DEU", "FRA", "USA"})
    return scenarios.change_map(moved, NAMES.reindex(moved.index), PLACES, outlined, selected, look, labels)


def movers(look: theme.Theme, table: pd.DataFrame = MOVED) -> dict:
    return scenarios.movers(table, NAMES, look, "Rank, 5–95 %")


def tornado(look: theme.Theme, table: pd.DataFrame = SWINGS) -> dict:
    titles = {"users": "Internet users", "law": "Rule of law *"}
    return scenarios.tornado(table, titles, 50.0, look, "Score", ("one down", "one up"))


def two_way(look: theme.Theme, less_is_better: bool = False) -> dict:
    table = pd.DataFrame([[1.0, 2.0], [3.0, 4.25]], [10.0, 20.0], [0.1, 0.2])
    return scenarios.two_way(table, look, ("Users, %", "Law"), (["10", "20"], ["0.1", "0.2"]), "Score", less_is_better)


def spread_of(look: theme.Theme) -> dict:
    return scenarios.spread_of(pd.Series([3, 3, 3, 5]), 4, look, "Rank", ("Share of draws", "before: 4"))


@pytest.mark.parametrize(
    "chart",
    [
        lambda look: change_map(look, {"DEU": 4.0, "FRA": -2.0, "SGP": 1.0}, "FRA"),
        lambda look: change_map(look, {}),
        movers,
        lambda look: movers(look, MOVED.iloc[:0]),
        tornado,
        lambda look: tornado(look, SWINGS.iloc[:0]),
        two_way,
        spread_of,
    ],
    ids=["map", "empty map", "movers", "no movers", "tornado", "empty tornado", "two-way", "spread"],
)
def test_plotly_accepts_every_chart(look, chart):
    figure = go.Figure(**chart(look))
    assert figure.to_json()


def test_the_map_of_changes_has_nothing_in_its_middle_and_the_same_reach_on_both_sides(look):
    _missing, world, dots = change_map(look, {"DEU": 4.0, "FRA": -7.0, "SGP": 1.0})["data"]
    assert (world["zmin"], world["zmax"]) == (dots["marker"]["cmin"], dots["marker"]["cmax"]) == (-7.0, 7.0)
    assert world["colorscale"] == dots["marker"]["colorscale"] and len(world["colorscale"]) % 2 == 1
    assert (world["colorscale"][0][0], world["colorscale"][-1][0]) == (0.0, 1.0)


def test_a_map_on_which_nothing_changes_still_has_a_scale(look):
    _missing, world, _dots = change_map(look, {"DEU": 0.0})["data"]
    assert (world["zmin"], world["zmax"]) == (-1.0, 1.0)


def test_movers_show_rank_before_and_after_with_the_interval(look):
    drawn = movers(look)
    before, after = drawn["data"]
    assert (before["x"], after["x"]) == ([9, 3, 5], [4, 8, 5])
    assert after["text"] == ["9 → 4", "3 → 8", "5 → 5"]
    assert drawn["layout"]["yaxis"]["ticktext"] == ["Germany", "France", "Singapore"]
    bands = [(shape["x0"], shape["x1"]) for shape in drawn["layout"]["shapes"][::2]]
    assert bands == [(2, 7), (6, 11), (4, 6)]


def test_better_and_worse_have_colours_of_their_own(look):
    better, worse, _same = movers(look)["data"][1]["marker"]["color"]
    assert better != worse


def test_a_tornado_has_its_widest_bar_on_top_and_starts_at_the_scenario(look):
    down, up = tornado(look)["data"]
    assert down["y"] == up["y"] == ["Rule of law *", "Internet users"]  # Plotly draws from below
    assert down["base"] == up["base"] == 50.0
    assert (down["x"], up["x"]) == ([-2.0, -10.0], [1.0, 10.0])
    assert (down["customdata"], up["customdata"]) == ([48.0, 40.0], [51.0, 60.0])
    assert (down["name"], up["name"]) == ("one down", "one up")


def test_a_two_way_table_writes_every_value_and_turns_its_colours_for_ranks(look):
    (cells,) = two_way(look)["data"]
    assert cells["z"] == [[1.0, 2.0], [3.0, 4.25]]
    assert cells["text"] == [["1", "2"], ["3", "4.25"]]
    assert (cells["y"], cells["x"]) == (["10", "20"], ["0.1", "0.2"])
    assert not cells["reversescale"] and two_way(look, True)["data"][0]["reversescale"]


def test_a_spread_shows_shares_of_draws_and_the_rank_before(look):
    drawn = spread_of(look)
    (bars,) = drawn["data"]
    assert (bars["x"], bars["y"]) == ([3, 5], [75.0, 25.0])
    assert drawn["layout"]["shapes"][0]["x0"] == 4 and drawn["layout"]["annotations"][0]["text"] == "before: 4"


# ------------------------------------------------------------------ the past under a slider

SVG = "{http://www.w3.org/2000/svg}"


def bars(svg: str) -> list[dict[str, str]]:
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg" and {child.tag for child in root} == {f"{SVG}rect"}
    return [child.attrib for child in root]


def test_a_track_shows_what_was_seen_and_today_on_the_sliders_own_range(look):
    ground, seen, mark = bars(scenarios.track(0, 200, 50, 150, 100, look))
    assert (ground["x"], ground["width"]) == ("0", "100")
    assert (float(seen["x"]), float(seen["width"])) == (25, 50)
    assert float(mark["x"]) + float(mark["width"]) / 2 == 50
    assert mark["fill"] == look.ink and seen["fill"] == look.accent


def test_without_a_present_value_there_is_no_mark(look):
    assert len(bars(scenarios.track(0, 1, 0.2, 0.4, None, look))) == 2


@given(*[st.floats(-1e12, 1e12) for _ in range(5)])
def test_a_track_stays_within_its_picture_whatever_it_is_given(look, low, high, start, end, now):
    for bar in bars(scenarios.track(low, high, start, end, now, look))[1:]:
        left, width = float(bar["x"]), float(bar["width"])
        assert left >= -0.5 and width > 0 and left + width <= 100.8
