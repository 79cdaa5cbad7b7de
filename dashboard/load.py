"""Every cached load: the store, its queries, slow analytics. Results are shared by all sessions: never change them."""

from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import babel
import pandas as pd
import streamlit as st

from analytics.index import candidates, composite, recipe
from analytics.index.candidates import Candidacy
from analytics.index.composite import NotRanked, Ranking
from analytics.index.design import Design
from analytics.market import distance, entry_mode, peers, rank_changes
from analytics.potential import fit as potentials
from analytics.potential import over_time
from analytics.potential.fit import PotentialFit
from analytics.potential.panel import PotentialError
from analytics.robustness import rank_intervals, sobol
from analytics.scenario import base as bases
from analytics.scenario import outcome as outcomes
from analytics.scenario import propagation
from analytics.scenario.document import BaseKey, Scenario
from dashboard import kept, ranking_words, readiness, theme
from dashboard.i18n import calendar as calendar_words
from dashboard.i18n.faults import said
from dashboard.i18n.translation import STORE_LANGUAGES, _, current, day, language_name, territory_name
from data import gates, quality, store
from data.faults import Fault

if TYPE_CHECKING:
    from analytics.allocation import inputs as plan_inputs
    from analytics.allocation import request as plan_request
    from analytics.allocation import solution
    from analytics.allocation.problem import Problem
    from analytics.json_documents import DocumentError
    from analytics.potential.regression import FixedEffects
    from analytics.scenario.forecast import Forecast
    from models.assistant.knowledge import KnowledgeBase
    from models.assistant.retrieval import Embedder, Index
    from models.cards import Card
    from models.serving.server import Server

SEED = 0
LAW = "RL.EST"
DRAWS = 2000
MOVERS = 6
HUB_AGAIN_S = 600
"""After that long a hub model that was out of reach is tried again."""
RANKED_BY = ("home_market", "present_markets", "minimum_population", "minimum_known_pct")
"""Settings that a ranking depends on, or the advice that stands on it; the others are a matter of showing."""
INCOME_GROUPS = ("High income", "Upper middle income", "Lower middle income", "Low income")


def file_version() -> tuple[int, int]:
    """Changes when the store's file is replaced. Builds the store where there is none."""
    try:
        return store.version()
    except store.StoreError:
        store.ensure()
        return store.version()


def version() -> tuple[str, int]:
    """Part of every cache key: changes when the store's data do, not when somebody judges a reply or a model."""
    return _data_version(file_version())


@lru_cache(maxsize=8)
def _data_version(file: tuple[int, int]) -> tuple[str, int]:
    return str(store.path()), store.data_version(connection())


def _cached(function: Callable[..., Any]) -> kept.Kept:
    """Cache by arguments and the version of the data: one uncopied result for all sessions, computed by one of them."""
    return kept.Kept(function, lambda: version())


def _by_file(function: Callable[..., Any]) -> kept.Kept:
    """The same by the version of the file: for what people said, and the company profile."""
    return kept.Kept(function, lambda: file_version())


def _by_profile(function: Callable[..., Any]) -> kept.Kept:
    """The same by the version of the data and of what the company profile says of who is ranked, and from where."""
    return kept.Kept(function, lambda: _profile_version(), stands=lambda stamp: stamp[0] == version())


def _profile_version() -> tuple[Hashable, ...]:
    profile = settings()
    return version(), *(profile[name] for name in RANKED_BY)


def _opened() -> store.Connection:
    return store.connect()


_connection = kept.Kept(_opened, file_version, sweeps=True)


def connection() -> store.Connection:
    """The open store, read-only; reopened when it was replaced. Raises store.StoreError.

    One that was replaced closes when its last reader lets go of it: hold it for one reading only.
    """
    return _connection()


@_by_file
def settings() -> dict[str, str]:
    return store.settings(connection())


@_cached
def snapshots() -> pd.DataFrame:
    return store.snapshots(connection())


