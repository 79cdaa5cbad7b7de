"""Plans that grow step by step within the limits; and what any plan costs, works with and can do without."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from analytics.allocation import infeasibility, response_curve
from analytics.allocation.constraints import System, serves, system
from analytics.allocation.limits import Choice
from analytics.allocation.problem import Problem
from analytics.allocation.search_end import Found
from analytics.scales import MILLION

SIZES = (1, 2, 4)
"""Times its minimum presence with which a simple plan may enter a market."""
MIN_STEP = 1e-4
"""M USD: less is not worth a step."""


def stock(problem: Problem, choice: Choice) -> np.ndarray:
    """Effort that works in each year, (opportunities, years) USD: the year's own and what is left of earlier ones'."""
    return _carried(problem, choice.people * wages(problem)[:, None] + choice.programme_usd)


def costs(problem: Problem, choice: Choice) -> np.ndarray:
    """(4, years) USD: wages, programmes, entry, hubs."""
    first = np.diff(choice.opened.astype(int), axis=1, prepend=0) > 0
    entry = np.array([0.0 if market.is_open else market.entry_cost_usd for market in problem.markets])
    rent = np.array([hub.cost_usd for hub in problem.hubs])
    paid = (choice.people * wages(problem)[:, None]).sum(axis=0)
    return np.array([paid, choice.programme_usd.sum(axis=0), entry @ first, rent @ choice.hubs])


def tidy(s: System, choice: Choice) -> Choice:
    """Without markets in which nobody works and hubs that no market needs, the dearest first; what is locked stays."""
    problem = s.problem
    opened, hubs = choice.opened.copy(), choice.hubs.copy()
    owner = response_curve.curves(problem).market
    for m, market in enumerate(problem.markets):
        locked = any(lock.market == market.market and lock.open for lock in problem.locks)
        if not locked and not choice.people[owner == m].any():
            opened[m] = False
    near = np.array(
        [[serves(problem, s.hub_hours, m, k) for k in range(len(problem.hubs))] for m in range(len(problem.markets))],
        dtype=bool,
    ).reshape(len(problem.markets), len(problem.hubs))
    for k in sorted(range(len(problem.hubs)), key=lambda k: -problem.hubs[k].cost_usd):
        if problem.hubs[k].open:
            continue
        others = np.delete(np.arange(len(problem.hubs)), k)
        covered = (near[:, others].astype(int) @ hubs[others].astype(int)) > 0
        needed = (opened & near[:, [k]] & ~covered).any(axis=0)
        hubs[k] &= np.maximum.accumulate(needed)
    return replace(choice, opened=opened, hubs=hubs)


def wages(problem: Problem) -> np.ndarray:
    wage = {market.market: market.wage_usd for market in problem.markets}
    return np.array([wage[row.market] for row in problem.opportunities], dtype=float)


def _carried(problem: Problem, effort: np.ndarray) -> np.ndarray:
    found = np.array(effort, dtype=float)
    for t in range(1, found.shape[1]):
        found[:, t] += problem.carry_over * found[:, t - 1]
    return found


def as_choice(s: System, x: np.ndarray) -> Choice:
    people, programme, opened, hubs = s.split(x)
    people = np.round(people).astype(int)
    usable = s.problem.response.programme_ratio * wages(s.problem)[:, None] * people
    return Choice(people, np.clip(programme * MILLION, 0, usable), opened > 0.5, hubs > 0.5)


@dataclass
class Steps:
    """Columns of what a step changes: moves over x, uses over the rows that must stay within their room."""

    moves: sparse.csc_array
    uses: sparse.csc_array
    price: np.ndarray

    def fits(self, room: np.ndarray) -> np.ndarray:
        """(steps,) whether each keeps every limit."""
        spare = np.append(self.uses.data <= room[self.uses.indices] + 1e-9, True)
        fine = np.logical_and.reduceat(spare, np.minimum(self.uses.indptr[:-1], len(self.uses.data)))
        return fine | (np.diff(self.uses.indptr) == 0)


class GreedyState:
    """A plan that grows step by step and never breaks a limit."""

    def __init__(self, s: System, x: np.ndarray) -> None:
        self.system, self.x = s, x
        self.curves = response_curve.curves(s.problem)
        binary = np.flatnonzero(s.upper == 1)
        once = sparse.csr_array((np.ones(len(binary)), (np.arange(len(binary)), binary)), (len(binary), len(x)))
        upper, lower = np.isfinite(s.high), np.isfinite(s.low)
        self.rows = sparse.vstack([s.matrix[upper], -s.matrix[lower], s.rules, once]).tocsc()
        most = np.concatenate([s.high[upper], -s.low[lower], s.rules_most, np.ones(len(binary))])
        self.room = np.maximum(most - self.rows @ x, 0.0)
        budgets = [n for n, limit in enumerate(s.limits) if limit.kind == "budget"]
        self.price = np.maximum(np.asarray(s.matrix[budgets].sum(axis=0)).ravel(), 0.0)
        self.wage = wages(s.problem) / MILLION
        self.people = self._steps(self._people_moves())
        self.entries, self.enters = self._entries()
        self.entry_gain = self._entry_gain()
        pairs, _, _, years = s.counts
        self.money = self._steps([{pairs * years + n: 1.0} for n in range(pairs * years)])

    @classmethod
    def begin(cls, problem: Problem) -> "tuple[GreedyState | None, Found]":
        """The cheapest plan that keeps what is locked, as a state; and how the search for it ended."""
        s = system(problem)
        nothing = np.zeros(len(s.upper))
        fine = (s.low <= 0).all() and (s.high >= 0).all()
        start = Found(nothing, False, 0.0) if fine else infeasibility.cheapest(s)
        if start.x is None:
            return None, start
        whole = np.where(s.integer > 0, np.round(start.x), start.x)
        return cls(s, whole), start

    def copy(self) -> "GreedyState":
        twin = object.__new__(GreedyState)
        twin.__dict__.update(self.__dict__)
        twin.x, twin.room = self.x.copy(), self.room.copy()
        return twin

    def choice(self) -> Choice:
        return as_choice(self.system, self.x)

    def _steps(self, columns: list[dict[int, float]]) -> Steps:
        indptr = np.cumsum([0, *map(len, columns)])
        indices = np.array([n for column in columns for n in column], dtype=int)
        values = np.array([value for column in columns for value in column.values()], dtype=float)
        moves = sparse.csc_array((values, indices, indptr), shape=(len(self.x), len(columns)))
        uses = (self.rows @ moves).tocsc()
        uses.data[np.abs(uses.data) < 1e-12] = 0.0
        uses.eliminate_zeros()
        return Steps(moves, uses, self._cost(moves))

    def _cost(self, moves: sparse.csc_array) -> np.ndarray:
        """M USD of each step over all years. An entry cost is due once: later years' openings take it off again."""
        budgets = [n for n, limit in enumerate(self.system.limits) if limit.kind == "budget"]
        return np.asarray((self.system.matrix[budgets] @ moves).sum(axis=0)).ravel()

    def _people_moves(self) -> list[dict[int, float]]:
        """One more person, with all the programme money that goes with one; then the same without."""
        s = self.system
        pairs, _, _, years = s.counts
        ratio = s.problem.response.programme_ratio
        spots = [(j, t) for j in range(pairs) for t in range(years)]
        return [
            *({s.people(j, t): 1.0, s.programme(j, t): ratio * self.wage[j]} for j, t in spots),
            *({s.people(j, t): 1.0} for j, t in spots),
        ]

    def _entries(self) -> tuple[Steps, list[tuple[int, int, np.ndarray]]]:
        """Every way to open a market: from a year on, at a size, with a hub or without."""
        s = self.system
        _, _, hubs, years = s.counts
        ratio = s.problem.response.programme_ratio
        columns, told = [], []
        for m, market in enumerate(s.problem.markets):
            offers = np.flatnonzero(self.curves.market == m)
            if not len(offers):
                continue
            weight = self.curves.attainable[offers] + 1e-9
            near = [None, *(k for k in range(hubs) if serves(s.problem, s.hub_hours, m, k))]
            for size in SIZES:
                heads = min(max(1, market.min_people) * size, market.max_people)
                exact = heads * weight / weight.sum()
                share = np.floor(exact)
                share[np.argsort(share - exact, kind="stable")[: int(heads - share.sum())]] += 1
                for t in range(years):
                    base = {s.open(m, u): 1.0 for u in range(t, years)}
                    for j, people in zip(offers, share, strict=True):
                        if people:
                            base |= {s.people(j, u): people for u in range(t, years)}
                            base |= {s.programme(j, u): ratio * self.wage[j] * people for u in range(t, years)}
                    heads_by = np.zeros(len(self.curves.market))
                    heads_by[offers] = share
                    for k in near:
                        rent = {} if k is None else {s.hub(k, u): 1.0 for u in range(t, years)}
                        columns.append(base | rent)
                        told.append((m, t, heads_by))
        return self._steps(columns), told

    def _entry_gain(self) -> np.ndarray:
        """M USD, expected and discounted; a market that is closed starts from nothing."""
        problem, found = self.system.problem, []
        years = np.arange(len(problem.budget_usd))
        for m, t, heads in self.enters:
            mine = self.curves.market == m
            effort = (heads * self.wage * (1 + problem.response.programme_ratio))[mine, None] * (years >= t) * MILLION
            share = -np.expm1(-_carried(problem, effort) / self.curves.kappa[mine, None])
            found.append(self.curves.attainable[mine] @ share @ problem.discount / MILLION)
        return np.array(found)

    def _stock(self) -> np.ndarray:
        people, programme, _, _ = self.system.split(self.x)
        return _carried(self.system.problem, (people * self.wage[:, None] + programme) * MILLION)

    def marginal_gain(self) -> "Gain":
        return Gain(self.curves, self.system.problem, self._stock())

    def step(self, gain: "Gain") -> bool:
        """Take the step that wins most per dollar. False when none keeps the limits or wins anything."""
        pairs, _, _, years = self.system.counts
        count = pairs * years
        ratio = self.system.problem.response.programme_ratio
        wage = np.repeat(self.wage, years)
        best: tuple[float, Steps, int, float] | None = None
        one, package = gain.of(wage), gain.of(wage * (1 + ratio))
        options = [(self.people, np.concatenate([package, one]), np.ones(2 * count))]
        options.append((self.entries, self.entry_gain, np.ones(len(self.entry_gain))))
        for steps, wins, amount in options:
            rate = np.where(steps.fits(self.room) & (wins > 0), wins / np.maximum(steps.price, 1e-9), -np.inf)
            if len(rate) and (best is None or rate.max() > best[0]):
                n = int(rate.argmax())
                best = (float(rate[n]), steps, n, float(amount[n]))
        amount = np.minimum(self._most_money(), wage)
        wins = gain.of(amount)
        rate = np.where((amount > MIN_STEP) & (wins > 0), wins / np.maximum(amount, MIN_STEP), -np.inf)
        if len(rate) and (best is None or rate.max() > best[0]):
            n = int(rate.argmax())
            best = (float(rate[n]), self.money, n, float(amount[n]))
        if best is None or not best[0] > (1.0 if self.system.problem.objective == "net" else 0.0):
            return False
        self._take(best[1], best[2], best[3])
        return True

    def _most_money(self) -> np.ndarray:
        """(opportunities x years,) M USD of programme money that the limits leave."""
        uses = self.money.uses
        left = np.where(uses.data > 0, self.room[uses.indices] / np.where(uses.data > 0, uses.data, 1.0), np.inf)
        return np.minimum.reduceat(left, uses.indptr[:-1]) if uses.shape[1] else np.empty(0)

    def _take(self, steps: Steps, n: int, amount: float = 1.0) -> None:
        for matrix, target, sign in ((steps.moves, self.x, 1.0), (steps.uses, self.room, -1.0)):
            span = slice(matrix.indptr[n], matrix.indptr[n + 1])
            target[matrix.indices[span]] += sign * amount * matrix.data[span]
        np.maximum(self.room, 0.0, out=self.room)

    def enter(self, m: int) -> None:
        """Open a market as early and as small as fits, unless it is open."""
        s = self.system
        if self.x[s.open(m, s.counts[3] - 1)] > 0.5:
            return
        fits = self.entries.fits(self.room)
        ways = [n for n, (market, _, _) in enumerate(self.enters) if market == m and fits[n]]
        if ways:
            self._take(self.entries, min(ways, key=lambda n: (self.enters[n][1], self.entries.price[n])))

    def fill(self, amounts: np.ndarray) -> None:
        """Raise efforts in proportion to amounts, (opportunities,), where markets are open, until nothing more fits.

        The next step goes to whoever has least for its amount, so that what a limit keeps from one goes to the others.
        """
        s = self.system
        pairs, _, _, years = s.counts
        count = pairs * years
        wanted = np.repeat(amounts, years)
        while True:
            people, programme, opened, _ = s.split(self.x)
            effort = (people * self.wage[:, None] + programme).ravel()
            fits = self.people.fits(self.room)
            money = np.minimum(self._most_money(), np.repeat(self.wage, years))
            able = (fits[:count] | fits[count:] | (money > MIN_STEP)) & (wanted > 0)
            able &= opened[self.curves.market].ravel() > 0.5
            if not able.any():
                return
            n = int(np.where(able, effort / np.where(wanted > 0, wanted, 1.0), np.inf).argmin())
            if money[n] > MIN_STEP:
                self._take(self.money, n, float(money[n]))
            else:
                self._take(self.people, n if fits[n] else count + n)


class Gain:
    """Expected, discounted gain (M USD) of more effort in one opportunity and year, given the stock there is."""

    def __init__(self, curves: response_curve.Curves, problem: Problem, held: np.ndarray) -> None:
        years = held.shape[1]
        self.kappa, self.held = curves.kappa[:, None] / MILLION, held / MILLION
        later = np.subtract.outer(np.arange(years), np.arange(years)).T  # (from, in)
        self.kept = np.where(later >= 0, problem.carry_over ** np.maximum(later, 0).astype(float), 0.0)
        left = curves.attainable[:, None] * np.exp(-self.held / self.kappa) * problem.discount / MILLION
        self.left = left[:, None, :]

    def of(self, effort: np.ndarray) -> np.ndarray:
        """effort: (opportunities x years,) M USD. What each wins over the years in which it still works."""
        pairs, years = self.held.shape
        more = effort.reshape(pairs, years, 1) * self.kept
        return (self.left * -np.expm1(-more / self.kappa[:, None])).sum(axis=-1).ravel()
