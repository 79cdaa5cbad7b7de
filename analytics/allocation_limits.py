"""The limits of an allocation as rows of a matrix with names; and, apart from it, a check of any plan against them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analytics import worktime
from analytics.allocation_problem import Bound, Lock, Problem

MILLION = 1e6
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Limit:
    """low <= row <= high. name: what it is, in words; kind: which sort of limit; unit: USD, people or markets.

    of: the market, region, language or nothing that it is about; year: the one it holds in.
    """

    name: str
    kind: str
    unit: str
    year: int
    of: str
    low: float
    high: float

    @property
    def label(self) -> str:
        return f"{self.name} {self.year}"


@dataclass(frozen=True)
class Choice:
    """What is decided: people, programme_usd (opportunities, years); opened (markets, years) and hubs (hubs, years)."""

    people: np.ndarray
    programme_usd: np.ndarray
    opened: np.ndarray
    hubs: np.ndarray


@dataclass(frozen=True)
class System:
    """The limits over x = people, programme (M USD), open, hub; each by year last.

    matrix: (limits, variables) for limits. rules: (rows, variables) <= rules_most, what is so by definition. upper: of
    each variable. integer: whether it is. hub_hours: (markets, hubs) working hours shared.
    """

    problem: Problem
    limits: tuple[Limit, ...]
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
    """Every limit of a problem, by name."""
    years = len(problem.budget_usd)
    pairs, markets, hubs = len(problem.opportunities), len(problem.markets), len(problem.hubs)
    width = (2 * pairs + markets + hubs) * years
    hours = np.array(
        [
            [worktime.shared_hours(hub.timezone, market.timezone, problem.clocks_on) for hub in problem.hubs]
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


def _limits(s: System) -> Iterator[tuple[Limit, dict[int, float]]]:
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
        yield _most("total budget", "total budget", "USD", problem.years[-1], "", problem.total_budget_usd), entries
    for t, year in enumerate(problem.years):
        everywhere = {s.open(m, t): 1.0 for m in every}
        if problem.max_markets is not None:
            yield _most("most markets", "most markets", "markets", year, "", problem.max_markets), everywhere
        if problem.min_markets and year == problem.years[-1]:
            least = float(problem.min_markets)
            yield Limit("fewest markets", "fewest markets", "markets", year, "", least, np.inf), everywhere
        offices = {s.hub(k, t): problem.hubs[k].cost_usd / MILLION for k in range(hubs)}
        yield _most("budget", "budget", "USD", year, "", problem.budget_usd[t]), spent(every, t) | offices
        yield _most("people limit", "people", "people", year, "", problem.people[t]), staff(every, t)
        for region, most in problem.region_limits.items():
            there = [m for m in every if problem.markets[m].region == region]
            if most.budget_usd is not None:
                name = f"budget of region {region}"
                yield _most(name, "region budget", "USD", year, region, most.budget_usd), spent(there, t)
            if most.people is not None:
                name = f"people of region {region}"
                yield _most(name, "region people", "people", year, region, most.people), staff(there, t)
        for language, capacity in problem.language_capacity.items():
            there = [m for m in every if problem.markets[m].language == language]
            name = f"language capacity {language}"
            yield _most(name, "language capacity", "people", year, language, capacity), staff(there, t)
        for m, market in enumerate(problem.markets):
            yield from _presence(s, m, t, year, staff([m], t))
            if hubs:
                near = {s.hub(k, t): -1.0 for k in range(hubs) if serves(problem, s.hub_hours, m, k)}
                name = f"a hub within working hours of {market.market}"
                yield _most(name, "hub", "markets", year, market.market, 0), {s.open(m, t): 1.0} | near
    position = {market.market: m for m, market in enumerate(problem.markets)}
    for k, hub in enumerate(problem.hubs):
        if hub.served_only and hub.site in position:
            for t, year in enumerate(problem.years):
                name = f"an office in {hub.site} only with people there"
                at = {s.hub(k, t): 1.0, s.open(position[hub.site], t): -1.0}
                yield _most(name, "served site", "markets", year, hub.site, 0), at
        if hub.open is not None:
            for t, year in enumerate(problem.years):
                name = f"lock of hub {hub.site} {'open' if hub.open else 'closed'}"
                yield Limit(name, "hub lock", "markets", year, hub.site, hub.open, hub.open), {s.hub(k, t): 1.0}
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


def _most(name: str, kind: str, unit: str, year: int, of: str, most: float) -> Limit:
    return Limit(name, kind, unit, year, of, -np.inf, float(most))


def _presence(s: System, m: int, t: int, year: int, staff: dict) -> Iterator[tuple[Limit, dict[int, float]]]:
    """No people where a market is closed, at least min_people and at most max_people where it is open."""
    market, opened = s.problem.markets[m], s.open(m, t)
    name = f"max_people {market.max_people} of {market.market}"
    yield _most(name, "most people", "people", year, market.market, 0), staff | {opened: -float(market.max_people)}
    if market.min_people:
        name = f"min_people {market.min_people} of {market.market}"
        yield (
            Limit(name, "minimum presence", "people", year, market.market, 0.0, np.inf),
            staff | {opened: -float(market.min_people)},
        )


def _decided(
    row: Lock | Bound, year: int, opened: int, head: dict, money: dict
) -> Iterator[tuple[Limit, dict[int, float]]]:
    """A lock or bound in a year."""
    label = f"{row.market} {row.industry}" if row.industry else row.market
    if isinstance(row, Bound):
        for word, unit, entries in (("people", "people", head), ("budget_usd", "USD", money)):
            low, high = getattr(row, f"min_{word}"), getattr(row, f"max_{word}")
            if low is not None:
                name = f"bound {label} {word} at least {low:,.0f}"
                yield Limit(name, "bound", unit, year, row.market, float(low), np.inf), entries
            if high is not None:
                name = f"bound {label} {word} at most {high:,.0f}"
                yield _most(name, "bound", unit, year, row.market, high), entries
        return
    if row.open is not None:
        name = f"lock {label} open={str(row.open).lower()}"
        yield Limit(name, "lock", "markets", year, row.market, float(row.open), float(row.open)), {opened: 1.0}
    for word, unit, entries in (("people", "people", head), ("budget_usd", "USD", money)):
        figure = getattr(row, word)
        if figure is not None:
            name = f"lock {label} {word}={figure:,.0f}"
            yield Limit(name, "lock", unit, year, row.market, float(figure), float(figure)), entries


def violations(problem: Problem, choice: Choice) -> list[str]:
    """Every limit that an allocation breaks, in sentences; none when it keeps all. Reckoned without the matrix.

    People are counted exactly; money to one USD or a millionth of the limit.
    """
    return list(_broken(problem, choice))


def _broken(problem: Problem, choice: Choice) -> Iterator[str]:
    people, programme = choice.people, choice.programme_usd
    opened, hubs = choice.opened.astype(bool), choice.hubs.astype(bool)
    names = [market.market for market in problem.markets]
    owner = np.array([names.index(row.market) for row in problem.opportunities], dtype=int)
    wages = np.array([market.wage_usd for market in problem.markets])
    ratio = problem.response.programme_ratio
    if np.abs(people - np.round(people)).max(initial=0) > TOLERANCE:
        yield "a headcount is not a whole number"
    if people.min(initial=0) < -TOLERANCE or programme.min(initial=0) < -1:
        yield "a figure is below 0"
    spend = people * wages[owner][:, None] + programme
    if (programme > ratio * people * wages[owner][:, None] * (1 + TOLERANCE) + 1).any():
        yield "programme money goes where there are not enough people to use it"
    for what, flags in (("market", opened), ("hub", hubs)):
        if (flags[:, 1:] < flags[:, :-1]).any():
            yield f"a {what} closes again"
    everything = 0.0
    for t, year in enumerate(problem.years):
        if problem.max_markets is not None:
            yield from _over(f"most markets {year}", opened[:, t].sum(), problem.max_markets)
        entry = np.array(
            [
                market.entry_cost_usd * (opened[m, t] and not market.is_open and not (t and opened[m, t - 1]))
                for m, market in enumerate(problem.markets)
            ]
        )
        head = np.bincount(owner, people[:, t], len(names))
        money = np.bincount(owner, spend[:, t], len(names))
        offices = sum(hub.cost_usd for k, hub in enumerate(problem.hubs) if hubs[k, t])
        everything += money.sum() + entry.sum() + offices
        yield from _over(f"budget {year}", money.sum() + entry.sum() + offices, problem.budget_usd[t])
        yield from _over(f"people limit {year}", head.sum(), problem.people[t])
        for region, most in problem.region_limits.items():
            there = np.array([market.region == region for market in problem.markets])
            if most.budget_usd is not None:
                yield from _over(f"budget of region {region} {year}", (money + entry)[there].sum(), most.budget_usd)
            if most.people is not None:
                yield from _over(f"people of region {region} {year}", head[there].sum(), most.people)
        for language, capacity in problem.language_capacity.items():
            there = np.array([market.language == language for market in problem.markets])
            yield from _over(f"language capacity {language} {year}", head[there].sum(), capacity)
        for m, market in enumerate(problem.markets):
            yield from _over(f"max_people of {market.market} {year}", head[m], market.max_people * opened[m, t])
            yield from _under(f"min_people of {market.market} {year}", head[m], market.min_people * opened[m, t])
            if problem.hubs and opened[m, t]:
                near = [
                    hub.serves(market, worktime.shared_hours(hub.timezone, market.timezone, problem.clocks_on))
                    for hub in problem.hubs
                ]
                if not (np.array(near) & hubs[:, t]).any():
                    yield f"a hub within working hours of {market.market} {year}: none is open"
        for k, hub in enumerate(problem.hubs):
            if hub.open is not None and hub.open != hubs[k, t]:
                yield f"lock of hub {hub.site} {year}"
            if hub.served_only and hub.site in names and hubs[k, t] and not opened[names.index(hub.site), t]:
                yield f"an office in {hub.site} {year}: nobody works there"
        for row in (*problem.locks, *problem.bounds):
            if row.year in (None, year):
                m = names.index(row.market)
                mine = (owner == m) & np.array(
                    [row.industry in (None, other.industry) for other in problem.opportunities], dtype=bool
                )
                yield from _kept(row, year, bool(opened[m, t]), people[mine, t].sum(), spend[mine, t].sum())
    if problem.total_budget_usd is not None:
        yield from _over("total budget", everything, problem.total_budget_usd)
    if problem.min_markets:
        yield from _under("fewest markets", opened[:, -1].sum(), problem.min_markets)


def _kept(row: Lock | Bound, year: int, opened: bool, people: float, spend: float) -> Iterator[str]:
    label = f"{row.market} {row.industry}" if row.industry else row.market
    for word, used in (("people", people), ("budget_usd", spend)):
        if isinstance(row, Bound):
            if (low := getattr(row, f"min_{word}")) is not None:
                yield from _under(f"bound {label} min_{word} {year}", used, low)
            if (high := getattr(row, f"max_{word}")) is not None:
                yield from _over(f"bound {label} max_{word} {year}", used, high)
        elif (figure := getattr(row, word)) is not None:
            yield from _over(f"lock {label} {word} {year}", used, figure)
            yield from _under(f"lock {label} {word} {year}", used, figure)
    if isinstance(row, Lock) and row.open is not None and row.open != opened:
        yield f"lock {label} open={str(row.open).lower()} {year}"


def _over(name: str, used: float, limit: float) -> Iterator[str]:
    if used > limit + _slack(name, limit):
        yield f"{name}: {used:,.2f} is more than {limit:,.2f}"


def _under(name: str, used: float, limit: float) -> Iterator[str]:
    if used < limit - _slack(name, limit):
        yield f"{name}: {used:,.2f} is less than {limit:,.2f}"


def _slack(name: str, limit: float) -> float:
    return max(1.0, TOLERANCE * abs(limit)) if "budget" in name else TOLERANCE
