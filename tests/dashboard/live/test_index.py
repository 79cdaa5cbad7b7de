"""The index in the browser comes to the same scores and ranks as `analytics`: one truth, in two languages."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Browser

from analytics.index import composite
from analytics.index.candidates import Candidacy
from analytics.index.design import Design, DesignError
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.scenario import portable, shocks
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import Base, Scenario, Shock
from analytics.scenario.propagation import Elasticity

INDEX = Path(__file__).parents[3] / "dashboard" / "live" / "index.js"
BASES, CASES, AT_ONCE = 125, 500, 50
REAL = ("NY.GDP.MKTP.CD", "SP.POP.TOTL", "IT.NET.USER.ZS", "FP.CPI.TOTL.ZG", "SP.DYN.LE00.IN")
"""Codes of the catalog: in US$, persons, percent with bounds, percent without, years."""
RUN = """cases => cases.map(({base, shocks}) => {
  try {
    const opened = LeptonIndex.open(base), found = LeptonIndex.run(opened, shocks);
    return {scores: [...found.scores], ranks: found.ranks,
            dimensions: found.dimensions.map(part => [...part]),
            points: base.markets.map((_, row) =>
              [...LeptonIndex.points(opened, found.normalised, found.overall, row, found)])};
  } catch (error) {
    if (error instanceof LeptonIndex.NotHere) return {refused: error.message};
    throw error;
  }
})"""
Answer = Callable[[list[dict]], list[dict]]


@pytest.fixture(scope="module")
def answer(browser: Browser) -> Iterator[Answer]:
    """The browser's answers to cases of a base and shocks."""
    page = browser.new_page()
    page.add_script_tag(content=INDEX.read_text(encoding="utf-8") + "\nwindow.LeptonIndex = LeptonIndex;")
    yield lambda cases: page.evaluate(RUN, json.loads(json.dumps(cases, allow_nan=False)))
    page.close()


def drawn_base(random: np.random.Generator, **choices: str) -> ScenarioBase:
    """A base on made-up figures: skewed, with gaps, ties and columns that are all equal, of 12 to 60 markets."""
    count, width = int(random.integers(12, 61)), int(random.integers(4, 9))
    codes = [*REAL, *(f"MADE.UP.{number}" for number in range(width))]
    markets = [f"M{number:02}" for number in range(count)]
    figures = {}
    for code in codes:
        column = random.lognormal(3, random.choice([0.3, 1, 3]), count)
        if random.random() < 0.2:
            column = np.round(column)  # ties
        if random.random() < 0.05:
            column[:] = 7.0
        if random.random() < 0.3:
            column = column - np.median(column)
        figures[code] = np.where(random.random(count) < random.choice([0, 0.1, 0.3]), np.nan, column)
    figures["IT.NET.USER.ZS"] = np.clip(figures["IT.NET.USER.ZS"], 0, 100)
    wide = pd.DataFrame(figures, index=pd.Index(markets, name="iso3"))
    dimensions = ("demand", "access", "risk")[: int(random.integers(1, 4))]
    ingredients = []
    for number, code in enumerate(codes):
        other = str(random.choice([one for one in codes if one != code]))
        parts = random.choice(["", "denominator", "multiplier", "share_of"], p=[0.6, 0.2, 0.1, 0.1])
        measure = Measure(code, **({parts: other} if parts else {}))
        dimension = dimensions[number % len(dimensions)]
        weight = float(random.choice([0.5, 1.0, 3.0]))
        ingredients.append(
            Ingredient(f"i{number}", f"I{number}", dimension, int(random.choice([1, -1])), weight, (measure,))
        )
    recipe = Recipe(
        name="drawn", title="Drawn", question="", outcome="",
        dimensions={name: float(random.choice([0.5, 1.0, 2.0])) for name in dimensions},
        ingredients=tuple(ingredients), minimum_markets=2, minimum_coverage=0.3, minimum_weight=0.3,
    )  # fmt: skip
    rows = wide.rename_axis(columns="indicator").stack().rename("value").reset_index().assign(year=2020)
    design = Design(**{
        "treatment": str(random.choice(["skew", "log", "none"])),
        "normalisation": str(random.choice(["min-max", "z-score", "rank", "percentile"])),
        "within": str(random.choice(["arithmetic", "geometric"])),
        "across": str(random.choice(["arithmetic", "geometric"])),
    } | choices)  # fmt: skip
    ranking = composite.score(rows, recipe, design)
    sources = random.permutation(codes)[:6]
    links = tuple(
        Elasticity(
            str(source), str(target), float(random.normal(0, 0.3)), 0.1, 0.0, 0.0, 20, 100,
            str(random.choice(["log", "level"])), str(random.choice(["log", "level"])), bool(random.random() < 0.9),
        )
        for source, target in pairwise(sources)
    )  # fmt: skip
    return ScenarioBase(
        ranking=ranking,
        figures=wide.reindex(index=ranking.normalised.index, columns=codes),
        regions=pd.Series([str(number % 3) for number in range(len(ranking.normalised))], ranking.normalised.index),
        elasticities=links,
        record=pd.DataFrame(),
        history=pd.DataFrame(),
    )


