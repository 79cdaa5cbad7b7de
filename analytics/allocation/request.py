"""What a reader asks of a plan: from a wish to a problem and back, and as text for an address."""

import dataclasses
import json
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from analytics import json_documents
from analytics.allocation import hubs
from analytics.allocation.inputs import PlanInputs, Rules, defaults, derived, left_rows
from analytics.allocation.problem import (
    Bound,
    CurrentAllocation,
    Hub,
    Lock,
    Market,
    Opportunity,
    Problem,
    RegionLimit,
    Response,
    typed,
)

SETTINGS = ("objective", "discount_rate", "carry_over", "cvar_tail", "gap", "seed", "draws", "held_out", "overlap_date")
PAGE_SECONDS = 20.0


@dataclass(frozen=True)
class PlanRequest:
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
    today: tuple[CurrentAllocation, ...] = ()
    response: Response = field(default_factory=lambda: Response(**defaults()["response"]))
    rules: Rules = field(default_factory=Rules)
    settings: tuple[tuple[str, Any], ...] = field(default_factory=lambda: (("draws", defaults()["wish"]["draws"]),))

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.base_year, self.base_year + len(self.budget_usd)))

    def lasting(self, years: int) -> "PlanRequest":
        """The same over another number of years: the last budget and headcount go on."""
        budget = (*self.budget_usd, *[self.budget_usd[-1]] * years)[:years]
        return replace(self, budget_usd=budget, people=(*self.people, *[self.people[-1]] * years)[:years])


# ------------------------------------------------------------------ what the atlas knows


def complete(material: PlanInputs, wish: PlanRequest, ranks: pd.Series | None = None) -> PlanRequest:
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
    material: PlanInputs, industries: tuple[str, ...], first: int, by: str = "untapped", ranks: pd.Series | None = None
) -> tuple[str, ...]:
    """The first markets by what is untapped in all these industries, or by rank; home is not among them."""
    here = material.offers[material.offers["industry"].isin(industries) & (material.offers["market"] != material.home)]
    amounts = here.groupby("market")["untapped_usd"].sum().sort_values(ascending=False, kind="stable")
    if by == "rank" and ranks is not None:
        order = ranks.reindex(amounts.index).sort_values(kind="stable", na_position="last").index
        return tuple(order[:first])
    return tuple(amounts.index[:first])


def best_sites(material: PlanInputs, wish: PlanRequest) -> tuple[str, ...]:
    """Home and the best scored of the wish's markets as candidate sites (`hubs.score_sites`); a file's own sites."""
    if len(material.sites):
        return tuple(material.sites.index)
    if material.from_file:
        return ()
    tried = build(material, replace(wish, sites=_here(material, wish.markets)))
    if not tried.opportunities:
        return ()
    scored = [site for site in hubs.score_sites(tried)["site"] if site != material.home]
    return (*_here(material, (material.home,)), *scored[: wish.rules.sites])


def _here(material: PlanInputs, places: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the places, and home, where an office could be: the wage is known."""
    priced = material.markets.index[material.markets["gdp_usd"] > 0]
    return tuple(place for place in dict.fromkeys((material.home, *places)) if place in priced)


def figures(material: PlanInputs, wish: PlanRequest) -> pd.DataFrame:
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


def build(material: PlanInputs, wish: PlanRequest, seconds: float = PAGE_SECONDS) -> Problem:
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

    def fits(entry: Lock | Bound | CurrentAllocation) -> bool:
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


def _hub(material: PlanInputs, wish: PlanRequest, site: str, table: pd.DataFrame) -> Hub:
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


def from_problem(problem: Problem) -> tuple[PlanInputs, PlanRequest]:
    """The material and the wish of a problem that was read from a file; `build` gives it back."""
    names = [entry.name for entry in dataclasses.fields(Market)]
    table = pd.DataFrame([{name: getattr(m, name) for name in names} for m in problem.markets], columns=names)
    columns = ["market", "industry", "untapped_usd", "low_usd", "high_usd"]
    rows = pd.DataFrame(
        [{name: getattr(row, name) for name in columns} for row in problem.opportunities], columns=columns
    )
    names = [entry.name for entry in dataclasses.fields(Hub)]
    sites = pd.DataFrame([{name: getattr(hub, name) for name in names} for hub in problem.hubs], columns=names)
    material = PlanInputs(
        table.set_index("market"), rows, left_rows([], "", ""), sites.set_index("site").astype(object)
    )
    usual = {name: getattr(Problem(problem.base_year, (0.0,), (0,), (), ()), name) for name in SETTINGS}
    wish = PlanRequest(
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
_ROWS = {"locks": Lock, "bounds": Bound, "today": CurrentAllocation}
_PAIRS = ("own", "region_limits", "language_capacity", "settings")


def to_link(wish: PlanRequest) -> str:
    """What a wish asks beyond industries, markets, money, people and risk, as text for an address; "" for nothing.

    Raises DocumentError when it is too long for one.
    """
    usual = PlanRequest(wish.base_year)
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
    return json_documents.pack(json.dumps({"version": 1, **document}), WISH) if document else ""


def with_link(wish: PlanRequest, text: str) -> PlanRequest:
    """The wish with what `to_link` said of another. Raises DocumentError for what is none of ours."""
    document = json_documents.read(json_documents.unpack(text, WISH), WISH_SCHEMA, WISH)
    fields: dict[str, Any] = {name: document[name] for name in _PLAIN if name in document}
    if "sites" in document:
        fields["sites"] = tuple(document["sites"])
    for name, kind in _ROWS.items():
        if name in document:
            fields[name] = tuple(typed(kind, row) for row in document[name])
    for name in _PAIRS:
        if name in document:
            fields[name] = tuple(tuple(entry) for entry in document[name])
    words = [name for name, value in fields.get("settings", ()) if isinstance(value, str) != (name == "objective")]
    json_documents.refuse([f"settings: {name} is not what it should be" for name in words], WISH)
    if "response" in document:
        fields["response"] = typed(Response, document["response"])
    if "rules" in document:
        fields["rules"] = typed(Rules, document["rules"])
    return replace(wish, **fields)
