"""The limits of an allocation as rows of a matrix."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analytics.allocation.limits import Limit, bound, lock
from analytics.allocation.problem import Bound, Lock, Problem
from analytics.market import working_hours
from analytics.scales import MILLION


@dataclass(frozen=True)
class Constraint:
    """low <= row <= high in a year. unit: USD, people or markets."""

    limit: Limit
    unit: str
    year: int
    low: float
    high: float

    @property
    def kind(self) -> str:
        return self.limit.kind

    @property
    def label(self) -> str:
        return f"{self.limit} {self.year}"


@dataclass(frozen=True)
class System:
    """The limits over x = people, programme (M USD), open, hub; each by year last.

    matrix: (limits, variables) for limits. rules: (rows, variables) <= rules_most, what is so by definition. upper: of
    each variable. integer: whether it is. hub_hours: (markets, hubs) working hours shared.
    """

    problem: Problem
    limits: tuple[Constraint, ...]
    matrix: sparse.csr_array
    low: np.ndarray
    high: np.ndarray
    rules: sparse.csr_array
    rules_most: np.ndarray
    upper: np.ndarray
    integer: np.ndarray
    hub_hours: np.ndarray

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Opportunities, markets, hubs, years."""
        problem = self.problem
        return len(problem.opportunities), len(problem.markets), len(problem.hubs), len(problem.budget_usd)

    def people(self, j: int, t: int) -> int:
        return j * self.counts[3] + t

    def programme(self, j: int, t: int) -> int:
        pairs, _, _, years = self.counts
        return pairs * years + j * years + t

    def open(self, m: int, t: int) -> int:
        pairs, _, _, years = self.counts
        return 2 * pairs * years + m * years + t

    def hub(self, k: int, t: int) -> int:
        pairs, markets, _, years = self.counts
        return (2 * pairs + markets) * years + k * years + t

    def split(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """people (opportunities, years), programme (same, M USD), open (markets, years), hub (hubs, years)."""
        pairs, markets, hubs, years = self.counts
        ends = np.cumsum([pairs * years, pairs * years, markets * years, hubs * years])
        people, programme, opened, hub = np.split(x[: ends[-1]], ends[:-1])
        return (
            people.reshape(pairs, years),
            programme.reshape(pairs, years),
            opened.reshape(markets, years),
            hub.reshape(hubs, years),
        )


class _Rows:
    """Collects rows of a sparse matrix."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.columns: list[int] = []
        self.values: list[float] = []
        self.count = 0

    def add(self, entries: dict[int, float]) -> None:
        self.rows += [self.count] * len(entries)
        self.columns += entries.keys()
        self.values += entries.values()
        self.count += 1

    def matrix(self, width: int) -> sparse.csr_array:
        return sparse.csr_array((self.values, (self.rows, self.columns)), shape=(self.count, width))


def system(problem: Problem) -> System:
    """Every limit of a problem, as rows."""
    years = len(problem.budget_usd)
    pairs, markets, hubs = len(problem.opportunities), len(problem.markets), len(problem.hubs)
    width = (2 * pairs + markets + hubs) * years
    hours = np.array(
        [
            [working_hours.shared_hours(hub.timezone, market.timezone, problem.clocks_on) for hub in problem.hubs]
            for market in problem.markets
        ]
    ).reshape(markets, hubs)
    empty = sparse.csr_array((0, width))
    upper = np.concatenate(
        [np.full(pairs * years, np.inf), np.full(pairs * years, np.inf), np.ones((markets + hubs) * years)]
    )
    integer = np.concatenate([np.ones(pairs * years), np.zeros(pairs * years), np.ones((markets + hubs) * years)])
    bare = System(problem, (), empty, np.empty(0), np.empty(0), empty, np.empty(0), upper, integer, hours)
    rules, most = _rules(bare)
    limits, rows = [], _Rows()
    for limit, entries in _limits(bare):
        limits.append(limit)
        rows.add(entries)
    money = np.array([MILLION if limit.unit == "USD" else 1.0 for limit in limits])
    return System(
        problem,
        tuple(limits),
        rows.matrix(width),
        np.array([limit.low for limit in limits]) / money,
        np.array([limit.high for limit in limits]) / money,
        rules,
        most,
        upper,
        integer,
        hours,
    )


def serves(problem: Problem, hours: np.ndarray, m: int, k: int) -> bool:
    """Can a hub serve a market: it is there itself, or enough working hours overlap and it speaks the language."""
    return problem.hubs[k].serves(problem.markets[m], hours[m, k])


def _rules(s: System) -> tuple[sparse.csr_array, np.ndarray]:
    """Open stays open, money needs people. All are <= 0."""
    pairs, markets, hubs, years = s.counts
    problem, rows = s.problem, _Rows()
    wage = {market.market: market.wage_usd / MILLION for market in problem.markets}
    for t in range(1, years):
        for m in range(markets):
            rows.add({s.open(m, t - 1): 1.0, s.open(m, t): -1.0})
        for k in range(hubs):
            rows.add({s.hub(k, t - 1): 1.0, s.hub(k, t): -1.0})
    for j in range(pairs):
        most = problem.response.programme_ratio * wage[problem.opportunities[j].market]
        for t in range(years):
            rows.add({s.programme(j, t): 1.0, s.people(j, t): -most})
    return rows.matrix(len(s.upper)), np.zeros(rows.count)


def _limits(s: System) -> Iterator[tuple[Constraint, dict[int, float]]]:
    problem = s.problem
    _, _, hubs, _ = s.counts
    of: dict[str, list[int]] = {market.market: [] for market in problem.markets}
    for j, row in enumerate(problem.opportunities):
        of[row.market].append(j)
    every = list(range(len(problem.markets)))

    def spent(places: list[int], t: int) -> dict[int, float]:
        entries: dict[int, float] = {}
        for m in places:
            market = problem.markets[m]
            for j in of[market.market]:
                entries[s.people(j, t)] = market.wage_usd / MILLION
                entries[s.programme(j, t)] = 1.0
            if not market.is_open and market.entry_cost_usd:
                entries[s.open(m, t)] = market.entry_cost_usd / MILLION
                if t:
                    entries[s.open(m, t - 1)] = -market.entry_cost_usd / MILLION
        return entries

    def staff(places: list[int], t: int) -> dict[int, float]:
        return {s.people(j, t): 1.0 for m in places for j in of[problem.markets[m].market]}

    if problem.total_budget_usd is not None:
        entries: dict[int, float] = {}
        for t in range(len(problem.years)):
            offices = {s.hub(k, t): problem.hubs[k].cost_usd / MILLION for k in range(hubs)}
            for place, price in (spent(every, t) | offices).items():
                entries[place] = entries.get(place, 0.0) + price
        yield _most(Limit("total budget"), "USD", problem.years[-1], problem.total_budget_usd), entries
    for t, year in enumerate(problem.years):
        everywhere = {s.open(m, t): 1.0 for m in every}
        if problem.max_markets is not None:
            yield _most(Limit("most markets"), "markets", year, problem.max_markets), everywhere
        if problem.min_markets and year == problem.years[-1]:
            least = float(problem.min_markets)
            yield Constraint(Limit("fewest markets"), "markets", year, least, np.inf), everywhere
        offices = {s.hub(k, t): problem.hubs[k].cost_usd / MILLION for k in range(hubs)}
        yield _most(Limit("budget"), "USD", year, problem.budget_usd[t]), spent(every, t) | offices
        yield _most(Limit("people"), "people", year, problem.people[t]), staff(every, t)
        for region, most in problem.region_limits.items():
            there = [m for m in every if problem.markets[m].region == region]
            if most.budget_usd is not None:
                yield _most(Limit("region budget", region=region), "USD", year, most.budget_usd), spent(there, t)
            if most.people is not None:
                yield _most(Limit("region people", region=region), "people", year, most.people), staff(there, t)
        for language, capacity in problem.language_capacity.items():
            there = [m for m in every if problem.markets[m].language == language]
            yield _most(Limit("language capacity", language=language), "people", year, capacity), staff(there, t)
        for m, market in enumerate(problem.markets):
            yield from _presence(s, m, t, year, staff([m], t))
            if hubs:
                near = {s.hub(k, t): -1.0 for k in range(hubs) if serves(problem, s.hub_hours, m, k)}
                yield _most(Limit("hub", market.market), "markets", year, 0), {s.open(m, t): 1.0} | near
    position = {market.market: m for m, market in enumerate(problem.markets)}
    for k, hub in enumerate(problem.hubs):
        if hub.served_only and hub.site in position:
            for t, year in enumerate(problem.years):
                at = {s.hub(k, t): 1.0, s.open(position[hub.site], t): -1.0}
                yield _most(Limit("served site", hub.site), "markets", year, 0), at
        if hub.open is not None:
            for t, year in enumerate(problem.years):
                limit = Limit("hub lock", hub.site, open=hub.open)
                yield Constraint(limit, "markets", year, hub.open, hub.open), {s.hub(k, t): 1.0}
    for row in (*problem.locks, *problem.bounds):
        m = position[row.market]
        chosen = [j for j in of[row.market] if row.industry in (None, problem.opportunities[j].industry)]
        wage = problem.markets[m].wage_usd / MILLION
        for t, year in enumerate(problem.years):
            if row.year not in (None, year):
                continue
            head = {s.people(j, t): 1.0 for j in chosen}
            money = {s.people(j, t): wage for j in chosen} | {s.programme(j, t): 1.0 for j in chosen}
            yield from _decided(row, year, s.open(m, t), head, money)


def _most(limit: Limit, unit: str, year: int, most: float) -> Constraint:
    return Constraint(limit, unit, year, -np.inf, float(most))


def _presence(s: System, m: int, t: int, year: int, staff: dict) -> Iterator[tuple[Constraint, dict[int, float]]]:
    """No people where a market is closed, at least min_people and at most max_people where it is open."""
    market, opened = s.problem.markets[m], s.open(m, t)
    most = Limit("most people", market.market, people=market.max_people)
    yield _most(most, "people", year, 0), staff | {opened: -float(market.max_people)}
    if market.min_people:
        least = Limit("minimum presence", market.market, people=market.min_people)
        yield Constraint(least, "people", year, 0.0, np.inf), staff | {opened: -float(market.min_people)}


def _decided(
    row: Lock | Bound, year: int, opened: int, head: dict, money: dict
) -> Iterator[tuple[Constraint, dict[int, float]]]:
    """A lock or bound in a year."""
    if isinstance(row, Bound):
        for word, unit, entries in (("people", "people", head), ("budget_usd", "USD", money)):
            low, high = getattr(row, f"min_{word}"), getattr(row, f"max_{word}")
            if low is not None:
                yield Constraint(bound(row, word, low, "least"), unit, year, float(low), np.inf), entries
            if high is not None:
                yield _most(bound(row, word, high, "most"), unit, year, high), entries
        return
    if row.open is not None:
        yield Constraint(lock(row, "open"), "markets", year, float(row.open), float(row.open)), {opened: 1.0}
    for word, unit, entries in (("people", "people", head), ("budget_usd", "USD", money)):
        figure = getattr(row, word)
        if figure is not None:
            yield Constraint(lock(row, word), unit, year, float(figure), float(figure)), entries
