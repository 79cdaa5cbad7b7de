"""What a plan is asked, from what the atlas knows: wages, entry costs, friction, untapped amounts, candidate sites."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics.allocation import hubs
from analytics.index.measure import compute
from analytics.index.recipe import Recipe
from analytics.market import working_hours
from analytics.potential import panel
from analytics.scenario.base import ScenarioBase
from analytics.scenario.document import Scenario
from analytics.scenario.outcome import run
from data import gates
from data.faults import Fault

RULES_FILE = Path(__file__).with_name("inputs.toml")
INCOME, TOTAL, PEOPLE, LAW = "NY.GDP.PCAP.CD", "NY.GDP.MKTP.CD", panel.POPULATION, "RL.EST"
CODES = (INCOME, TOTAL, PEOPLE, LAW)
"""What `market_table` needs of the store."""
OFFICIAL = ("official", "de_facto_official")
PARTS = ("distance", "law", "clock")
"""Columns of `market_table` that friction is made of, each 0 (none) to 1 (most)."""
OWN = ("wage_usd", "entry_cost_usd", "friction", "min_people", "max_people", "is_open")
"""Figures of a market that a reader can replace."""
Moved = tuple[tuple[str, str, float], ...]
"""(iso3, code, value) of figures that a scenario moves."""
REASONS = ("outcome", "not an amount", "income", "language", "friction", "present", "gate")
"""Why a market or an industry is left out: what is unknown of it, or that one is there, or may not go there."""


@cache
def defaults() -> Mapping[str, Mapping[str, Any]]:
    """Every figure of inputs.toml by section."""
    return tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))


def _rule(name: str) -> Any:
    return field(default_factory=lambda: defaults()["rules"][name])


@dataclass(frozen=True)
class Rules:
    """How a market's figures become costs; see inputs.toml."""

    wage_at_usd: float = _rule("wage_at_usd")
    wage_income_usd: float = _rule("wage_income_usd")
    wage_exponent: float = _rule("wage_exponent")
    wage_floor_usd: float = _rule("wage_floor_usd")
    entry_fixed_usd: float = _rule("entry_fixed_usd")
    entry_person_years: float = _rule("entry_person_years")
    hub_fixed_usd: float = _rule("hub_fixed_usd")
    hub_person_years: float = _rule("hub_person_years")
    hub_hours: float = _rule("hub_hours")
    sites: int = _rule("sites")
    friction_distance: float = _rule("friction_distance")
    friction_law: float = _rule("friction_law")
    friction_clock: float = _rule("friction_clock")
    min_people: int = _rule("min_people")
    max_people: int = _rule("max_people")
    markets: int = _rule("markets")


@dataclass(frozen=True)
class PlanInputs:
    """What a plan can be made of.

    markets: by iso3; name, region, language, timezone, weekend and either spoken (languages an office there finds
    native speakers of) and gdp_usd with the PARTS of friction, 0-1, or, from a file, the figures of OWN. offers:
    market, industry, untapped_usd, low_usd, high_usd. sites: by iso3; timezone, weekend, cost_usd, min_overlap_hours,
    open (None where nothing is decided); empty: by the rules, in any market. left_out: market, industry, reason (a key
    of REASONS, or a Fault). home: where we are.
    """

    markets: pd.DataFrame
    offers: pd.DataFrame
    left_out: pd.DataFrame
    sites: pd.DataFrame = field(default_factory=pd.DataFrame)
    home: str = ""

    @property
    def from_file(self) -> bool:
        return "wage_usd" in self.markets


def main_languages(languages: pd.DataFrame) -> pd.Series:
    """The language to be spoken in each market, by iso3: the official one most people speak, else the most spoken.

    languages: iso3, language, population_pct, official_status.
    """
    ordered = languages.assign(official=languages["official_status"].isin(OFFICIAL)).sort_values(
        ["iso3", "official", "population_pct"], ascending=[True, False, False], kind="stable"
    )
    return ordered.groupby("iso3")["language"].first()


def spoken(languages: pd.DataFrame, population: pd.Series, least: int) -> pd.Series:
    """The languages an office finds native speakers of in each market, by iso3, as tuples: spoken by so many people.

    languages: as for `main_languages`. population: by iso3; where it is unknown, the main language alone.
    """
    people = languages["population_pct"] / 100 * languages["iso3"].map(population)
    many = languages[people >= least].groupby("iso3")["language"].agg(lambda found: tuple(sorted(set(found))))
    main = main_languages(languages)
    return main.map(lambda language: (language,)).where(~main.index.isin(many.index), many)


def income(figures: pd.DataFrame) -> pd.Series:
    """GDP per person in current US$ by iso3: as published, else GDP over population. figures: (markets, CODES)."""
    return figures[INCOME].fillna(figures[TOTAL] / figures[PEOPLE])


