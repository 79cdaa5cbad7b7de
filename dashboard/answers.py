"""Answers in words, and the tables a reader sees, made from a ranking."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.index import Ranking
from dashboard import theme
from dashboard.charts import maps
from dashboard.language import _, current, share
from data import catalog

LISTED = 12
"""Markets in the Overview's list."""
ASKED_FOR = ("talent", "governance", "competition")
"""What strategists ask about every market: said when a recipe has no indicator of it."""
CERTAIN_WITHIN = 3
"""A rank counts as certain when its interval reaches no further than this to either side."""

NAMED = 4
"""As many markets are named in a sentence."""


@dataclass(frozen=True)
class OverviewAnswer:
    """What the Overview shows: the sentence, the map, the ranking and its first rows, and what is not known.

    table: every shown market with its iso3. listed: the first LISTED of them, with the history of their scores.
    """

    headline: str
    world: dict[str, Any]
    table: pd.DataFrame
    listed: pd.DataFrame
    unknowns: list[str]


def overview(
    ranking: Ranking,
    ranges: pd.DataFrame,
    history: pd.DataFrame,
    markets: pd.DataFrame,
    shown: pd.Index,
    outlined: frozenset[str],
    year: int,
    look: theme.Theme,
) -> OverviewAnswer:
    """The whole answer for the shown markets (iso3 in rank order, at least one), in the reader's language.

    outlined: markets with a polygon on the map.
    """
    names = markets["name"]
    world = maps.score_map(
        ranking.scores.loc[shown, "score"],
        names,
        hover_texts(ranking, ranges, names),
        markets[["latitude", "longitude"]],
        outlined,
        None,
        look,
        {"score": _("Score, 0–100"), "missing": _("Not ranked or not shown")},
        zoom=len(shown) < len(ranking.scores),
    )
    table = ranked_table(ranking, ranges, names, history, shown)
    return OverviewAnswer(
        headline(ranking, ranges, names, shown),
        world,
        table.drop(columns="history"),
        table.drop(columns="iso3").head(LISTED),
        unknowns(ranking, names, year),
    )


def listing(names: list[str]) -> str:
    """Names as one says them: A, B and C."""
    if len(names) < 2:
        return "".join(names)
    comma, last = ("、", "和") if current() == "zh" else (", ", " and ")
    return comma.join(names[:-1]) + last + names[-1]


def headline(ranking: Ranking, ranges: pd.DataFrame, names: pd.Series, shown: pd.Index) -> str:
    """The answer as one sentence: who stands out among the shown markets, and how certain the first ten ranks are."""
    industry = _(ranking.recipe.title).lower()
    scope = _("Overall") if ranking.recipe.name == "general" else _("For {industry}").format(industry=industry)
    first = listing([names[iso3] for iso3 in shown[:3]])
    top = shown[:10]
    ranks = ranking.scores.loc[top, "rank"]
    near = (ranks - ranges.loc[top, "low"] <= CERTAIN_WITHIN) & (ranges.loc[top, "high"] - ranks <= CERTAIN_WITHIN)
    if len(shown) == 1:
        return _("{scope}, {first} is the only market shown.").format(scope=scope, first=first)
    return _("{scope}, {first} stand out; {certain} of the top {count} are certain within {ranks} ranks.").format(
        scope=scope, first=first, certain=int(near.sum()), count=len(top), ranks=CERTAIN_WITHIN
    )


def ranked_table(
    ranking: Ranking, ranges: pd.DataFrame, names: pd.Series, history: pd.DataFrame, shown: pd.Index
) -> pd.DataFrame:
    """The ranked list: rank, its 5-95 % range, market, score, its history, coverage."""
    scores = ranking.scores.loc[shown]
    past = history.reindex(shown)
    return pd.DataFrame(
        {
            "rank": scores["rank"],
            "range": [
                f"{low}–{high}" for low, high in zip(ranges.loc[shown, "low"], ranges.loc[shown, "high"], strict=True)
            ],
            "market": names.reindex(shown),
            "score": scores["score"].round(1),
            "history": [[round(value, 2) for value in row if value == value] for row in past.to_numpy()],
            "coverage": (scores["coverage"] * 100).round(),
            "iso3": shown,
        }
    )