def drawn_shocks(random: np.random.Generator, ground: ScenarioBase) -> tuple[Shock, ...]:
    made = []
    for _number in range(int(random.integers(0, 6))):
        where = random.choice(["all", "market", "region"])
        markets = (str(random.choice(ground.figures.index)),) if where == "market" else ()
        regions = (str(random.choice(ground.regions.unique())),) if where == "region" else ()
        kind = random.choice(["indicator", "exchange rate", "weight"], p=[0.6, 0.15, 0.25])
        if kind == "weight":
            names = [*ground.recipe.dimensions, *(i.key for i in ground.recipe.ingredients)]
            how, value = str(random.choice(["set", "add", "scale"])), float(random.choice([0.0, 0.5, 1.7, 3.0]))
            made.append(Shock("weight", str(random.choice(names)), how, value))
        elif kind == "exchange rate":
            made.append(Shock("exchange rate", "", "scale", float(random.uniform(0.5, 2)), markets, regions))
        else:
            how = str(random.choice(["set", "add", "scale"]))
            value = {"set": random.uniform(0, 90), "add": random.normal(0, 10), "scale": random.uniform(0, 3)}[how]
            made.append(
                Shock("indicator", str(random.choice(ground.figures.columns)), how, float(value), markets, regions)
            )
    return tuple(made)


def case_of(ground: ScenarioBase, assumed: tuple[Shock, ...]) -> dict:
    return {"base": portable.base_of(ground), "shocks": portable.shocks_of(ground, assumed)}


def test_500_drawn_shocks_on_drawn_bases_have_the_same_scores_and_ranks(answer):
    drawn, compared = [], 0
    for seed in range(BASES):
        random = np.random.default_rng(seed)
        ground = drawn_base(random)
        for _number in range(CASES // BASES):
            assumed = drawn_shocks(random, ground)
            try:
                state = shocks.point(ground, Scenario("s", Base("drawn", 2020), shocks=assumed))
                expected = state.scores, state.ranks
            except (ScenarioError, DesignError):
                expected = None
            drawn.append((f"{seed}: {assumed}", expected, case_of(ground, assumed)))
    for start in range(0, CASES, AT_ONCE):
        part = drawn[start : start + AT_ONCE]
        for (what, expected, _case), found in zip(part, answer([case for *_rest, case in part]), strict=True):
            if expected is None or np.isnan(expected[0]).any():
                assert "refused" in found, what
                continue
            np.testing.assert_allclose(found["scores"], expected[0], rtol=0, atol=1e-9, err_msg=what)
            assert found["ranks"] == expected[1].tolist(), what
            compared += 1
    assert compared > 0.8 * CASES


def test_the_parts_of_a_score_are_those_of_the_ranking(answer):
    bases = [drawn_base(np.random.default_rng(seed)) for seed in range(1000, 1040)]
    for ground, found in zip(bases, answer([case_of(ground, ()) for ground in bases]), strict=True):
        ranking = ground.ranking
        np.testing.assert_allclose(found["points"], ranking.points[list(ranking.normalised)].to_numpy(), atol=1e-9)
        np.testing.assert_allclose(found["scores"], ranking.points.sum(axis=1), atol=1e-9)
        theirs = np.array(
            [[np.nan if value is None else value for value in part] for part in found["dimensions"]], float
        )
        np.testing.assert_allclose(theirs.T, ranking.dimensions.to_numpy(), atol=1e-9)


def test_weights_on_a_ranking_give_what_ranking_again_gives(answer):
    cases, expected = [], []
    for seed in range(2000, 2030):
        random = np.random.default_rng(seed)
        ranking = drawn_base(random).ranking
        own = {name: float(random.choice([0.3, 1.0, 2.5])) for name in ranking.recipe.dimensions}
        expected.append(composite.rescore(ranking, weights=own))
        cases.append(
            {
                "base": portable.index_of(ranking),
                "shocks": [{"kind": "weight", "target": n, "how": "set", "value": v} for n, v in own.items()],
            }
        )
    for found, again in zip(answer(cases), expected, strict=True):
        assert sorted(found["ranks"]) == sorted(again.scores["rank"])
        np.testing.assert_allclose(sorted(found["scores"]), sorted(again.points.sum(axis=1)), atol=1e-9)


def test_markets_that_are_left_out_set_the_scales_and_take_no_rank(answer):
    ground = drawn_base(np.random.default_rng(3))
    panel = ground.figures.rename_axis(columns="indicator").stack().rename("value").reset_index().assign(year=2020)
    out = list(ground.ranking.scores.index[:3])
    ranking = composite.score(
        panel, ground.recipe, ground.ranking.design, candidacy=Candidacy(home=out[0], present=tuple(out[1:]))
    )
    ground = replace(ground, ranking=ranking, figures=ground.figures.reindex(ranking.normalised.index))
    [found] = answer([case_of(ground, ())])
    assert found["ranks"] == ranking.scores["rank"].tolist()
    assert len(found["scores"]) == len(found["ranks"]) + 3


@pytest.mark.parametrize(
    ("choices", "assumed"),
    [
        ({"within": "copeland"}, ()),
        ({"normalisation": "min-max"}, (Shock("indicator", "SP.POP.TOTL", "set", 1e30),)),
    ],
)
def test_what_the_browser_cannot_do_exactly_it_leaves_to_the_server(answer, choices, assumed):
    [found] = answer([case_of(drawn_base(np.random.default_rng(5), **choices), assumed)])
    assert set(found) == {"refused"}


def test_gaps_that_would_be_filled_anew_are_left_to_the_server(answer):
    ground = drawn_base(np.random.default_rng(7), imputation="nearest")
    moved = Shock("indicator", ground.figures.columns[0], "scale", 1.1)
    unmoved, found = answer([case_of(ground, ()), case_of(ground, (moved,))])
    np.testing.assert_allclose(unmoved["scores"], ground.ranking.points.sum(axis=1), atol=1e-9)
    assert set(found) == {"refused"}