@_cached
def status() -> dict[str, int | None]:
    return store.status(connection())


@_cached
def indicators() -> pd.DataFrame:
    """A row an indicator, indexed by code."""
    return store.indicators(connection()).set_index("code")


@_cached
def _markets_in(language: str) -> pd.DataFrame:
    names = store.market_names(connection(), STORE_LANGUAGES[language]).set_index("iso3")["name"]
    return store.markets(connection()).set_index("iso3").rename(columns={"name": "english"}).assign(name=names)


@_cached
def market_names(language: str) -> dict[str, str]:
    """Display names by iso3 in a language of the store (en, zh_Hans), in their alphabetical order."""
    names = store.market_names(connection(), language).set_index("iso3")["name"].sort_values()
    return names.to_dict()


@_cached
def market_aliases() -> dict[str, list[str]]:
    """What else markets are called in English, by iso3."""
    return store.market_aliases(connection()).groupby("iso3")["name"].agg(list).to_dict()


@_cached
def _regions_in(language: str) -> dict[str, str]:
    named = {code: territory_name(code) for code in markets()["region"].dropna().unique()}
    return dict(sorted(named.items(), key=lambda item: item[1]))


def regions() -> dict[str, str]:
    """Names of the regions that have markets by UN M49 code, in the reader's language and sorted in it."""
    return _regions_in(current())


@_cached
def group_members(codes: tuple[str, ...]) -> frozenset[str]:
    """iso3 of every market in any of these continents or regions (UN M49 codes) or organisations."""
    places, facts = markets(), market_facts("market_memberships")
    here = places.index[places["region"].isin(codes) | places["continent"].isin(codes)]
    return frozenset(here) | frozenset(facts.loc[facts["organisation"].isin(codes), "iso3"])


@_cached
def income_groups() -> tuple[str, ...]:
    """Income groups of the markets, from rich to poor; empty until a refresh or an import brought them."""
    known = markets()["income_group"].dropna().unique()
    return tuple(group for group in INCOME_GROUPS if group in known)


def languages() -> dict[str, str]:
    """Names of all languages on record by code, in the reader's language, sorted by name."""
    return _languages_in(current())


@_cached
def _languages_in(_language: str) -> dict[str, str]:
    named = {code: language_name(code) for code in set(market_facts("market_languages")["language"])}
    return dict(sorted(named.items(), key=lambda entry: entry[1]))


def markets() -> pd.DataFrame:
    """A row a market, indexed by iso3, `name` in the reader's language."""
    return _markets_in(current())


@_cached
def market_facts(table: str, iso3: str | None = None) -> pd.DataFrame:
    """The rows of one market, or of all, in a reference table."""
    return store.market_facts(connection(), table, iso3)


@_cached
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


@_cached
def years(recipe_name: str) -> tuple[int, ...]:
    """Years one can rank by, the newest first, as far back as the recipe's indicators go (at least one)."""
    chosen = recipe.load(recipe_name)
    coverage = store.coverage(connection(), chosen.codes)
    enough = coverage[coverage["markets"] >= chosen.minimum_markets]
    if enough.empty:
        return (int(status()["last_year"]),)
    newest = int(max(enough["year"].max(), default_year(recipe_name)))
    return tuple(range(newest, max(int(enough["year"].min()), 1995) - 1, -1)) or (newest,)


@_cached
def default_year(recipe_name: str) -> int:
    """The year a recipe opens with: the latest one that is well covered."""
    chosen = recipe.load(recipe_name)
    found = composite.default_year(store.coverage(connection(), chosen.codes), chosen)
    return found or int(status()["last_year"])


@_cached
def panel(recipe_name: str, year: int) -> pd.DataFrame:
    """The figures a recipe is scored on: iso3, indicator, year, value, source, snapshot."""
    chosen = recipe.load(recipe_name)
    return store.market_panel(connection(), chosen.codes, year, chosen.window)


