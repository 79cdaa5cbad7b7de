"""An index as plain data: whole, and as JSON takes it. That it gives the same scores is tested in a browser."""

import json

import numpy as np
import pandas as pd
import pytest

from analytics.index import composite
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.scenario import portable
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Shock
from analytics.scenario.propagation import Elasticity

CODES = ("NY.GDP.MKTP.CD", "SP.POP.TOTL")


@pytest.fixture
def ground() -> ScenarioBase:
    """Three markets, income per person and population; the third has no income."""
    wide = pd.DataFrame(
        {CODES[0]: [30.0, 20.0, np.nan], CODES[1]: [3.0, 4.0, 5.0]}, index=pd.Index(["A", "B", "C"], name="iso3")
    )
    recipe = Recipe(
        "r", "R", "", "", {"size": 1.0, "wealth": 3.0},
        (
            Ingredient("people", "", "size", 1, 1.0, (Measure(CODES[1]),)),
            Ingredient("income", "", "wealth", -1, 2.0, (Measure(CODES[0], denominator=CODES[1]),)),
            Ingredient("absent", "", "wealth", 1, 2.0, (Measure("NOT.THERE"),)),
        ),
        minimum_markets=2, minimum_coverage=0.0, minimum_weight=0.1,
    )  # fmt: skip
    rows = wide.rename_axis(columns="indicator").stack().rename("value").reset_index().assign(year=2020)
    ranking = composite.score(rows, recipe)
    link = Elasticity(CODES[0], CODES[1], 0.5, 0.1, 0.3, 0.7, 20, 100, "log", "level", True)
    return ScenarioBase(
        ranking=ranking,
        figures=wide.reindex(ranking.normalised.index),
        regions=pd.Series(["1", "2", "2"], ["A", "B", "C"]).reindex(ranking.normalised.index),
        elasticities=(link,),
        record=pd.DataFrame(),
        history=pd.DataFrame(),
    )


def test_a_base_is_plain_json_with_nothing_for_what_is_unknown(ground):
    base = portable.base_of(ground)
    assert json.loads(json.dumps(base, allow_nan=False)) == base
    assert base["figures"][0][base["markets"].index("C")] is None
    assert base["figures"][1][base["markets"].index("C")] == 5.0
    assert base["ingredients"][1] == {
        "dimension": 1, "direction": -1, "figure": 0, "denominator": 1, "multiplier": -1, "shareOf": -1
    }  # fmt: skip
    assert base["links"] == [{"source": 0, "target": 1, "coefficient": 0.5, "sourceLog": True, "targetLog": False}]
    assert (base["order"], base["exchanged"]) == ([1], [0])


def test_ingredients_without_data_keep_their_weight_in_the_recipe(ground):
    recipe = portable.index_of(ground.ranking)["recipe"]
    assert [(one["key"], one["isThere"]) for one in recipe["ingredients"]] == [
        ("people", True), ("income", True), ("absent", False)
    ]  # fmt: skip
    assert recipe["dimensions"] == [["size", 1.0], ["wealth", 3.0]]


def test_shocks_name_columns_rows_and_the_place_where_they_replace_each_other(ground):
    region = Shock("indicator", CODES[1], "scale", 1.5, regions=("2",))
    everywhere = Shock("weight", "size", "set", 2.0)
    first, second = portable.shocks_of(ground, (region, everywhere))
    assert first["target"] == 1
    assert [ground.figures.index[row] for row in first["rows"]] == [m for m in ground.figures.index if m != "A"]
    assert first["place"] != second["place"]
    assert "rows" not in second
    assert second["target"] == "size"
