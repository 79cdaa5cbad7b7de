"""What an allocation is asked: markets, what is untapped in them, money, people, limits and locks; read and checked."""

import dataclasses
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import numpy as np

from analytics import json_documents

PARAMETERS_FILE = Path(__file__).with_name("allocation.toml")
SCHEMA = "allocation.schema.json"
WHAT = "allocation"
VERSION = 1


@cache
def defaults() -> Mapping[str, Mapping[str, Any]]:
    """Every parameter by section, as allocation.toml has it."""
    return tomllib.loads(PARAMETERS_FILE.read_text(encoding="utf-8"))


def _given(section: str, name: str) -> Any:
    return field(default_factory=lambda: defaults()[section][name])


@dataclass(frozen=True)
class Market:
    """market: ISO 3166-1 alpha-3. wage_usd: full cost of a person and year. min_people: fewest when open; max_people.

    friction: 0-1, makes effort dearer. is_open: we are there already, so that no entry cost is due. weekend: "sat,sun".
    """

    market: str
    name: str
    region: str
    language: str
    timezone: str
    wage_usd: float
    entry_cost_usd: float
    min_people: int
    max_people: int
    friction: float
    is_open: bool = False
    weekend: str | None = None


@dataclass(frozen=True)
class Opportunity:
    """What is untapped in a market and industry, USD a year: the estimate and the ends of its 90 % interval."""

    market: str
    industry: str
    untapped_usd: float
    low_usd: float
    high_usd: float


@dataclass(frozen=True)
class Hub:
    """A candidate site of an office that serves the markets whose working day overlaps with its own for long enough.

    served_only: only while people work in the site's own market. languages: those it finds native speakers of, beside
    its own market's; None: any.
    """

    site: str
    timezone: str
    cost_usd: float
    min_overlap_hours: float
    open: bool | None = None
    weekend: str | None = None
    served_only: bool = False
    languages: tuple[str, ...] | None = None

    def serves(self, market: Market, hours: float) -> bool:
        """Whether it can serve a market with which it shares so many working hours: its own always."""
        speaks = self.languages is None or market.language in self.languages
        return self.site == market.market or (speaks and bool(hours >= self.min_overlap_hours - 1e-9))


@dataclass(frozen=True)
class RegionLimit:
    """The most a year in a region: wages, programmes and entry costs in USD; people."""

    budget_usd: float | None = None
    people: int | None = None


@dataclass(frozen=True)
class Lock:
    """What is decided already. No industry: the market's sum. No year: every year. budget_usd: wages and programme."""

    market: str
    industry: str | None = None
    year: int | None = None
    open: bool | None = None
    people: int | None = None
    budget_usd: float | None = None


@dataclass(frozen=True)
class Bound:
    """The least and the most of people, and of wages and programme. No industry: the market's sum. No year: each."""

    market: str
    industry: str | None = None
    year: int | None = None
    min_people: int | None = None
    max_people: int | None = None
    min_budget_usd: float | None = None
    max_budget_usd: float | None = None


@dataclass(frozen=True)
class CurrentAllocation:
    """A row of today's plan. No year: the same every year."""

    market: str
    industry: str
    people: int
    programme_usd: float = 0.0
    year: int | None = None


@dataclass(frozen=True)
class Response:
    """How effort becomes gain; see allocation.toml."""

    attainable_share: float = _given("response", "attainable_share")
    scale_usd: float = _given("response", "scale_usd")
    scale_exponent: float = _given("response", "scale_exponent")
    friction_weight: float = _given("response", "friction_weight")
    programme_ratio: float = _given("response", "programme_ratio")
    segments: int = _given("response", "segments")
    correlation_market: float = _given("uncertainty", "correlation_market")
    correlation_all: float = _given("uncertainty", "correlation_all")


