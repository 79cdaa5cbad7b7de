"""What a plan is asked, from what the atlas knows: wages, entry costs, friction, untapped amounts, candidate sites."""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import documents, layout, panel, worktime
from analytics.allocation_problem import (
    Bound,
    Current,
    Hub,
    Lock,
    Market,
    Opportunity,
    Problem,
    RegionLimit,
    Response,
)
from analytics.recipe import Recipe
from data.faults import Fault

RULES_FILE = Path(__file__).with_name("plan_inputs.toml")
INCOME, TOTAL, PEOPLE, LAW = "NY.GDP.PCAP.CD", "NY.GDP.MKTP.CD", panel.POPULATION, "RL.EST"
CODES = (INCOME, TOTAL, PEOPLE, LAW)
"""What `market_table` needs of the store."""
OFFICIAL = ("official", "de_facto_official")
PARTS = ("distance", "law", "clock")
"""Columns of `market_table` that friction is made of, each 0 (none) to 1 (most)."""
OWN = ("wage_usd", "entry_cost_usd", "friction", "min_people", "max_people", "is_open")
"""Figures of a market that a reader can replace."""
SETTINGS = ("objective", "discount_rate", "carry_over", "cvar_tail", "gap", "seed", "draws", "held_out", "overlap_date")
PAGE_SECONDS = 20.0
REASONS = ("outcome", "not an amount", "income", "language", "friction", "present", "gate")
"""Why a market or an industry is left out: what is unknown of it, or that one is there, or may not go there."""


@cache
def defaults() -> Mapping[str, Mapping[str, Any]]:
    """Every figure of plan_inputs.toml by section."""
    return tomllib.loads(RULES_FILE.read_text(encoding="utf-8"))


def _rule(name: str) -> Any:
    return field(default_factory=lambda: defaults()["rules"][name])


@dataclass(frozen=True)
class Rules:
    """How a market's figures become costs; see plan_inputs.toml."""

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
class Material:
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


@dataclass(frozen=True)
class Wish:
    """What a reader asks of a plan. Empty markets or industries, and sites of None, are chosen by `complete`.

    total_usd: of all years together. min_markets, max_markets: to be in. free_sites: offices also where nobody works;
    any_language: and also without native speakers of a market's language.
    by: "untapped" or "rank", what the first `first` markets are chosen by. min_people, max_people, hub_hours: of every
    market or site, None as the material has it. own: (market, field of OWN, value). region_limits: (region, USD,
    people). settings: (name in SETTINGS, value), where not the problem's usual one.
    """

    base_year: int
    name: str = ""
    industries: tuple[str, ...] = ()
    markets: tuple[str, ...] = ()
    first: int = field(default_factory=lambda: defaults()["rules"]["markets"])
    by: str = "untapped"
    budget_usd: tuple[float, ...] = field(
        default_factory=lambda: (defaults()["wish"]["budget_usd"],) * defaults()["wish"]["years"]
    )
    people: tuple[int, ...] = field(
        default_factory=lambda: (defaults()["wish"]["people"],) * defaults()["wish"]["years"]
    )
    total_usd: float | None = None
    min_markets: int | None = None
    max_markets: int | None = None
    free_sites: bool = False
    any_language: bool = False
    risk: float = 0.0
    min_people: int | None = None
    max_people: int | None = None
    sites: tuple[str, ...] | None = None
    hub_hours: float | None = None
    own: tuple[tuple[str, str, float], ...] = ()
    region_limits: tuple[tuple[str, float | None, int | None], ...] = ()
    language_capacity: tuple[tuple[str, int], ...] = ()
    locks: tuple[Lock, ...] = ()
    bounds: tuple[Bound, ...] = ()
    today: tuple[Current, ...] = ()
    response: Response = field(default_factory=lambda: Response(**defaults()["response"]))
    rules: Rules = field(default_factory=Rules)
    settings: tuple[tuple[str, Any], ...] = field(default_factory=lambda: (("draws", defaults()["wish"]["draws"]),))

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.base_year, self.base_year + len(self.budget_usd)))

    def lasting(self, years: int) -> "Wish":
        """The same over another number of years: the last budget and headcount go on."""
        budget = (*self.budget_usd, *[self.budget_usd[-1]] * years)[:years]
        return replace(self, budget_usd=budget, people=(*self.people, *[self.people[-1]] * years)[:years])


# ------------------------------------------------------------------ what the atlas knows


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
    """What is known of each market, by iso3, in the columns of Material.markets; NaN where it is not.

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


@cache
def _shared(home: str, away: str, on: date) -> float:
    return worktime.shared_hours(home, away, on) / layout.DAY_HOURS


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
    """What is untapped in an industry, whole markets, US$ a year: Material's offers, and its left_out.

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
    return table, _left(estimates.index.difference(known.index), industry, "outcome")