@_by_profile
def candidacy() -> Candidacy:
    """Who is ranked, by the company profile."""
    return candidates.from_settings(settings(), store.population(connection()))


@_by_profile
def ranking(recipe_name: str, year: int) -> Ranking:
    """Raises NotRanked."""
    return composite.score(panel(recipe_name, year), recipe.load(recipe_name), candidacy=candidacy())


def _gap_groups() -> pd.Series:
    """The groups whose medians may fill gaps, by iso3."""
    return _markets_in("en")["income_group" if income_groups() else "region"]


@_by_profile
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
        _gap_groups(),
        dict(weights) or None,
        candidacy(),
    )


@_by_profile
def _prepared(
    recipe_name: str, year: int, design: tuple[tuple[str, str], ...], with_models: bool
) -> rank_intervals.Prepared:
    """For any weights, which change nothing of it."""
    weights = (*recipe.load(recipe_name).dimensions.items(), (readiness.DIMENSION, 1.0)) if with_models else ()
    return rank_intervals.prepare(own_ranking(recipe_name, year, design, weights), SEED)


@_by_profile
def robustness(
    recipe_name: str, year: int, design: tuple[tuple[str, str], ...], weights: tuple[tuple[str, float], ...]
) -> rank_intervals.Robustness:
    """Rank intervals when all five choices of the index vary, around the reader's own. Raises as `own_ranking`."""
    shown = own_ranking(recipe_name, year, design, weights)
    prepared = _prepared(recipe_name, year, design, readiness.DIMENSION in dict(weights))
    return rank_intervals.monte_carlo(shown, SEED, DRAWS, prepared=prepared, pairs=True)


def _potential_groups() -> pd.DataFrame:
    table = _markets_in("en")
    return pd.DataFrame({"region": table["wb_region"].fillna(table["region"]), "income_group": table["income_group"]})


@_cached
def potential(recipe_name: str, year: int) -> PotentialFit:
    """The potential of every market by a year; takes half a minute the first time. Raises PotentialError."""
    chosen = recipe.load(recipe_name)
    history = series(potentials.history_codes(chosen), None)
    history = history[history["year"] <= year]
    return potentials.fit(history, chosen, potentials.default_year(history, chosen), _potential_groups(), seed=SEED)


_background = ThreadPoolExecutor(1, thread_name_prefix="estimates")
_estimates: "dict[tuple[Hashable, ...], Future[PotentialFit]]" = {}
KEPT_ESTIMATES = 24
"""Answers of the background that are remembered, of each kind."""


def _if_ready(
    begun: dict[tuple[Hashable, ...], Future], arguments: tuple[Hashable, ...], work: Callable[..., Any]
) -> Any:
    """What the background made of it, or None while it works; begins it the first time. Raises what `work` raised."""
    key = (_profile_version(), *arguments)
    with _beginning:
        if key not in begun:
            for old in [other for other in begun if other[0] != key[0]]:
                begun.pop(old).cancel()
            while len(begun) >= KEPT_ESTIMATES:
                begun.pop(next(iter(begun)))
            begun[key] = _background.submit(work, *arguments)
        future = begun[key]
    return future.result() if future.done() else None


_beginning = Lock()


def potential_if_ready(recipe_name: str, year: int) -> "PotentialFit | PotentialError | None":
    """The potential, or why there is none; None while it is worked out in the background, which this begins."""
    try:
        return _if_ready(_estimates, (recipe_name, year), potential)
    except PotentialError as error:
        return error


@_cached
def elasticities(recipe_name: str, year: int) -> "FixedEffects":
    """Each market compared with itself over ten years. Raises PotentialError."""
    chosen = recipe.load(recipe_name)
    history = series(potentials.history_codes(chosen), None)
    return over_time.elasticities(history[history["year"] <= year], chosen, year)