@dataclass(frozen=True)
class Problem:
    """Everything an allocation is asked; the same fields as docs/schemas/allocation.schema.json. Equal ones hash alike.

    budget_usd, people: a limit for each year from base_year on; total_budget_usd: of all years together. min_markets:
    to be in by the last year; max_markets: to be in at any time. risk: 0 the mean to 1 the CVaR, the mean of the worst
    cvar_tail of the draws. overlap_date: the day whose clocks count for hubs; 15 January of the base year by default.
    """

    base_year: int
    budget_usd: tuple[float, ...]
    people: tuple[int, ...]
    markets: tuple[Market, ...]
    opportunities: tuple[Opportunity, ...]
    name: str = ""
    total_budget_usd: float | None = None
    min_markets: int | None = None
    max_markets: int | None = None
    region_limits: Mapping[str, RegionLimit] = field(default_factory=dict, hash=False)
    language_capacity: Mapping[str, int] = field(default_factory=dict, hash=False)
    hubs: tuple[Hub, ...] = ()
    locks: tuple[Lock, ...] = ()
    bounds: tuple[Bound, ...] = ()
    today: tuple[CurrentAllocation, ...] = ()
    response: Response = field(default_factory=Response)
    overlap_date: date | None = None
    discount_rate: float = _given("solve", "discount_rate")
    carry_over: float = _given("solve", "carry_over")
    risk: float = _given("solve", "risk")
    cvar_tail: float = _given("solve", "cvar_tail")
    objective: str = _given("solve", "objective")
    gap: float = _given("solve", "gap")
    time_limit_s: float = _given("solve", "time_limit_s")
    seed: int = _given("solve", "seed")
    draws: int = _given("solve", "draws")
    held_out: int = _given("solve", "held_out")

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.base_year, self.base_year + len(self.budget_usd)))

    @property
    def clocks_on(self) -> date:
        return self.overlap_date or date(self.base_year, 1, 15)

    @property
    def discount(self) -> np.ndarray:
        """What a dollar of each year is worth in the base year."""
        return (1 + self.discount_rate) ** -np.arange(len(self.budget_usd), dtype=float)


def read(text: str | bytes) -> Problem:
    """The problem in a file's text; nothing in it is executed. Raises DocumentError naming each fault with its path."""
    return from_document(json_documents.read(text, SCHEMA, WHAT))


def from_document(document: Mapping[str, Any]) -> Problem:
    """The problem in a document that has the schema's shape (checked again here). Raises DocumentError."""
    json_documents.check(dict(document), SCHEMA, WHAT)
    raw = {key: value for key, value in document.items() if key not in ("version", "years")}
    if "years" in document:
        odd = [name for name in ("budget_usd", "people") if len(document[name]) != document["years"]]
        json_documents.refuse([f"{name}: needs {document['years']} numbers, one for each year" for name in odd], WHAT)
    for name, kind in _LISTS.items():
        raw[name] = tuple(typed(kind, item) for item in raw.get(name, ()))
    raw["hubs"] = tuple(
        hub if hub.languages is None else replace(hub, languages=tuple(hub.languages)) for hub in raw["hubs"]
    )
    raw["region_limits"] = {key: typed(RegionLimit, item) for key, item in raw.get("region_limits", {}).items()}
    raw["language_capacity"] = {key: int(value) for key, value in raw.get("language_capacity", {}).items()}
    raw["response"] = typed(Response, raw.get("response", {}))
    raw["budget_usd"] = tuple(map(float, raw["budget_usd"]))
    raw["people"] = tuple(map(int, raw["people"]))
    if "overlap_date" in raw:
        try:
            raw["overlap_date"] = date.fromisoformat(raw["overlap_date"])
        except ValueError as error:
            json_documents.refuse([f"overlap_date: {error}"], WHAT)
    problem = typed(Problem, raw)
    check(problem)
    return problem


def to_document(problem: Problem) -> dict[str, Any]:
    """The problem as plain JSON values; from_document gives it back. What is None is left out."""
    document = _plain(dataclasses.asdict(problem))
    return {"version": VERSION, "years": len(problem.budget_usd), **document}


def checked(problem: Problem) -> Problem:
    """The same as a file of it would be read. Raises DocumentError naming each fault with its path."""
    return from_document(to_document(problem))


def to_json(problem: Problem) -> str:
    return json.dumps(to_document(problem), ensure_ascii=False, allow_nan=False, indent=1)


def check(problem: Problem) -> None:
    """Raises DocumentError listing all that does not fit together: unknown names, doubles, contradictory locks."""
    faults = [*_ranges(problem), *_names(problem)]
    json_documents.refuse(faults or _contradictions(problem), WHAT)


_LISTS = {
    "markets": Market,
    "opportunities": Opportunity,
    "hubs": Hub,
    "locks": Lock,
    "bounds": Bound,
    "today": CurrentAllocation,
}