def hover_texts(ranking: Ranking, ranges: pd.DataFrame, names: pd.Series) -> pd.Series:
    """What the map says about each market, by iso3 (HTML of Plotly's own small dialect; names are our own facts)."""
    template = _("Rank {rank} of {count} (5–95 %: {low}–{high})<br>Score {score}, coverage {coverage}")
    scores = ranking.scores
    texts = [
        f"<b>{names.get(row.Index, row.Index)}</b><br>"
        + template.format(
            rank=row.rank,
            count=len(scores),
            low=low,
            high=high,
            score=f"{row.score:.1f}",
            coverage=share(row.coverage),
        )
        for row, low, high in zip(scores.itertuples(), ranges["low"], ranges["high"], strict=True)
    ]
    return pd.Series(texts, index=scores.index)


def ingredient_title(ranking: Ranking, key: str) -> str:
    """What an ingredient of a recipe is called, by the figure that actually serves."""
    ingredient = next(i for i in ranking.recipe.ingredients if i.key == key)
    measure = ranking.measures.get(key, ingredient.measures[0])
    if measure == ingredient.measures[0]:
        return _(ingredient.title)
    if measure.denominator:
        return _("{figure} per {base}").format(
            figure=_(catalog.load()[measure.code].name), base=_(catalog.load()[measure.denominator].name)
        )
    return _(catalog.load()[measure.code].name)


def ingredient_unit(ranking: Ranking, key: str) -> str:
    """The unit of an ingredient's values; ratios and products carry both units."""
    ingredient = next(i for i in ranking.recipe.ingredients if i.key == key)
    measure = ranking.measures.get(key, ingredient.measures[0])
    known = catalog.load()
    unit = _(known[measure.share_of or measure.code].unit)
    if measure.denominator:
        return f"{unit} / {_(known[measure.denominator].unit)}"
    if measure.multiplier and known[measure.multiplier].unit != "persons":  # so much per person, times persons
        return f"{unit} × {_(known[measure.multiplier].unit)}"
    return unit


def unknowns(ranking: Ranking, names: pd.Series, year: int) -> list[str]:
    """What we do not know, as sentences."""
    said = []
    if ranking.missing:
        titles = listing([_(i.title) for i in ranking.missing])
        said.append(
            _("{missing} of {all} indicators are not in the store: {titles}.").format(
                missing=len(ranking.missing), all=len(ranking.recipe.ingredients), titles=titles
            )
        )
    if ranking.stand_ins:
        pairs = listing(
            [
                _("{stand_in} for {indicator}").format(stand_in=ingredient_title(ranking, i.key), indicator=_(i.title))
                for i in ranking.stand_ins
            ]
        )
        said.append(_("Stand-ins serve: {pairs}.").format(pairs=pairs))
    if outside := [_(name) for name in ASKED_FOR if name not in ranking.recipe.dimensions]:
        said.append(_("Not part of this score: {dimensions}.").format(dimensions=listing(outside)))
    if len(ranking.unranked):
        first = listing([names.get(iso3, iso3) for iso3 in ranking.unranked.index[:NAMED]])
        sentence = (
            _(
                "{count} markets are not ranked, because less than {minimum} % of the score's weight is known for them "
                "(among them {markets})."
            )
            if len(ranking.unranked) > NAMED
            else _("Not ranked, because less than {minimum} % of the score's weight is known: {markets}.")
        )
        minimum = round(ranking.recipe.minimum_coverage * 100)
        said.append(sentence.format(count=len(ranking.unranked), minimum=minimum, markets=first))
    oldest = ranking.years.min()
    if oldest.min() < year:
        key = oldest.idxmin()
        said.append(
            _("The oldest figure used is {indicator} from {oldest}, {age} years before {year}.").format(
                indicator=ingredient_title(ranking, key),
                oldest=int(oldest[key]),
                age=year - int(oldest[key]),
                year=year,
            )
        )
    said.append(
        _(
            "Rank intervals say how ranks move when every weight is off by about 25 %; errors in the figures "
            "themselves are not in them."
        )
    )
    return said
