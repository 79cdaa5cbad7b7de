"""Answers in words, and the tables a reader sees, made from a ranking."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analytics.index.composite import Ranking
from analytics.robustness.rank_intervals import Robustness
from dashboard import theme
from dashboard.charts import maps
from dashboard.i18n.translation import _, in_sentence, listing, share
from data import catalog

LISTED = 12
"""Markets in the Overview's list."""
ASKED_FOR = ("talent", "governance", "competition")
"""What strategists ask about every market: said when a recipe has no indicator of it."""
STABLE = 0.9
"""Share of the ways to build the index that must agree before a place in the top ten counts as certain."""
OPEN = 0.6
"""Below this share the order of two markets is called open."""
WELL_STOCKED = 0.8
"""Share of a score's weight that the store must hold before a headline speaks of the score without a reservation."""

NAMED = 4
"""As many markets are named in a sentence."""


@dataclass(frozen=True)
class OverviewAnswer:
    """What the Overview shows: the sentence, the map, the ranking and its first rows, and what is not known.

    table: every shown market with its iso3. listed: the first LISTED of them. aside: the scored markets that are not
    ranked, with the reason.
    """

    headline: str
    world: dict[str, Any]
    table: pd.DataFrame
    listed: pd.DataFrame
    unknowns: list[str]
    aside: pd.DataFrame


def overview(
    ranking: Ranking,
    sure: Robustness,
    markets: pd.DataFrame,
    shown: pd.Index,
    economies: pd.Series,
    outlined: frozenset[str],
    year: int,
    look: theme.Theme,
) -> OverviewAnswer:
    """The whole answer for the shown markets (iso3 in rank order, at least one), in the reader's language.

    sure: how certain the ranks are over all ways to build the index. economies: GDP by iso3. outlined: markets with a
    polygon on the map.
    """
    names = markets["name"]
    world = maps.score_map(
        ranking.scores.loc[shown, "score"],
        names,
        hover_texts(ranking, sure, names),
        markets[["latitude", "longitude"]],
        outlined,
        None,
        look,
        {"score": _("Score, 0–100"), "missing": _("Not ranked or not shown")},
        zoom=len(shown) < len(ranking.scores),
    )
    table = ranked_table(ranking, sure, names, shown)
    return OverviewAnswer(
        headline(ranking, sure, names, shown),
        world,
        table,
        table.drop(columns="iso3").head(LISTED),
        unknowns(ranking, names, economies, year),
        aside_table(ranking, names),
    )


def scope(ranking: Ranking) -> str:
    """For which industry a sentence speaks, and on how much of its score where the store holds too little."""
    industry = _(ranking.recipe.title).lower()
    weights = ranking.recipe.weights()
    held = 1 - sum(weights[ingredient.key] for ingredient in ranking.missing)
    if held >= WELL_STOCKED:
        return _("Overall") if ranking.recipe.name == "general" else _("For {industry}").format(industry=industry)
    if ranking.recipe.name == "general":
        return _("Judged on {share} of the score").format(share=share(held))
    return _("For {industry}, judged on {share} of the score").format(industry=industry, share=share(held))


def headline(ranking: Ranking, sure: Robustness, names: pd.Series, shown: pd.Index) -> str:
    """Who leads among the shown markets, and how certain that is over all ways to build the index, as one sentence."""
    spoken = [in_sentence(iso3, names[iso3]) for iso3 in shown[:3]]
    first, where = listing(spoken), scope(ranking)
    if len(shown) == 1:
        return _("{scope}, {first} is the only country shown.").format(scope=where, first=first)
    if len(shown) < len(ranking.scores):
        ahead = float(sure.beats.at[shown[0], shown[1]])
        template = (
            _("{scope}, {first} lead the {count} countries shown; {a} ranks before {b} in {p} of the index variants.")
            if ahead >= OPEN
            else _("{scope}, {first} lead the {count} countries shown; which of {a} and {b} comes first is open.")
        )
        return template.format(scope=where, first=first, count=len(shown), a=spoken[0], b=spoken[1], p=share(ahead))
    return _("{scope}, {first} lead; {certainty}.").format(
        scope=where, first=first, certainty=stability(ranking, sure, names)
    )


def stability(ranking: Ranking, sure: Robustness, names: pd.Series) -> str:
    """How many of the top ten stay there however the index is built: the end of a sentence."""
    top = ranking.scores.index[:10]
    stay = [iso3 for iso3 in top if sure.ranks.at[iso3, "p_top10"] >= STABLE]
    if not stay:
        return _("no place in the top {count} is certain").format(count=len(top))
    if len(stay) == 1:
        return _("only {market} is certain to stay in the top {count}").format(
            market=in_sentence(stay[0], names[stay[0]]), count=len(top)
        )
    return _("{certain} of the top {count} stay there in 90 % of index variants").format(
        certain=len(stay), count=len(top)
    )