def typed(kind: type, item: Mapping[str, Any]) -> Any:
    """A dataclass of an item from JSON: 3.0 becomes 3, and 3 becomes 3.0, where the field says so."""
    casts = {"int": int, "int | None": int, "float": float, "float | None": float}
    types = {f.name: f.type.__name__ if isinstance(f.type, type) else str(f.type) for f in dataclasses.fields(kind)}
    cast = {name: casts.get(types[name], lambda value: value) for name in item}
    return kind(**{name: value if value is None else cast[name](value) for name, value in item.items()})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _ranges(problem: Problem) -> Iterator[str]:
    """What a schema can check too, for problems that were not read from a file, and orders of figures."""
    if not 1 <= len(problem.budget_usd) <= 5 or len(problem.people) != len(problem.budget_usd):
        yield "budget_usd, people: need one number for each of the same 1-5 years"
    for name, figures in (("budget_usd", problem.budget_usd), ("people", problem.people)):
        if not all(0 <= figure < np.inf for figure in figures):
            yield f"{name}: a limit is negative or not a finite number"
    for where, (figure, low, high) in {
        "discount_rate": (problem.discount_rate, 0, 1),
        "carry_over": (problem.carry_over, 0, 0.95),
        "risk": (problem.risk, 0, 1),
        "cvar_tail": (problem.cvar_tail, 0.01, 1),
        "draws": (problem.draws, 10, 1000),
        "held_out": (problem.held_out, 10, 20_000),
        "response.segments": (problem.response.segments, 1, 20),
        "response.attainable_share": (problem.response.attainable_share, 1e-9, 1),
        "response.scale_usd": (problem.response.scale_usd, 1e-9, 1e15),
        "response.scale_exponent": (problem.response.scale_exponent, 0, 1.5),
        "response.friction_weight": (problem.response.friction_weight, 0, 100),
        "response.programme_ratio": (problem.response.programme_ratio, 0, 100),
    }.items():
        if not low <= figure <= high:
            yield f"{where}: {figure:g} is not between {low:g} and {high:g}"
    if problem.total_budget_usd is not None and not 0 <= problem.total_budget_usd < np.inf:
        yield "total_budget_usd: is negative or not a finite number"
    least, most = problem.min_markets or 0, problem.max_markets
    if least > len(problem.markets):
        yield f"min_markets: {least} is more than the {len(problem.markets)} markets there are"
    if most is not None and most < least:
        yield f"min_markets: {least} is more than max_markets, {most}"
    if problem.response.correlation_market + problem.response.correlation_all > 1:
        yield "response: correlation_market and correlation_all add up to more than 1"
    if problem.objective not in ("gain", "net"):
        yield f"objective: {problem.objective!r} is neither gain nor net"
    for n, market in enumerate(problem.markets):
        if market.min_people > market.max_people:
            yield f"markets[{n}].min_people: {market.min_people} is more than max_people, {market.max_people}"
        if not (0 < market.wage_usd < np.inf and 0 <= market.entry_cost_usd < np.inf and 0 <= market.friction <= 1):
            yield f"markets[{n}]: wage_usd must be above 0, entry_cost_usd at least 0, friction between 0 and 1"
    for n, row in enumerate(problem.opportunities):
        if not -np.inf < row.low_usd <= row.untapped_usd <= row.high_usd < np.inf:
            yield (
                f"opportunities[{n}]: low_usd {row.low_usd:g}, untapped_usd {row.untapped_usd:g}, high_usd "
                f"{row.high_usd:g} must be in this order"
            )
    for n, bound in enumerate(problem.bounds):
        for what in ("people", "budget_usd"):
            low, high = getattr(bound, f"min_{what}"), getattr(bound, f"max_{what}")
            if low is not None and high is not None and low > high:
                yield f"bounds[{n}].min_{what}: {low:g} is more than max_{what}, {high:g}"


def _names(problem: Problem) -> Iterator[str]:
    markets = {market.market: market for market in problem.markets}
    pairs = {(row.market, row.industry) for row in problem.opportunities}
    zones = available_timezones()
    for where, keys in {
        "markets": [market.market for market in problem.markets],
        "opportunities": [(row.market, row.industry) for row in problem.opportunities],
        "hubs": [hub.site for hub in problem.hubs],
        "today": [(row.market, row.industry, row.year) for row in problem.today],
    }.items():
        for key, times in Counter(keys).items():
            if times > 1:
                label = key if isinstance(key, str) else " ".join(str(part) for part in key if part is not None)
                yield f"{where}: {label} is there {times} times"
    both = {key[:2] for key in ((r.market, r.industry, r.year) for r in problem.today) if key[2] is None}
    for n, row in enumerate(problem.today):
        if row.year is not None and (row.market, row.industry) in both:
            yield f"today[{n}]: {row.market} {row.industry} has a row for every year and one for {row.year}"
    for where, rows in (("markets", problem.markets), ("hubs", problem.hubs)):
        for n, row in enumerate(rows):
            if row.timezone not in zones:
                yield f"{where}[{n}].timezone: {row.timezone[:40]!r} is not an IANA time zone such as Europe/Berlin"
    for where in ("opportunities", "locks", "bounds", "today"):
        for n, row in enumerate(getattr(problem, where)):
            if row.market not in markets:
                yield f"{where}[{n}].market: {row.market} is not among the markets"
            elif where != "opportunities" and row.industry is not None and (row.market, row.industry) not in pairs:
                yield f"{where}[{n}].industry: {row.market} has no opportunity {row.industry[:40]!r}"
            year = getattr(row, "year", None)
            if year is not None and year not in problem.years:
                yield f"{where}[{n}].year: {year} is not within {problem.years[0]}-{problem.years[-1]}"
    for n, lock in enumerate(problem.locks):
        if lock.open is None and lock.people is None and lock.budget_usd is None:
            yield f"locks[{n}]: locks nothing; give open, people or budget_usd"
        if lock.open is not None and lock.industry is not None:
            yield f"locks[{n}].open: a market is open, not an industry; leave industry out"
    for where, known in (
        ("region_limits", {market.region for market in problem.markets}),
        ("language_capacity", {market.language for market in problem.markets}),
    ):
        for key in getattr(problem, where):
            if key not in known:
                yield f"{where}.{key[:40]}: no market has it, so that the limit would hold nowhere"


