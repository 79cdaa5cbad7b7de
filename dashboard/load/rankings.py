"""Rankings, how sure they are, and what is advised."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pandas as pd

from analytics.index import candidates, composite, recipe
from analytics.index.candidates import Candidacy
from analytics.index.composite import NotRanked, Ranking
from analytics.index.design import Design
from analytics.market import distance, entry_mode, peers, profile, rank_changes
from analytics.robustness import rank_intervals, smallest_weight_change, sobol
from dashboard import ranking_words, readiness, theme
from dashboard.i18n.translation import current
from dashboard.load.cache import cached, cached_by_profile, connection, settings
from dashboard.load.kept import of_result
from dashboard.load.store import (
    economies,
    group_members,
    income_groups,
    latest,
    map_markets,
    markets,
    markets_in,
    snapshots,
    status,
)
from data import gates, store

SEED = 0
LAW = "RL.EST"
DRAWS = 2000
MOVERS = 6

standings = of_result(profile.standings)
overtake = of_result(smallest_weight_change.overtake)
leave_one_out = of_result(rank_intervals.leave_one_out)


@cached
def distances(home: str, year: int) -> pd.DataFrame:
    """CAGE measures of every market from the home market, with `euclidean` and `mahalanobis`, by iso3."""
    places, now = markets(), datetime.now(UTC)
    panel = store.market_panel(connection(), peers.CODES, year, recipe.Recipe.window)
    income = peers.size_and_income(panel)["income"]
    clock = pd.Series(
        {
            iso3: now.astimezone(ZoneInfo(zone)).utcoffset().total_seconds() / 3600
            for iso3, zone in places["timezone"].dropna().items()
        }
    )
    tables = [store.market_facts(connection(), f"market_{name}") for name in ("languages", "memberships", "neighbours")]
    measures = distance.cage(home, places, *tables, income, clock)
    return measures.assign(euclidean=distance.euclidean(measures), mahalanobis=distance.mahalanobis(measures))


@cached
def years(recipe_name: str) -> tuple[int, ...]:
    """Years one can rank by, the newest first, as far back as the recipe's indicators go (at least one)."""
    chosen = recipe.load(recipe_name)
    coverage = store.coverage(connection(), chosen.codes)
    enough = coverage[coverage["markets"] >= chosen.minimum_markets]
    if enough.empty:
        return (int(status()["last_year"]),)
    newest = int(max(enough["year"].max(), default_year(recipe_name)))
    return tuple(range(newest, max(int(enough["year"].min()), 1995) - 1, -1)) or (newest,)


@cached
def default_year(recipe_name: str) -> int:
    """The year a recipe opens with: the latest one that is well covered."""
    chosen = recipe.load(recipe_name)
    found = composite.default_year(store.coverage(connection(), chosen.codes), chosen)
    return found or int(status()["last_year"])


@cached
def panel(recipe_name: str, year: int) -> pd.DataFrame:
    """The figures a recipe is scored on: iso3, indicator, year, value, source, snapshot."""
    chosen = recipe.load(recipe_name)
    return store.market_panel(connection(), chosen.codes, year, chosen.window)


@cached_by_profile
def candidacy() -> Candidacy:
    """Who is ranked, by the company profile."""
    return candidates.from_settings(settings(), store.population(connection()))


@cached_by_profile
def ranking(recipe_name: str, year: int) -> Ranking:
    """Raises NotRanked."""
    return composite.score(panel(recipe_name, year), recipe.load(recipe_name), candidacy=candidacy())


def gap_groups() -> pd.Series:
    """The groups whose medians may fill gaps, by iso3."""
    return markets_in("en")["income_group" if income_groups() else "region"]


@cached_by_profile
def own_ranking(
    recipe_name: str, year: int, design: tuple[tuple[str, str], ...], weights: tuple[tuple[str, float], ...]
) -> Ranking:
    """The ranking under the reader's own design and weights of dimensions; empty tuples mean the recipe's.

    Weights may name one dimension more, `readiness.DIMENSION`. Raises NotRanked, DesignError.
    """
    figures, asked = panel(recipe_name, year), recipe.load(recipe_name)
    if readiness.DIMENSION in dict(weights):
        asked = readiness.extended(asked)
        figures = pd.concat([figures, readiness.figures(store.market_facts(connection(), "market_languages"), year)])
    return composite.score(
        figures,
        asked,
        Design(**dict(design)),
        gap_groups(),
        dict(weights) or None,
        candidacy(),
    )


@cached_by_profile
def _prepared(
    recipe_name: str, year: int, design: tuple[tuple[str, str], ...], with_models: bool
) -> rank_intervals.Prepared:
    """For any weights, which change nothing of it."""
    weights = (*recipe.load(recipe_name).dimensions.items(), (readiness.DIMENSION, 1.0)) if with_models else ()
    return rank_intervals.prepare(own_ranking(recipe_name, year, design, weights), SEED)