def left_out(industry: str, reason: str | Fault) -> tuple[pd.DataFrame, pd.DataFrame]:
    """As `offers` gives it, for an industry that has none. reason: a key of REASONS, or the refusal itself."""
    columns = {"market": str, "industry": str, "untapped_usd": float, "low_usd": float, "high_usd": float}
    return pd.DataFrame(columns=list(columns)).astype(columns), _left([""], industry, reason)


def growth(recipe: Recipe, before: pd.DataFrame, after: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """By what a scenario multiplies the outcome that is there, and the population: by iso3, 1 where nothing moved.

    before, after: (markets, codes), the figures without and with the scenario.
    """
    codes = panel.target_of(recipe).measure.codes
    outcome = pd.Series(1.0, before.index)
    if set(codes) <= set(before.columns):
        measure = panel.target_of(recipe).measure
        outcome = _ratio(panel.compute(after, measure), panel.compute(before, measure))
    population = pd.Series(1.0, before.index)
    if PEOPLE in before:
        population = _ratio(after[PEOPLE], before[PEOPLE])
    return outcome, population


def _ratio(after: pd.Series, before: pd.Series) -> pd.Series:
    factor = after / before.where(before > 0)
    return factor.where(np.isfinite(factor) & (factor >= 0), 1.0)


def _left(markets: Any, industry: str, reason: str | Fault) -> pd.DataFrame:
    return pd.DataFrame({"market": list(markets), "industry": industry, "reason": reason}, dtype=object)


def gather(
    table: pd.DataFrame,
    found: list[tuple[pd.DataFrame, pd.DataFrame]],
    home: str,
    barred: Mapping[str, str] | None = None,
) -> Material:
    """The material of several industries (`offers` of each). barred: markets no plan goes to, with the reason.

    Markets are left out where income is unknown (nothing says what people cost), or the language, or all of friction.
    """
    offered = pd.concat([rows for rows, _ in found], ignore_index=True)
    left = [gone for _, gone in found]
    gaps = {
        "income": ~(table["gdp_usd"] > 0),
        "language": table["language"].isna(),
        "friction": table[list(PARTS)].isna().all(axis=1),
    }
    for reason in dict.fromkeys((barred or {}).values()):
        gaps[reason] = table.index.isin([iso3 for iso3, why in barred.items() if why == reason])
    for reason, missing in gaps.items():
        gone = sorted(set(offered["market"]) & set(table.index[missing]))
        left.append(_left(gone, "", reason))
        offered = offered[~offered["market"].isin(gone)]
    return Material(table, offered.reset_index(drop=True), pd.concat(left, ignore_index=True), home=home)


# ------------------------------------------------------------------ from a wish to a problem, and back


def complete(material: Material, wish: Wish, ranks: pd.Series | None = None) -> Wish:
    """The wish with its markets and sites chosen where the reader chose none.

    Markets: the first by what is untapped in its industries, or by rank (ranks: iso3 -> rank), home not among them, as
    one is there already. Sites: home and the best scored.
    """
    industries = wish.industries or tuple(material.offers["industry"].unique())
    wish = replace(wish, industries=industries)
    if not wish.markets:
        wish = replace(wish, markets=largest(material, industries, wish.first, wish.by, ranks))
    if wish.sites is None:
        wish = replace(wish, sites=best_sites(material, wish))
    return wish


def largest(
    material: Material, industries: tuple[str, ...], first: int, by: str = "untapped", ranks: pd.Series | None = None
) -> tuple[str, ...]:
    """The first markets by what is untapped in all these industries, or by rank; home is not among them."""
    here = material.offers[material.offers["industry"].isin(industries) & (material.offers["market"] != material.home)]
    amounts = here.groupby("market")["untapped_usd"].sum().sort_values(ascending=False, kind="stable")
    if by == "rank" and ranks is not None:
        order = ranks.reindex(amounts.index).sort_values(kind="stable", na_position="last").index
        return tuple(order[:first])
    return tuple(amounts.index[:first])


def best_sites(material: Material, wish: Wish) -> tuple[str, ...]:
    """Home and the best scored of the wish's markets as candidate sites (`layout.score_sites`); a file's own sites."""
    if len(material.sites):
        return tuple(material.sites.index)
    if material.from_file:
        return ()
    tried = build(material, replace(wish, sites=_here(material, wish.markets)))
    if not tried.opportunities:
        return ()
    scored = [site for site in layout.score_sites(tried)["site"] if site != material.home]
    return (*_here(material, (material.home,)), *scored[: wish.rules.sites])


def _here(material: Material, places: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the places, and home, where an office could be: the wage is known."""
    priced = material.markets.index[material.markets["gdp_usd"] > 0]
    return tuple(place for place in dict.fromkeys((material.home, *places)) if place in priced)


def figures(material: Material, wish: Wish) -> pd.DataFrame:
    """The figures of OWN of every market as the plan will use them, by iso3: by the rules, then the reader's own."""
    table = derived(material.markets, wish.rules).copy()
    for name, value in (("min_people", wish.min_people), ("max_people", wish.max_people)):
        if value is not None:
            table[name] = value
    if not material.from_file:
        there = {row.market for row in wish.today} | {material.home}
        table["is_open"] = table.index.isin(there)
    for iso3, name, value in wish.own:
        if iso3 in table.index:
            table.loc[iso3, name] = bool(value) if name == "is_open" else value
    return table


def build(material: Material, wish: Wish, seconds: float = PAGE_SECONDS) -> Problem:
    """The problem a wish comes to on a material; not yet checked (`allocation_problem.check`).

    Markets without an offer in the wish's industries, and limits, locks and rows of today's plan about markets,
    industries or years that are not in it, are left out.
    """
    rows = material.offers[
        material.offers["industry"].isin(wish.industries) & material.offers["market"].isin(wish.markets)
    ]
    offered = set(rows["market"])
    table = figures(material, wish)
    wanted = [iso3 for iso3 in dict.fromkeys(wish.markets) if iso3 in offered and iso3 in table.index]
    markets = tuple(_market(iso3, table.loc[iso3]) for iso3 in wanted)
    order = {market.market: n for n, market in enumerate(markets)}
    chosen = sorted(rows.itertuples(index=False), key=lambda r: (order[r.market], wish.industries.index(r.industry)))
    pairs, years = {(row.market, row.industry) for row in chosen}, wish.years

    def fits(entry: Lock | Bound | Current) -> bool:
        here = entry.market in order and (entry.industry is None or (entry.market, entry.industry) in pairs)
        return here and (entry.year is None or entry.year in years)

    given = {"time_limit_s": seconds} | dict(wish.settings)
    return Problem(
        base_year=wish.base_year,
        budget_usd=wish.budget_usd,
        people=wish.people,
        markets=markets,
        opportunities=tuple(
            Opportunity(row.market, row.industry, *map(float, (row.untapped_usd, row.low_usd, row.high_usd)))
            for row in chosen
        ),
        name=wish.name,
        total_budget_usd=wish.total_usd,
        min_markets=wish.min_markets,
        max_markets=wish.max_markets,
        region_limits={
            region: RegionLimit(budget, people)
            for region, budget, people in wish.region_limits
            if region in {market.region for market in markets}
        },
        language_capacity={
            language: count
            for language, count in wish.language_capacity
            if language in {market.language for market in markets}
        },
        hubs=tuple(_hub(material, wish, site, table) for site in wish.sites or ()),
        locks=tuple(lock for lock in wish.locks if fits(lock)),
        bounds=tuple(bound for bound in wish.bounds if fits(bound)),
        today=tuple(row for row in wish.today if fits(row)),
        response=wish.response,
        risk=wish.risk,
        **given,
    )


def _market(iso3: str, row: pd.Series) -> Market:
    weekend = row["weekend"]
    return Market(
        market=iso3,
        name=row["name"],
        region=row["region"],
        language=row["language"],
        timezone=row["timezone"],
        wage_usd=float(row["wage_usd"]),
        entry_cost_usd=float(row["entry_cost_usd"]),
        min_people=int(row["min_people"]),
        max_people=int(row["max_people"]),
        friction=float(row["friction"]),
        is_open=bool(row["is_open"]),
        weekend=weekend if isinstance(weekend, str) and weekend else None,
    )


def _hub(material: Material, wish: Wish, site: str, table: pd.DataFrame) -> Hub:
    hours = wish.hub_hours
    if site in material.sites.index:
        row = material.sites.loc[site]
        hours = float(row["min_overlap_hours"]) if hours is None else hours
        decided = None if pd.isna(row["open"]) else bool(row["open"])
        weekend = row["weekend"] if isinstance(row["weekend"], str) else None
        served = bool(row.get("served_only", False))
        languages = row.get("languages")
        return Hub(site, row["timezone"], float(row["cost_usd"]), hours, decided, weekend, served, languages)
    row = table.loc[site]
    cost = wish.rules.hub_fixed_usd + wish.rules.hub_person_years * float(row["wage_usd"])
    weekend = row["weekend"] if isinstance(row["weekend"], str) and row["weekend"] else None
    hours = wish.rules.hub_hours if hours is None else hours
    served = not wish.free_sites and site != material.home
    languages = None if wish.any_language or not isinstance(row["spoken"], tuple) else row["spoken"]
    return Hub(site, row["timezone"], round(cost, -3), hours, None, weekend, served, languages)


def from_problem(problem: Problem) -> tuple[Material, Wish]:
    """The material and the wish of a problem that was read from a file; `build` gives it back."""
    names = [entry.name for entry in dataclasses.fields(Market)]
    table = pd.DataFrame([{name: getattr(m, name) for name in names} for m in problem.markets], columns=names)
    columns = ["market", "industry", "untapped_usd", "low_usd", "high_usd"]
    rows = pd.DataFrame(
        [{name: getattr(row, name) for name in columns} for row in problem.opportunities], columns=columns
    )
    names = [entry.name for entry in dataclasses.fields(Hub)]
    sites = pd.DataFrame([{name: getattr(hub, name) for name in names} for hub in problem.hubs], columns=names)
    material = Material(table.set_index("market"), rows, _left([], "", ""), sites.set_index("site").astype(object))
    usual = {name: getattr(Problem(problem.base_year, (0.0,), (0,), (), ()), name) for name in SETTINGS}
    wish = Wish(
        base_year=problem.base_year,
        name=problem.name,
        industries=tuple(dict.fromkeys(rows["industry"])),
        markets=tuple(table["market"]),
        budget_usd=problem.budget_usd,
        people=problem.people,
        total_usd=problem.total_budget_usd,
        min_markets=problem.min_markets,
        max_markets=problem.max_markets,
        risk=problem.risk,
        sites=tuple(hub.site for hub in problem.hubs),
        region_limits=tuple((key, most.budget_usd, most.people) for key, most in problem.region_limits.items()),
        language_capacity=tuple(problem.language_capacity.items()),
        locks=problem.locks,
        bounds=problem.bounds,
        today=problem.today,
        response=problem.response,
        settings=tuple((name, getattr(problem, name)) for name in SETTINGS if getattr(problem, name) != usual[name]),
    )
    return material, wish


# ------------------------------------------------------------------ a wish's limits in a link

WISH_SCHEMA = "plan_limits.schema.json"
WISH = "plan"
_PLAIN = (
    "first",
    "by",
    "total_usd",
    "min_markets",
    "max_markets",
    "free_sites",
    "any_language",
    "min_people",
    "max_people",
    "hub_hours",
)
_ROWS = {"locks": Lock, "bounds": Bound, "today": Current}
_PAIRS = ("own", "region_limits", "language_capacity", "settings")


def to_link(wish: Wish) -> str:
    """What a wish asks beyond industries, markets, money, people and risk, as text for an address; "" for nothing.

    Raises DocumentError when it is too long for one.
    """
    usual = Wish(wish.base_year)
    document: dict[str, Any] = {
        name: getattr(wish, name) for name in _PLAIN if getattr(wish, name) != getattr(usual, name)
    }
    if wish.sites is not None:
        document["sites"] = list(wish.sites)
    for name in _ROWS:
        if rows := getattr(wish, name):
            document[name] = [{k: v for k, v in dataclasses.asdict(row).items() if v is not None} for row in rows]
    for name in _PAIRS:
        if getattr(wish, name) != getattr(usual, name):
            document[name] = [list(entry) for entry in getattr(wish, name)]
    for name in ("response", "rules"):
        if (own := getattr(wish, name)) != getattr(usual, name):
            document[name] = dataclasses.asdict(own)
    return documents.pack(json.dumps({"version": 1, **document}), WISH) if document else ""


def with_link(wish: Wish, text: str) -> Wish:
    """The wish with what `to_link` said of another. Raises DocumentError for what is none of ours."""
    document = documents.read(documents.unpack(text, WISH), WISH_SCHEMA, WISH)
    fields: dict[str, Any] = {name: document[name] for name in _PLAIN if name in document}
    if "sites" in document:
        fields["sites"] = tuple(document["sites"])
    for name, kind in _ROWS.items():
        if name in document:
            fields[name] = tuple(kind(**row) for row in document[name])
    for name in _PAIRS:
        if name in document:
            fields[name] = tuple(tuple(entry) for entry in document[name])
    if "response" in document:
        fields["response"] = Response(**document["response"])
    if "rules" in document:
        fields["rules"] = Rules(**document["rules"])
    return replace(wish, **fields)