def market_table(
    markets: pd.DataFrame,
    languages: pd.DataFrame,
    population: pd.Series,
    gdp_usd: pd.Series,
    law: pd.Series,
    distance: pd.Series,
    home: str,
    on: date,
) -> pd.DataFrame:
    """What is known of each market, by iso3, in the columns of PlanInputs.markets; NaN where it is not.

    markets: name, region, timezone, weekend. population: people. gdp_usd: per person. law: rule of law, any scale,
    more is better. distance: from home (`distance.euclidean`), any scale. on: the day whose clocks count. The parts of
    friction: share of markets nearer to home, share with a stronger rule of law, share of home's working day that is
    not shared.
    """
    table = markets[["name", "region", "timezone", "weekend"]].copy()
    table["language"] = main_languages(languages).reindex(table.index)
    table["spoken"] = spoken(languages, population, defaults()["offices"]["native_speakers"]).reindex(table.index)
    table["gdp_usd"] = gdp_usd.reindex(table.index)
    far, strong = distance.reindex(table.index), law.reindex(table.index)
    table["distance"] = (far.rank(method="min") - 1) / max(far.notna().sum() - 1, 1)
    table["law"] = (strong.rank(method="min", ascending=False) - 1) / max(strong.notna().sum() - 1, 1)
    zone = table["timezone"].get(home)
    table["clock"] = [
        np.nan if not isinstance(zone, str) or not isinstance(there, str) else 1 - _shared(zone, there, on)
        for there in table["timezone"]
    ]
    return table


def market_facts(
    places: pd.DataFrame,
    observations: pd.DataFrame,
    languages: pd.DataFrame,
    distance: pd.Series,
    home: str,
    on: date,
    moved: Moved = (),
) -> pd.DataFrame:
    """`market_table` from observations of CODES (iso3, indicator, value); moved: what a scenario makes of them."""
    known = observations.pivot(index="iso3", columns="indicator", values="value").reindex(places.index, columns=CODES)
    for iso3, code, value in moved:
        known.loc[iso3, code] = value
    return market_table(places, languages, known[PEOPLE], income(known), known[LAW], distance, home, on)


@cache
def _shared(home: str, away: str, on: date) -> float:
    return working_hours.shared_hours(home, away, on) / hubs.DAY_HOURS