@cached_by_profile
def robustness(
    recipe_name: str, year: int, design: tuple[tuple[str, str], ...], weights: tuple[tuple[str, float], ...]
) -> rank_intervals.Robustness:
    """Rank intervals when all five choices of the index vary, around the reader's own. Raises as `own_ranking`."""
    shown = own_ranking(recipe_name, year, design, weights)
    prepared = _prepared(recipe_name, year, design, readiness.DIMENSION in dict(weights))
    return rank_intervals.monte_carlo(shown, SEED, DRAWS, prepared=prepared, pairs=True)


@cached_by_profile
def rank_drivers(
    recipe_name: str, year: int, design: tuple[tuple[str, str], ...], weights: tuple[tuple[str, float], ...]
) -> sobol.Shares:
    """Which choice moves the ranks: Sobol shares overall and per market. Takes seconds."""
    return sobol.shares(own_ranking(recipe_name, year, design, weights), SEED)


def certainty(recipe_name: str, year: int) -> rank_intervals.Robustness:
    """How sure the ranks of the recipe itself are: the one interval that every page shows. Raises NotRanked."""
    return robustness(recipe_name, year, (), ())


@cached_by_profile
def movers(recipe_name: str, year: int) -> pd.DataFrame | None:
    """Which ranks moved most when the newest snapshot arrived; None when there was too little to rank on before."""
    chosen = recipe.load(recipe_name)
    newest = snapshots()["id"].iloc[0]
    panel = store.market_panel(connection(), chosen.codes, year, chosen.window, newest)
    try:
        before = composite.score(panel, chosen, candidacy=candidacy())
    except NotRanked:
        return None
    return rank_changes.movers(before, ranking(recipe_name, year), MOVERS)


@cached_by_profile
def _overview_in(
    language: str, dark: bool, recipe_name: str, year: int, regions: tuple[str, ...], incomes: tuple[str, ...]
) -> ranking_words.OverviewAnswer | None:
    everywhere, ranked = markets(), ranking(recipe_name, year)
    shown = shown_markets(recipe_name, year, regions, incomes)
    if shown.empty:
        return None
    sure, look = certainty(recipe_name, year), theme.theme(dark)
    return ranking_words.overview(ranked, sure, everywhere, shown, economies(), map_markets(), year, look)


def overview(
    dark: bool, recipe_name: str, year: int, regions: tuple[str, ...], incomes: tuple[str, ...]
) -> ranking_words.OverviewAnswer | None:
    """What the Overview shows, in the reader's language and theme; None when no ranked market passes the filters.

    Empty regions or incomes mean all. Raises NotRanked.
    """
    return _overview_in(current(), dark, recipe_name, year, regions, incomes)


def shown_markets(recipe_name: str, year: int, regions: tuple[str, ...], incomes: tuple[str, ...]) -> pd.Index:
    """The ranked markets that pass the filters, iso3 in rank order; no regions or incomes mean all."""
    ranked = ranking(recipe_name, year).scores.index
    income = markets()["income_group"].reindex(ranked)
    inside = ranked.isin(group_members(regions)) | (not regions)
    return ranked[inside & (income.isin(incomes) | (not incomes))]


@cached_by_profile
def verdicts(recipe_name: str, year: int) -> dict[str, entry_mode.Advice]:
    """What is advised for every ranked market, by iso3 in rank order. Raises NotRanked."""
    home, ranked, rules = settings()["home_market"], ranking(recipe_name, year), entry_mode.rules()
    shortlisted = certainty(recipe_name, year).p_top(rules.shortlist)
    traits = market_traits(home, year)
    return {
        iso3: entry_mode.advise(
            replace(traits[iso3], certainty=float(shortlisted[iso3])),
            float(ranked.scores.at[iso3, "coverage"]),
            tuple(gate.kind for gate in gates.between(home, iso3, recipe_name)),
            rules,
        )
        for iso3 in ranked.scores.index
    }


@cached
def market_traits(home: str, year: int) -> dict[str, entry_mode.Traits]:
    """Of every market, what the mode of entry depends on, apart from how certain it is; NaN where unknown."""
    law = latest((LAW,), year, recipe.Recipe.window).set_index("iso3")["value"].rank(pct=True)
    size, far = economies().rank(pct=True), distances(home, year)["euclidean"].rank(pct=True)
    everywhere = pd.DataFrame({"law": law, "size": size, "far": far}).reindex(markets_in("en").index)
    return {
        row.Index: entry_mode.Traits(float(row.law), float("nan"), float(row.size), float(row.far))
        for row in everywhere.itertuples()
    }


@cached
def structural_peers(iso3: str, year: int, count: int) -> pd.DataFrame:
    panel = store.market_panel(connection(), peers.CODES, year, recipe.Recipe.window)
    return peers.nearest(panel, iso3, count)