def _contradictions(problem: Problem) -> list[str]:
    """Locks that contradict each other, a bound or their market, year by year; each told once."""
    found: dict[str, None] = {}
    for year in problem.years:
        for market in problem.markets:
            for told in _at_odds(problem, market, year):
                found.setdefault(told)
    return list(found)


def _at_odds(problem: Problem, market: Market, year: int) -> Iterator[str]:
    own = [(n, lock) for n, lock in enumerate(problem.locks) if lock.market == market.market]
    now = [(n, lock) for n, lock in own if lock.year in (None, year)]
    shut = [n for n, lock in own if lock.open is False and (lock.year is None or lock.year >= year)]
    must = [n for n, lock in own if lock.open is True and (lock.year is None or lock.year <= year)]
    if shut and must:
        yield f"locks[{must[0]}] and locks[{shut[0]}]: {market.market} cannot be open and closed in {year}"
    ratio = 1 + problem.response.programme_ratio
    least, most = {}, {}
    for what in ("people", "budget_usd"):
        by_industry: dict[str | None, tuple[int, float]] = {}
        for n, lock in now:
            figure = getattr(lock, what)
            if figure is None:
                continue
            before = by_industry.setdefault(lock.industry, (n, figure))
            if before[1] != figure:
                yield (
                    f"locks[{before[0]}] and locks[{n}]: {what} of {_label(lock)} in {year} cannot be both "
                    f"{before[1]:g} and {figure:g}"
                )
            if figure > 0 and shut:
                yield f"locks[{n}] and locks[{shut[0]}]: {market.market} is closed in {year} but has {what} {figure:g}"
            for m, bound in enumerate(problem.bounds):
                if (bound.market, bound.industry) == (lock.market, lock.industry) and bound.year in (None, year):
                    low, high = getattr(bound, f"min_{what}"), getattr(bound, f"max_{what}")
                    if (low is not None and figure < low) or (high is not None and figure > high):
                        yield f"locks[{n}] and bounds[{m}]: {what} {figure:g} of {_label(lock)} is out of the bounds"
        parts = [figure for industry, (_, figure) in by_industry.items() if industry is not None]
        total = by_industry.get(None)
        if total and sum(parts) > total[1] * (1 + 1e-9):
            yield (
                f"locks[{total[0]}].{what}: {total[1]:g} for all of {market.market} in {year} is less than the "
                f"{sum(parts):g} locked by industry"
            )
        least[what] = max(sum(parts), total[1] if total else 0)
        most[what] = by_industry
    for industry, (n, people) in most["people"].items():
        if industry in most["budget_usd"]:
            m, budget = most["budget_usd"][industry]
            low, high = people * market.wage_usd, people * market.wage_usd * ratio
            if not low * (1 - 1e-9) <= budget <= high * (1 + 1e-9):
                yield (
                    f"locks[{n}] and locks[{m}]: {people:g} people in {market.market} cost {low:,.0f} USD and can put "
                    f"{high:,.0f} USD to use, not {budget:,.0f}"
                )
    if least["people"] > market.max_people:
        yield (
            f"locks: {least['people']:g} people locked in {market.market} in {year}, but its max_people is "
            f"{market.max_people}"
        )
    whole = most["people"].get(None)
    if whole and must and whole[1] < market.min_people:
        yield (
            f"locks[{must[0]}] and locks[{whole[0]}]: {market.market} open in {year} needs its min_people "
            f"{market.min_people}, not {whole[1]:g}"
        )


def _label(row: Lock | Bound) -> str:
    return f"{row.market} {row.industry}" if row.industry else row.market