def derived(table: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """The table with the figures of OWN by the rules.

    friction: weighted mean of the parts that are known, NaN where none is. NaN wages where income is unknown. A table
    that has them already comes back as it is.
    """
    if "wage_usd" in table:
        return table
    weights = pd.Series({part: getattr(rules, f"friction_{part}") for part in PARTS})
    parts = table[list(PARTS)].astype(float)
    total = parts.notna().mul(weights).sum(axis=1)
    friction = parts.fillna(0).mul(weights).sum(axis=1) / total.where(total > 0)
    income = table["gdp_usd"].where(table["gdp_usd"] > 0) / rules.wage_income_usd
    wage = (rules.wage_at_usd * income**rules.wage_exponent).clip(lower=rules.wage_floor_usd)
    entry = rules.entry_fixed_usd * (1 + friction) + rules.entry_person_years * wage
    return table.assign(
        wage_usd=wage.round(-2),
        entry_cost_usd=entry.round(-3),
        friction=friction.round(3),
        min_people=rules.min_people,
        max_people=rules.max_people,
        is_open=False,
    )


def offers(
    industry: str,
    estimates: pd.DataFrame,
    potential: pd.DataFrame | None = None,
    outcome: pd.Series | None = None,
    population: pd.Series | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What is untapped in an industry, whole markets, US$ a year: PlanInputs' offers, and its left_out.

    estimates: PotentialFit.estimates; amounts per person times the population they were multiplied with there. The
    other three say what a scenario does, by iso3: potential (potential, potential_low, potential_high, per person,
    instead of the estimate), outcome and population (factors on what is there, 1 where nothing changes).
    """
    if estimates["untapped_usd"].isna().all():
        return left_out(industry, "not an amount")
    known = estimates[estimates["untapped_usd"].notna() & (estimates["untapped"] != 0)]
    people = known["untapped_usd"] / known["untapped"]
    ends = known[["predicted", "low", "high"]]
    if potential is not None:
        after = potential[["potential", "potential_low", "potential_high"]].set_axis(ends.columns, axis=1)
        ends = after.reindex(known.index).where(lambda table: table.notna(), ends)
    actual = known["actual"].fillna(0.0)
    if outcome is not None:
        actual = actual * outcome.reindex(known.index).fillna(1.0)
    if population is not None:
        people = people * population.reindex(known.index).fillna(1.0)
    amount = ends.sub(actual, axis=0).mul(people, axis=0)
    table = pd.DataFrame(
        {
            "market": known.index,
            "industry": industry,
            "untapped_usd": amount["predicted"].to_numpy(),
            "low_usd": np.fmin(amount["low"], amount["predicted"]).to_numpy(),
            "high_usd": np.fmax(amount["high"], amount["predicted"]).to_numpy(),
        }
    )
    return table, left_rows(estimates.index.difference(known.index), industry, "outcome")


def concerning(scenario: Scenario, base: ScenarioBase, year: int) -> Scenario:
    """The assumptions that concern an industry's potential: of figures that its base has, and of the exchange rate."""
    known = set(base.figures)
    shocks = tuple(shock for shock in scenario.shocks if shock.kind == "exchange rate" or shock.target in known)
    return replace(scenario, shocks=shocks, base=replace(scenario.base, recipe=base.recipe.name, year=year))


def offers_under(scenario: Scenario, base: ScenarioBase, year: int) -> tuple[tuple[pd.DataFrame, pd.DataFrame], Moved]:
    """`offers` of an industry under a scenario, and what that makes of the figures of CODES. base: with its potential.

    Raises ScenarioError.
    """
    shocked = run(base, concerning(scenario, base, year))
    factors = growth(base.recipe, base.figures, shocked.figures)
    rows = shocked.moved[shocked.moved["indicator"].isin(CODES)]
    moved = tuple(zip(rows["iso3"], rows["indicator"], rows["after"], strict=True))
    return offers(base.recipe.name, base.estimate.fit.estimates, shocked.markets, *factors), moved


def barred(industries: Sequence[str], home: str, places: Iterable[str], present: Sequence[str]) -> dict[str, str]:
    """Markets no plan goes to, by iso3, with the reason: where we are already, and where a legal gate is closed."""
    closed = {
        iso3
        for industry in industries
        for iso3 in places
        if {"closed", "restricted"} & {gate.kind for gate in gates.between(home, iso3, industry)}
    }
    return dict.fromkeys(sorted(closed), "gate") | dict.fromkeys(present, "present")


def left_out(industry: str, reason: str | Fault) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As `offers` gives it, for an industry that has none. reason: a key of REASONS, or the refusal itself."""
    columns = {"market": str, "industry": str, "untapped_usd": float, "low_usd": float, "high_usd": float}
    return pd.DataFrame(columns=list(columns)).astype(columns), left_rows([""], industry, reason)


def growth(recipe: Recipe, before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """By what a scenario multiplies the outcome that is there, and the population: by iso3, 1 where nothing moved.

    before, after: (markets, codes), the figures without and with the scenario.
    """
    codes = panel.target_of(recipe).measure.codes
    outcome = pd.Series(1.0, before.index)
    if set(codes) <= set(before.columns):
        measure = panel.target_of(recipe).measure
        outcome = _ratio(compute(after, measure), compute(before, measure))
    population = pd.Series(1.0, before.index)
    if PEOPLE in before:
        population = _ratio(after[PEOPLE], before[PEOPLE])
    return outcome, population


def _ratio(after: pd.Series, before: pd.Series) -> pd.Series:
    factor = after / before.where(before > 0)
    return factor.where(np.isfinite(factor) & (factor >= 0), 1.0)


def left_rows(markets: Any, industry: str, reason: str | Fault) -> pd.DataFrame:
    return pd.DataFrame({"market": list(markets), "industry": industry, "reason": reason}, dtype=object)


def gather(
    table: pd.DataFrame,
    industries: list[tuple[pd.DataFrame, pd.DataFrame]],
    home: str,
    barred: Mapping[str, str] | None = None,
) -> PlanInputs:
    """The material of several industries (`offers` of each). barred: markets no plan goes to, with the reason.

    Markets are left out where income is unknown (nothing says what people cost), or the language, or all of friction.
    """
    offered = pd.concat([rows for rows, _ in industries], ignore_index=True)
    left = [gone for _, gone in industries]
    gaps = {
        "income": ~(table["gdp_usd"] > 0),
        "language": table["language"].isna(),
        "friction": table[list(PARTS)].isna().all(axis=1),
    }
    for reason in dict.fromkeys((barred or {}).values()):
        gaps[reason] = table.index.isin([iso3 for iso3, why in barred.items() if why == reason])
    for reason, missing in gaps.items():
        gone = sorted(set(offered["market"]) & set(table.index[missing]))
        left.append(left_rows(gone, "", reason))
        offered = offered[~offered["market"].isin(gone)]
    return PlanInputs(table, offered.reset_index(drop=True), pd.concat(left, ignore_index=True), home=home)


# ------------------------------------------------------------------ from a wish to a problem, and back