@_cached
def _history(recipe_name: str, before: str | None) -> pd.DataFrame:
    """The histories of a recipe's figures and of its potential's."""
    chosen = recipe.load(recipe_name)
    codes = tuple(dict.fromkeys((*chosen.codes, *potentials.history_codes(chosen))))
    return store.series(connection(), codes, None, before)


@_cached
def snapshot_after(snapshot: str) -> str | None:
    """The arrival after this one, None for the newest. Raises store.StoreError when it never arrived here."""
    return store.snapshot_after(connection(), snapshot)


@_cached
def propagations(recipe_name: str, year: int, before: str | None) -> "tuple[propagation.Elasticity, ...]":
    """How the recipe's figures move with each other; takes a second the first time."""
    return propagation.estimate(_history(recipe_name, before), recipe.load(recipe_name), year)


@_cached
def outlook(recipe_name: str, year: int, horizon: int, before: str | None) -> "Forecast":
    """The recipe's figures carried forward; takes some seconds the first time. Raises ForecastError."""
    from analytics.scenario import forecast as outlooks

    chosen = recipe.load(recipe_name)
    return outlooks.forecast(_history(recipe_name, before), chosen.codes, year, horizon, chosen.window, SEED)


@_cached
def _other_potential(recipe_name: str, year: int, before: str | None, learner: str) -> PotentialFit:
    chosen = recipe.load(recipe_name)
    history = _history(recipe_name, before)
    history = history[history["year"] <= year]
    outcome_year = potentials.default_year(history, chosen)
    return potentials.fit(history, chosen, outcome_year, _potential_groups(), learner=learner, seed=SEED)


def potential_as_of(key: BaseKey) -> PotentialFit:
    """The potential of a base, by its learner and the state of the store. Raises PotentialError."""
    if key.before is None and key.learner == potentials.BEST:
        return potential(key.recipe, key.year)
    return _other_potential(key.recipe, key.year, key.before, key.learner)


@_by_profile
def ground(key: BaseKey) -> bases.ScenarioBase:
    """What scenarios stand on.

    Load the potential and the outlook first: this one waits for them. Raises NotRanked, PotentialError.
    """
    chosen = recipe.load(key.recipe)
    return bases.build_base(
        store.market_panel(connection(), chosen.codes, key.year, chosen.window, key.before),
        chosen,
        markets()["region"],
        _history(key.recipe, key.before),
        key.year,
        propagations(key.recipe, key.year, key.before),
        potential_as_of(key) if key.learner else None,
        outlook(key.recipe, key.year, key.horizon, key.before) if key.horizon else None,
        candidacy(),
        _gap_groups(),
    )


@_by_profile
def outcome(key: BaseKey, scenario: Scenario) -> outcomes.ScenarioResult:
    """A scenario carried out. Raises as `ground`, and ScenarioError."""
    return outcomes.run(ground(key), scenario)


_estimated: set[tuple[Hashable, ...]] = set()
"""Potentials that plans have asked for: (store version, industry, year)."""


def plan_potential(industry: str, year: int) -> None:
    """Work out the potential of an industry for a plan; where there is none, plan_material says why."""
    with suppress(PotentialError):
        potential(industry, year)
    now = version()
    _estimated.difference_update([asked for asked in _estimated.copy() if asked[0] != now])
    _estimated.add((now, industry, year))


def plan_missing(industries: tuple[str, ...], year: int) -> tuple[str, ...]:
    """Industries whose potential no plan has asked for yet: they would take long."""
    return tuple(name for name in industries if (version(), name, year) not in _estimated)


@_cached
def plan_facts(home: str, year: int, moved: tuple[tuple[str, str, float], ...]) -> pd.DataFrame:
    """What is known of markets for a plan (`plan_inputs.market_table`). moved: (iso3, code, value) of a scenario."""
    from analytics.allocation import inputs as plan_inputs

    english = babel.Locale("en").territories
    places = _markets_in("en")
    places = places.assign(region=[english.get(code, code) for code in places["region"]])
    rows = store.market_panel(connection(), plan_inputs.CODES, year, recipe.Recipe.window)
    languages = store.market_facts(connection(), "market_languages")
    today = datetime.now(UTC).date()
    return plan_inputs.market_facts(places, rows, languages, distances(home, year)["euclidean"], home, today, moved)