def span(sure: Robustness, iso3: str) -> str:
    """The rank interval of a market: 3–18."""
    return f"{int(sure.ranks.at[iso3, 'low'])}–{int(sure.ranks.at[iso3, 'high'])}"


def ranked_table(ranking: Ranking, sure: Robustness, names: pd.Series, shown: pd.Index) -> pd.DataFrame:
    """The ranked list: rank, its 5-95 % range over all ways to build the index, market, score, coverage."""
    scores = ranking.scores.loc[shown]
    return pd.DataFrame(
        {
            "rank": scores["rank"],
            "range": [span(sure, iso3) for iso3 in shown],
            "market": names.reindex(shown),
            "score": scores["score"].round(1),
            "coverage": (scores["coverage"] * 100).round(),
            "iso3": shown,
        }
    )


def aside_reasons() -> dict[str, str]:
    """Why a scored market is not ranked, by the key of `analytics.index.candidates`."""
    return {
        "home": _("home market"),
        "present": _("you are there already"),
        "small": _("too few people"),
        "unknown size": _("population unknown"),
        "little known": _("too little known"),
    }


def aside_table(ranking: Ranking, names: pd.Series) -> pd.DataFrame:
    """The scored markets that are not ranked, the best first: reason, score, share known, the rank it would take."""
    aside, reasons = ranking.aside, aside_reasons()
    return pd.DataFrame(
        {
            "market": names.reindex(aside.index),
            "reason": aside["reason"].map(reasons),
            "score": aside["score"].astype(float).round(1),
            "coverage": (aside["coverage"].astype(float) * 100).round(),
            "place": aside["place"],
        }
    )


def hover_texts(ranking: Ranking, sure: Robustness, names: pd.Series) -> pd.Series:
    """What the map says about each market, by iso3 (HTML of Plotly's own small dialect; names are our own facts)."""
    template = _("Rank {rank} of {count} (5–95 %: {low}–{high})<br>Score {score}, coverage {coverage}")
    scores, ranges = ranking.scores, sure.ranks
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


def unknowns(ranking: Ranking, names: pd.Series, economies: pd.Series, year: int) -> list[str]:
    """What we do not know, as sentences, the largest gaps first. economies: GDP by iso3, for the order of names."""
    said = []
    known = ranking.scores.index.union(ranking.aside.index).union(ranking.unranked.index)
    absent = [iso3 for iso3 in economies.index if iso3 in names.index and iso3 not in known]
    little = [iso3 for iso3 in economies.index if iso3 in ranking.unranked.index]
    gaps = {
        _("{count} countries have no figures for this at all, among them {markets}."): absent,
        _("{count} countries are known for less than {minimum} % of the score, among them {markets}."): little,
    }
    for template in sorted(filter(gaps.get, gaps), key=lambda text: -economies[gaps[text][0]]):
        if len(gaps[template]) == 1:
            market = in_sentence(gaps[template][0], names[gaps[template][0]])
            said.append(_("Too little is known of {market} to compare it.").format(market=market))
            continue
        said.append(
            template.format(
                count=len(gaps[template]),
                minimum=round(ranking.recipe.minimum_coverage * 100),
                markets=listing([in_sentence(iso3, names[iso3]) for iso3 in gaps[template][:NAMED]]),
            )
        )
    if ranking.missing:
        said.append(
            _("{missing} of {all} indicators are not in the store: {titles}.").format(
                missing=len(ranking.missing),
                all=len(ranking.recipe.ingredients),
                titles=listing([_(i.title) for i in ranking.missing]),
            )
        )
    if ranking.proxies:
        pairs = listing(
            [
                _("{stand_in} for {indicator}").format(stand_in=ingredient_title(ranking, i.key), indicator=_(i.title))
                for i in ranking.proxies
            ]
        )
        said.append(_("Substitutes in use: {pairs}.").format(pairs=pairs))
    if outside := [_(name) for name in ASKED_FOR if name not in ranking.recipe.dimensions]:
        said.append(_("Not part of this score: {dimensions}.").format(dimensions=listing(outside)))
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
            "Ranges show how ranks change with other weights, scaling, treatment of missing data and outliers, and "
            "aggregation. They do not cover errors in the data."
        )
    )
    return said
