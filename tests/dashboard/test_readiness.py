"""Our models' readiness as a dimension of the index: by people, only where asked for, known where languages are."""

import pandas as pd
import pytest

from analytics.index import recipe
from dashboard import load, readiness
from models import fitness

LANGUAGES = pd.DataFrame(
    [("AAA", "de", 80.0), ("AAA", "de", 60.0), ("AAA", "xx", 30.0), ("BBB", "xx", 90.0), ("CCC", "de", None)],
    columns=["iso3", "language", "population_pct"],
)


@pytest.fixture
def german_is_ready(monkeypatch):
    verdicts = {"de": fitness.Fitness(fitness.READY), "xx": fitness.Fitness(fitness.WEAK)}
    monkeypatch.setattr(fitness, "for_task", lambda task, code, territory="": verdicts[code])


def test_it_is_the_share_of_people_whose_language_is_read_well_enough(german_is_ready):
    rows = readiness.figures(LANGUAGES, 2024)
    assert rows["iso3"].tolist() == ["AAA", "BBB"]  # of CCC no share is known
    assert rows["value"].tolist() == pytest.approx([80, 0])
    assert set(rows["year"]) == {2024} and set(rows["indicator"]) == {readiness.CODE}


def test_it_counts_only_where_the_reader_weighs_it(full_home):
    year = load.default_year("healthcare")
    usual = load.own_ranking("healthcare", year, (), ())
    own = tuple(recipe.load("healthcare").dimensions.items())
    weighed = load.own_ranking("healthcare", year, (), (*own, (readiness.DIMENSION, 3.0)))
    assert readiness.CODE not in usual.normalised and readiness.CODE in weighed.normalised
    shown = weighed.normalised[readiness.CODE].dropna()
    figures = readiness.figures(load.market_facts("market_languages"), year).set_index("iso3")["value"]
    assert shown.corr(figures.reindex(shown.index), method="spearman") == pytest.approx(1)
    moved = (weighed.scores["score"] - usual.scores["score"]).reindex(shown.index)
    assert moved.corr(shown - usual.scores["score"].reindex(shown.index)) > 0.8  # towards what is ready


def test_its_ranks_have_an_interval_and_another_weight_prepares_nothing_anew(full_home, monkeypatch):
    year = load.default_year("healthcare")
    own = tuple(recipe.load("healthcare").dimensions.items())
    load.robustness("healthcare", year, (), (*own, (readiness.DIMENSION, 1.0)))
    monkeypatch.setattr(
        load.rankings.rank_intervals, "prepare", lambda *given: pytest.fail("prepared again for another weight")
    )
    found = load.robustness("healthcare", year, (), (*own, (readiness.DIMENSION, 2.5)))
    assert (found.ranks["low"] <= found.ranks["rank"]).all() and (found.ranks["rank"] <= found.ranks["high"]).all()