@_by_profile
def plan_material(
    industries: tuple[str, ...], year: int, home: str, scenario: Scenario | None
) -> "plan_inputs.PlanInputs":
    """What a plan can be made of: the potential of each industry, under a scenario if one is given.

    An industry without a potential is left out, with the reason; half a minute an industry, the first time. Raises
    NotRanked, ScenarioError, ForecastError for a scenario that cannot be carried out.
    """
    from analytics.allocation import inputs as plan_inputs

    found, moved = [], ()
    for industry in industries:
        try:
            fit = potential(industry, year)
        except PotentialError as error:
            found.append(plan_inputs.left_out(industry, error))
            continue
        if scenario is None:
            found.append(plan_inputs.offers(industry, fit.estimates))
            continue
        offered, shifted = plan_inputs.offers_under(scenario, _plan_base(industry, year, scenario), year)
        found.append(offered)
        moved = moved or shifted
    barred = plan_inputs.barred(industries, home, _markets_in("en").index, candidacy().present)
    return plan_inputs.gather(plan_facts(home, year, moved), found, home, barred)


def _plan_base(industry: str, year: int, scenario: Scenario) -> bases.ScenarioBase:
    return ground(BaseKey(industry, year, scenario.horizon, None, scenario.base.learner))


_plans: "dict[tuple[Hashable, ...], Future[solution.Answer | solution.Refusal | DocumentError | str]]" = {}


def plan_if_ready(
    industry: str, year: int, markets: tuple[str, ...]
) -> "solution.Answer | solution.Refusal | DocumentError | str | None":
    """The plan with the usual budget for these markets, or why there is none; None while it is worked out."""
    if potential_if_ready(industry, year) is None:
        return None
    return _if_ready(_plans, (industry, year, markets), _usual_plan)


def _usual_plan(
    industry: str, year: int, markets: tuple[str, ...]
) -> "solution.Answer | solution.Refusal | DocumentError | str":
    from analytics.allocation import problem as allocation_problem
    from analytics.allocation import request as plan_request
    from analytics.json_documents import DocumentError

    material = plan_material((industry,), year, settings()["home_market"], None)
    here = tuple(iso3 for iso3 in markets if iso3 in set(material.offers["market"]))
    if not here:
        return ""
    wish = plan_request.PlanRequest(datetime.now(UTC).year, industries=(industry,), markets=here)
    try:
        problem = plan_request.build(material, plan_request.complete(material, wish))
        allocation_problem.check(problem)
    except DocumentError as error:
        return error
    return plan_answer(problem)


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def plan_file(text: str) -> "tuple[plan_inputs.PlanInputs, plan_request.PlanRequest]":
    """The material and the wish of a problem's JSON; kept with the session that brought it. Raises DocumentError."""
    from analytics.allocation import problem as allocation_problem
    from analytics.allocation import request as plan_request

    return plan_request.from_problem(allocation_problem.read(text))


@_cached
def _region_names_in(language: str) -> dict[str, str]:
    english = babel.Locale("en").territories
    return {english.get(code, code): territory_name(code) for code in markets()["region"].dropna().unique()}


def region_names() -> dict[str, str]:
    """English name of a UN region -> its name in the reader's language."""
    return _region_names_in(current())


def plan_scenario(industry: str, year: int, scenario: Scenario) -> Scenario:
    """The assumptions that concern an industry's potential: shocks of figures it has, and of the exchange rate."""
    from analytics.allocation import inputs as plan_inputs

    return plan_inputs.concerning(scenario, _plan_base(industry, year, scenario), year)


