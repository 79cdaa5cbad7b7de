"""What a plan keeps, as data with a name in English; and a check of any plan, apart from the solver's matrix."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.allocation.problem import Bound, Lock, Problem
from analytics.market import working_hours

TOLERANCE = 1e-6


@dataclass(frozen=True)
class Limit:
    """What a plan keeps; str() is its name in English.

    kind: a key of NAMES. market, industry, region, language: what it is about, "" for all. people, budget_usd, open:
    the figure of it that holds. edge: of a bound, "least" or "most".
    """

    kind: str
    market: str = ""
    industry: str = ""
    region: str = ""
    language: str = ""
    people: int | None = None
    budget_usd: float | None = None
    open: bool | None = None
    edge: str = ""

    @property
    def label(self) -> str:
        """The market, perhaps with an industry."""
        return f"{self.market} {self.industry}" if self.industry else self.market

    @property
    def figure(self) -> str:
        """The name of the field that holds the figure."""
        return next(name for name in ("people", "budget_usd", "open") if getattr(self, name) is not None)

    @property
    def is_money(self) -> bool:
        return self.budget_usd is not None or self.kind in ("budget", "total budget", "region budget")

    def __str__(self) -> str:
        name = NAMES[self.kind].format(**vars(self), label=self.label)
        if self.kind == "hub lock":
            return f"{name} {'open' if self.open else 'closed'}"
        if self.kind not in ("lock", "bound"):
            return name
        held = str(self.open).lower() if self.figure == "open" else f"{getattr(self, self.figure):,.0f}"
        return f"{name} {self.figure}={held}" if self.kind == "lock" else f"{name} {self.figure} at {self.edge} {held}"


NAMES = {
    "budget": "budget",
    "total budget": "total budget",
    "most markets": "most markets",
    "fewest markets": "fewest markets",
    "people": "people limit",
    "region budget": "budget of region {region}",
    "region people": "people of region {region}",
    "language capacity": "language capacity {language}",
    "most people": "max_people {people} of {market}",
    "minimum presence": "min_people {people} of {market}",
    "hub": "a hub within working hours of {market}",
    "served site": "an office in {market} only with people there",
    "hub lock": "lock of hub {market}",
    "lock": "lock {label}",
    "bound": "bound {label}",
    "whole people": "a headcount is not a whole number",
    "no figure below 0": "a figure is below 0",
    "programme people": "programme money goes where there are not enough people to use it",
    "market stays open": "a market closes again",
    "hub stays open": "a hub closes again",
}
"""Kinds of limits, and their names in English. The last five are so by definition; what is said is how they break."""
_BROKEN = {
    "most people": "max_people of {market} {year}",
    "minimum presence": "min_people of {market} {year}",
    "hub": "a hub within working hours of {market} {year}: none is open",
    "served site": "an office in {market} {year}: nobody works there",
    "hub lock": "lock of hub {market} {year}",
}


@dataclass(frozen=True)
class Violation:
    """A limit that an allocation breaks; str() says it in English. year: None for all. used, allowed: where counted."""

    limit: Limit
    year: int | None = None
    used: float | None = None
    allowed: float | None = None

    def __str__(self) -> str:
        limit = self.limit
        name = str(limit) if self.year is None else f"{limit} {self.year}"
        if limit.kind in _BROKEN:
            name = _BROKEN[limit.kind].format(market=limit.market, year=self.year)
        elif limit.kind == "bound":
            name = f"bound {limit.label} {'min' if limit.edge == 'least' else 'max'}_{limit.figure} {self.year}"
        elif limit.kind == "lock" and limit.open is None:
            name = f"lock {limit.label} {limit.figure} {self.year}"
        if self.used is None:
            return name
        return f"{name}: {self.used:,.2f} is {'more' if self.used > self.allowed else 'less'} than {self.allowed:,.2f}"


@dataclass(frozen=True)
class Choice:
    """What is decided: people, programme_usd (opportunities, years); opened (markets, years) and hubs (hubs, years)."""

    people: np.ndarray
    programme_usd: np.ndarray
    opened: np.ndarray
    hubs: np.ndarray


def violations(problem: Problem, choice: Choice) -> list[Violation]:
    """Every limit that an allocation breaks; none when it keeps all. Reckoned without the matrix.

    People are counted exactly; money to one USD or a millionth of the limit.
    """
    return list(_broken(problem, choice))


def _broken(problem: Problem, choice: Choice) -> Iterator[Violation]:
    people, programme = choice.people, choice.programme_usd
    opened, hubs = choice.opened.astype(bool), choice.hubs.astype(bool)
    names = [market.market for market in problem.markets]
    owner = np.array([names.index(row.market) for row in problem.opportunities], dtype=int)
    wages = np.array([market.wage_usd for market in problem.markets])
    ratio = problem.response.programme_ratio
    if np.abs(people - np.round(people)).max(initial=0) > TOLERANCE:
        yield Violation(Limit("whole people"))
    if people.min(initial=0) < -TOLERANCE or programme.min(initial=0) < -1:
        yield Violation(Limit("no figure below 0"))
    spend = people * wages[owner][:, None] + programme
    if (programme > ratio * people * wages[owner][:, None] * (1 + TOLERANCE) + 1).any():
        yield Violation(Limit("programme people"))
    for what, flags in (("market", opened), ("hub", hubs)):
        if (flags[:, 1:] < flags[:, :-1]).any():
            yield Violation(Limit(f"{what} stays open"))
    everything = 0.0
    for t, year in enumerate(problem.years):
        if problem.max_markets is not None:
            yield from _over(Limit("most markets"), year, opened[:, t].sum(), problem.max_markets)
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
        yield from _over(Limit("budget"), year, money.sum() + entry.sum() + offices, problem.budget_usd[t])
        yield from _over(Limit("people"), year, head.sum(), problem.people[t])
        for region, most in problem.region_limits.items():
            there = np.array([market.region == region for market in problem.markets])
            if most.budget_usd is not None:
                spent = (money + entry)[there].sum()
                yield from _over(Limit("region budget", region=region), year, spent, most.budget_usd)
            if most.people is not None:
                yield from _over(Limit("region people", region=region), year, head[there].sum(), most.people)
        for language, capacity in problem.language_capacity.items():
            there = np.array([market.language == language for market in problem.markets])
            yield from _over(Limit("language capacity", language=language), year, head[there].sum(), capacity)
        for m, market in enumerate(problem.markets):
            most = Limit("most people", market.market, people=market.max_people)
            least = Limit("minimum presence", market.market, people=market.min_people)
            yield from _over(most, year, head[m], market.max_people * opened[m, t])
            yield from _under(least, year, head[m], market.min_people * opened[m, t])
            if problem.hubs and opened[m, t]:
                near = [
                    hub.serves(market, working_hours.shared_hours(hub.timezone, market.timezone, problem.clocks_on))
                    for hub in problem.hubs
                ]
                if not (np.array(near) & hubs[:, t]).any():
                    yield Violation(Limit("hub", market.market), year)
        for k, hub in enumerate(problem.hubs):
            if hub.open is not None and hub.open != hubs[k, t]:
                yield Violation(Limit("hub lock", hub.site, open=hub.open), year)
            if hub.served_only and hub.site in names and hubs[k, t] and not opened[names.index(hub.site), t]:
                yield Violation(Limit("served site", hub.site), year)
        for row in (*problem.locks, *problem.bounds):
            if row.year in (None, year):
                m = names.index(row.market)
                mine = (owner == m) & np.array(
                    [row.industry in (None, other.industry) for other in problem.opportunities], dtype=bool
                )
                yield from _kept(row, year, bool(opened[m, t]), people[mine, t].sum(), spend[mine, t].sum())
    if problem.total_budget_usd is not None:
        yield from _over(Limit("total budget"), None, everything, problem.total_budget_usd)
    if problem.min_markets:
        yield from _under(Limit("fewest markets"), None, opened[:, -1].sum(), problem.min_markets)


def _kept(row: Lock | Bound, year: int, opened: bool, people: float, spend: float) -> Iterator[Violation]:
    for word, used in (("people", people), ("budget_usd", spend)):
        if isinstance(row, Bound):
            if (low := getattr(row, f"min_{word}")) is not None:
                yield from _under(bound(row, word, low, "least"), year, used, low)
            if (high := getattr(row, f"max_{word}")) is not None:
                yield from _over(bound(row, word, high, "most"), year, used, high)
        elif (figure := getattr(row, word)) is not None:
            yield from _over(lock(row, word), year, used, figure)
            yield from _under(lock(row, word), year, used, figure)
    if isinstance(row, Lock) and row.open is not None and row.open != opened:
        yield Violation(lock(row, "open"), year)


def lock(row: Lock, figure: str) -> Limit:
    """A figure of a lock as a limit. figure: open, people or budget_usd."""
    return Limit("lock", row.market, row.industry or "", **{figure: getattr(row, figure)})


def bound(row: Bound, figure: str, value: float, edge: str) -> Limit:
    """An end of a bound as a limit. figure: people or budget_usd; edge: least or most."""
    return Limit("bound", row.market, row.industry or "", edge=edge, **{figure: value})


def _over(limit: Limit, year: int | None, used: float, most: float) -> Iterator[Violation]:
    if used > most + _slack(limit, most):
        yield Violation(limit, year, float(used), float(most))


def _under(limit: Limit, year: int | None, used: float, least: float) -> Iterator[Violation]:
    if used < least - _slack(limit, least):
        yield Violation(limit, year, float(used), float(least))


def _slack(limit: Limit, figure: float) -> float:
    return max(1.0, TOLERANCE * abs(figure)) if limit.is_money else TOLERANCE
