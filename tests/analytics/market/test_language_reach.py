"""What each next language adds: worked by hand, bounded, and best first."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.market import language_reach
from analytics.market.language_reach import ReachError

LANGUAGES = pd.DataFrame(
    [
        ("AAA", "xx", "Latn", 60.0),
        ("AAA", "xx", "Arab", 20.0),
        ("AAA", "yy", "Latn", 50.0),
        ("BBB", "yy", "Latn", 90.0),
        ("BBB", "zz", "Latn", 4.0),
        ("CCC", "zz", "Latn", 100.0),
    ],
    columns=["iso3", "language", "script", "population_pct"],
)
PEOPLE = pd.Series({"AAA": 100.0, "BBB": 200.0, "CCC": 10.0})
GDP = pd.Series({"AAA": 10.0, "BBB": 10.0, "CCC": 1000.0})


def test_shares_add_up_scripts_and_stop_at_everyone():
    table = language_reach.shares(LANGUAGES)
    assert table.loc["AAA"].to_dict() == {"xx": pytest.approx(0.8), "yy": 0.5, "zz": 0.0}
    twice = pd.concat([LANGUAGES, LANGUAGES])
    assert language_reach.shares(twice).to_numpy().max() == 1.0


def test_the_curve_by_hand():
    curve = language_reach.reach(LANGUAGES, PEOPLE, GDP).curve.set_index("language")
    assert list(curve.index) == ["yy", "xx", "zz"]
    assert curve["people"].tolist() == pytest.approx([50 + 180, 90 + 180, 90 + 200 * (1 - 0.1 * 0.96) + 10])
    assert curve["people_low"].tolist() == pytest.approx([230, 80 + 180, 80 + 180 + 10])
    assert curve["people_high"].tolist() == pytest.approx([230, 100 + 180, 100 + 188 + 10])
    assert curve["added_people"].tolist() == pytest.approx([230, 40, 10.8])
    assert curve["speakers"].tolist() == pytest.approx([230, 80, 18])
    assert curve["markets"].tolist() == [2, 1, 1]
    assert curve["gdp"].tolist() == pytest.approx([5 + 9, 9 + 9, 9 + 10 * 0.904 + 1000])


def test_ordered_by_gdp_the_rich_market_comes_first():
    found = language_reach.reach(LANGUAGES, PEOPLE, GDP, by="gdp")
    assert found.curve["language"].iloc[0] == "zz"
    assert (found.people, found.gdp) == (310, 1020)


def test_only_the_chosen_markets_and_languages_count():
    found = language_reach.reach(LANGUAGES, PEOPLE, GDP, markets=["AAA"])
    assert found.curve["language"].tolist() == ["xx", "yy"]
    assert (found.people, found.markets) == (100, ("AAA",))
    assert language_reach.reach(LANGUAGES, PEOPLE, GDP, supported=["zz", "unknown"]).curve["language"].tolist() == [
        "zz"
    ]
    assert len(language_reach.reach(LANGUAGES, PEOPLE, GDP, most=2).curve) == 2


def test_markets_without_figures_count_nothing_and_are_named():
    found = language_reach.reach(LANGUAGES, PEOPLE.drop("CCC"), GDP.drop("AAA"))
    assert (found.without_people, found.without_gdp) == (("CCC",), ("AAA",))
    assert found.people == 300


def test_nothing_to_reach_is_said():
    with pytest.raises(ReachError, match="No language facts"):
        language_reach.reach(LANGUAGES, PEOPLE, GDP, markets=["XXX"])
    with pytest.raises(ReachError, match="population of these markets is not known"):
        language_reach.reach(LANGUAGES, PEOPLE * 0, GDP)
    with pytest.raises(ReachError, match="None of these languages is spoken"):
        language_reach.reach(LANGUAGES.assign(population_pct=0.0), PEOPLE, GDP)
    with pytest.raises(ValueError, match="by is people or gdp"):
        language_reach.reach(LANGUAGES, PEOPLE, GDP, by="size")


def test_preselected_are_the_languages_of_the_chosen_markets():
    assert language_reach.preselected(LANGUAGES, PEOPLE) == ["yy", "xx", "zz"]
    assert language_reach.preselected(LANGUAGES, PEOPLE, ["BBB"]) == ["yy", "zz"]  # 4 % of them all
    assert language_reach.preselected(LANGUAGES, PEOPLE * [1, 1, 0.0001], most=1) == ["yy"]
    rare = LANGUAGES.assign(population_pct=[0.5, 0, 90, 90, 0.5, 0])
    assert language_reach.preselected(rare, PEOPLE) == ["yy"]


def test_inputs_are_left_alone():
    before = LANGUAGES.copy(), PEOPLE.copy()
    language_reach.reach(LANGUAGES, PEOPLE, GDP)
    pd.testing.assert_frame_equal(LANGUAGES, before[0])
    pd.testing.assert_series_equal(PEOPLE, before[1])


@st.composite
def worlds(draw) -> tuple[pd.DataFrame, pd.Series]:
    markets, codes = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    rows = [
        (f"M{m}", f"l{c}", draw(st.floats(0, 100).map(lambda value: round(value, 1))))
        for m in range(markets)
        for c in range(codes)
    ]
    people = pd.Series({f"M{m}": float(draw(st.integers(1, 1000))) for m in range(markets)})
    return pd.DataFrame(rows, columns=["iso3", "language", "population_pct"]), people


@given(worlds())
@settings(max_examples=60)
def test_the_estimate_lies_within_its_bounds_grows_and_adds_less_each_time(world):
    languages, people = world
    if not languages["population_pct"].sum():
        return
    curve = language_reach.reach(languages, people, people).curve
    slack = 1e-9 * people.sum()
    assert (curve["people_low"] <= curve["people"] + slack).all()
    assert (curve["people"] <= curve["people_high"] + slack).all()
    assert (curve["people_high"] <= people.sum() + slack).all()
    assert (np.diff(curve["people"]) >= -slack).all()
    assert (np.diff(curve["added_people"]) <= slack).all()


@given(worlds())
@settings(max_examples=40)
def test_no_set_of_the_same_size_reaches_much_more(world):
    languages, people = world
    if not languages["population_pct"].sum():
        return
    spoken = language_reach.shares(languages)
    curve = language_reach.reach(languages, people, people).curve
    for size, reached in enumerate(curve["people"], start=1):
        best = max(
            people.reindex(spoken.index) @ (1 - (1 - spoken[list(chosen)]).prod(axis=1))
            for chosen in combinations(spoken.columns, size)
        )
        assert reached >= (1 - 1 / np.e) * best - 1e-9