@_cached
def plan_answer(problem: "Problem") -> "solution.Answer | solution.Refusal":
    """The plan of a problem with its rivals and offices; up to its time limit. Raises DocumentError."""
    from analytics.allocation import solution

    return solution.answer(problem)


@_cached
def plan_frontier(problem: "Problem") -> pd.DataFrame:
    """What less risk costs: five plans."""
    from analytics.allocation import solution

    return solution.frontier(problem)


def own_potential(recipe_name: str, year: int, outcome: pd.Series) -> PotentialFit:
    """The same, of the reader's own outcome by iso3; not kept, since it is theirs. Raises PotentialError."""
    chosen = recipe.load(recipe_name)
    history = series(potentials.history_codes(chosen), None)
    return potentials.fit(history, chosen, year, _potential_groups(), seed=SEED, own_outcome=outcome)


@_by_profile
def rank_drivers(
    recipe_name: str, year: int, design: tuple[tuple[str, str], ...], weights: tuple[tuple[str, float], ...]
) -> sobol.Shares:
    """Which choice moves the ranks: Sobol shares overall and per market. Takes seconds."""
    return sobol.shares(own_ranking(recipe_name, year, design, weights), SEED)


def certainty(recipe_name: str, year: int) -> rank_intervals.Robustness:
    """How sure the ranks of the recipe itself are: the one interval that every page shows. Raises NotRanked."""
    return robustness(recipe_name, year, (), ())


@_by_profile
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


@_by_profile
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


@_by_profile
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


@_cached
def market_traits(home: str, year: int) -> dict[str, entry_mode.Traits]:
    """Of every market, what the mode of entry depends on, apart from how certain it is; NaN where unknown."""
    law = latest((LAW,), year, recipe.Recipe.window).set_index("iso3")["value"].rank(pct=True)
    size, far = economies().rank(pct=True), distances(home, year)["euclidean"].rank(pct=True)
    everywhere = pd.DataFrame({"law": law, "size": size, "far": far}).reindex(_markets_in("en").index)
    return {
        row.Index: entry_mode.Traits(float(row.law), float("nan"), float(row.size), float(row.far))
        for row in everywhere.itertuples()
    }


@_cached
def economies() -> pd.Series:
    """GDP by iso3, the largest first: in whose order markets without figures are named."""
    return pd.Series(store.gdp(connection())).sort_values(ascending=False)


@_cached
def structural_peers(iso3: str, year: int, count: int) -> pd.DataFrame:
    panel = store.market_panel(connection(), peers.CODES, year, recipe.Recipe.window)
    return peers.nearest(panel, iso3, count)


@_cached
def latest(codes: tuple[str, ...], year: int, window: int) -> pd.DataFrame:
    return store.market_panel(connection(), codes, year, window)


@_cached
def series(codes: tuple[str, ...], iso3s: tuple[str, ...] | None) -> pd.DataFrame:
    return store.series(connection(), codes, iso3s)


@_cached
def coverage(codes: tuple[str, ...]) -> pd.DataFrame:
    return store.coverage(connection(), codes)


@_cached
def observation_rows(iso3: str, indicator: str) -> pd.DataFrame:
    return store.observation_rows(connection(), iso3, indicator)


@_cached
def _source_line_in(language: str, codes: tuple[str, ...]) -> str:
    rows = indicators()
    rows = rows.loc[[code for code in codes if code in rows.index]]
    rows = rows[rows["observations"] > 0]
    publishers = _("; ").join(
        _("{source} ({licence})").format(
            source=said(source), licence=", ".join(sorted(set(group["licence"].map(said))))
        )
        for source, group in rows.groupby("source")
        if source
    )
    arrived = day(snapshots()["retrieved_at"].max())
    return _("Source: {publishers}. In the store since {day}.").format(publishers=publishers, day=arrived)


def source_line(codes: tuple[str, ...]) -> str:
    """Publishers, vintage and licences behind indicators: one line under a chart, in the reader's language."""
    return _source_line_in(current(), codes)


@_cached
def findings() -> pd.DataFrame:
    return quality.findings(connection())


@_cached
def map_markets() -> frozenset[str]:
    """Markets that have a polygon in the world map; the others are drawn as points."""
    table = pd.read_csv(store.REFERENCE / "map_markets.csv", keep_default_na=False, dtype=str)
    return frozenset(table.loc[table["resolution"].str.startswith("110"), "iso3"])


@lru_cache(maxsize=512)
def public_holidays(iso2: str, year: int, language: str) -> dict[date, str]:
    """Public holidays of a market by date (`calendar_words.public_holidays`)."""
    return calendar_words.public_holidays(iso2, year, language)


# ------------------------------------------------------------------ models (torch comes with them: imported when asked)


def model_names() -> tuple[str, ...]:
    """Every model there is, shipped or trained here."""
    from models import cards

    return cards.names()


@lru_cache(maxsize=128)
def _card(name: str, path: str, changed: int, size: int) -> "Card":
    from models import cards

    return cards.card(name)


def model_card(name: str) -> "Card":
    """A model's card, read again when its file changed. Raises ModelError."""
    from models import cards

    file = cards.folder(name) / cards.CARD
    stamp = file.stat()
    return _card(name, str(file), stamp.st_mtime_ns, stamp.st_size)


def model_fault(name: str) -> Fault | None:
    """Why a model cannot be used, None when its card and files are whole; a file is read again when it changed."""
    from models import cards, errors

    try:
        card = model_card(name)
        stamps = [(cards.folder(name) / file).stat() for file in card.files]
    except errors.ModelError as error:
        return error
    except OSError as error:
        return errors.ModelError(
            "The files of {name} cannot be read: {error}. Train it again, or restore its folder.",
            name=repr(name),
            error=error,
        )
    return _fault(name, tuple(card.files.items()), tuple((stamp.st_mtime_ns, stamp.st_size) for stamp in stamps))


@lru_cache(maxsize=128)
def _fault(name: str, files: tuple[tuple[str, str], ...], stamps: tuple[tuple[int, int], ...]) -> Fault | None:
    from models import cards, errors

    try:
        for file, _sha256 in files:
            cards.read(name, file)
    except errors.ModelError as error:
        return error
    return None


@_by_file
def reviews() -> pd.DataFrame:
    """A row a signed review of a model, the newest first."""
    return store.reviews(connection())


def model_bytes(name: str) -> int:
    """What a model takes on disk. Raises ModelError, OSError."""
    from models import cards

    return sum((cards.folder(name) / file).stat().st_size for file in model_card(name).files)


def text_server(name: str) -> "Server":
    """The one server of a text model in this process; another when the model, or the one under it, was trained again.

    Raises ModelError when there is no such model, or when it is damaged.
    """
    from models import cards

    card = model_card(name)
    under = card.base or card.config.get("hub", {}).get("base")
    base = model_card(under).files if under and under in cards.names() else {}
    return _text_server(
        name, tuple(sorted({**base, **{f"own {file}": sha for file, sha in card.files.items()}}.items()))
    )


@st.cache_resource(show_spinner=False, max_entries=24, on_release=lambda server: server.close())
def _text_server(name: str, files: tuple[tuple[str, str], ...]) -> "Server":
    from models.serving import server as serving_server
    from models.text import load

    return serving_server.Server(load.classifier(name))


def vision_server(name: str) -> "Server":
    """The one server of a vision model in this process. Raises ModelError as `text_server`."""
    return _vision_server(name, tuple(sorted(model_card(name).files.items())))


@st.cache_resource(show_spinner=False, max_entries=8, on_release=lambda server: server.close())
def _vision_server(name: str, files: tuple[tuple[str, str], ...]) -> "Server":
    from models.serving import server as serving_server
    from models.vision import load as vision_load
    from models.vision.reader import line_reader, tags

    reads = model_card(name).task == "reader"
    return serving_server.Server(
        tags.TagReader(line_reader.load(name)) if reads else vision_load.model(name), largest_batch=4
    )


def hub_server(variable: str) -> "Server":
    """The one server of the picture model that a variable of `models.hub` names; slow the first time.

    Raises hub.HubError when it is out of reach, the same for HUB_AGAIN_S.
    """
    from models import errors, hub

    name = hub.wanted(variable)
    if problem := _hub_problem(variable, name):
        raise errors.HubError.of(problem)
    return _hub_server(variable, name)


@st.cache_resource(show_spinner=False, max_entries=4, ttl=HUB_AGAIN_S)
def _hub_problem(variable: str, name: str) -> Fault | None:
    """Why a picture model of the hub is not served, None when it is."""
    from models import errors

    try:
        _hub_server(variable, name)
    except errors.HubError as error:
        return error
    return None


@st.cache_resource(show_spinner=False, max_entries=4, on_release=lambda server: server.close())
def _hub_server(variable: str, name: str) -> "Server":
    from models.serving import server as serving_server
    from models.vision import hub as vision_hub

    return serving_server.Server(vision_hub.model(variable, name))


# ------------------------------------------------------------------ the assistant's knowledge


@_by_file
def feedback() -> pd.DataFrame:
    """A row a reply of the assistant that somebody judged, the newest first."""
    return store.feedback(connection())


@lru_cache(maxsize=1)
def knowledge_sample() -> "KnowledgeBase":
    """The knowledge base about our own products."""
    from models.assistant import knowledge

    return knowledge.sample()


@st.cache_resource(show_spinner=False, max_entries=2, ttl=HUB_AGAIN_S)
def _hub(name: str) -> "Embedder | Fault":
    """Embeddings of a hub model, or why there are none."""
    from models import errors as model_errors
    from models.text import hub as text_hub

    try:
        return text_hub.embedder(name)
    except model_errors.HubError as error:
        return error


def embeddings() -> tuple[str, Fault | None]:
    """Which embeddings the assistant searches with ("" for words alone), and why the hub's were not to be had, if so.

    Our own encoder is not asked: with it fewer questions are answered right than by words alone (README).
    """
    from models.text import hub as text_hub

    wanted = text_hub.wanted()
    if not wanted:
        return "", None
    found = _hub(wanted)
    return ("", found) if isinstance(found, Fault) else (wanted, None)


def intent_model(name: str) -> str:
    """What answers for an intent model: its partner over the embeddings that ATLAS_HUB_MODEL names, where there is one
    and they are to be had; else itself."""
    from models.text import hub as text_hub

    wanted, partner = text_hub.wanted(), name + text_hub.PARTNER
    if not wanted or partner not in model_names() or model_fault(partner):
        return name
    over = model_card(partner).config.get("hub", {}).get("model")
    return partner if over == wanted and not isinstance(_hub(wanted), Fault) else name


def knowledge_index(base: "KnowledgeBase", embedded_by: str) -> "Index":
    """The search over a base. embedded_by: as `embeddings` names them, "" for words alone.

    One that a reader brought stays with their session, and goes with it.
    """
    kept_by = _knowledge_index if base is knowledge_sample() else _own_knowledge_index
    return kept_by((base.name, base.digest), embedded_by, base)


@st.cache_resource(show_spinner=False, max_entries=2)
def _knowledge_index(content: tuple[str, str], embedded_by: str, _base: "KnowledgeBase") -> "Index":
    return _indexed(_base, embedded_by)


@st.cache_resource(show_spinner=False, max_entries=4, scope="session")
def _own_knowledge_index(content: tuple[str, str], embedded_by: str, _base: "KnowledgeBase") -> "Index":
    return _indexed(_base, embedded_by)


def _indexed(base: "KnowledgeBase", embedded_by: str) -> "Index":
    from models.assistant import retrieval

    found = _hub(embedded_by) if embedded_by else None
    return retrieval.Index(base, None if isinstance(found, str) else found)
