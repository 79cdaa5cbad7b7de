"""Why no plan keeps all limits: which of them cannot hold together, and the least that would have to give.

An elastic relaxation, then the elastic filter and the deletion filter to a smallest set of limits that conflict
(Chinneck 2008, Feasibility and Infeasibility in Optimization, ch. 6).
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from analytics.allocation import search_end
from analytics.allocation.constraints import System
from analytics.allocation.limits import Limit
from analytics.allocation.search_end import Found
from analytics.scales import MILLION
from data.faults import Fault

PATIENCE_S = 20.0
MAX_CONFLICTS = 30
NEAR_WHOLE = 1e-5
"""A number of people this near to a whole one is that one."""
CAPS = ("language capacity", "region people", "region budget", "people", "budget", "bound", "most people")
"""Kinds of limits on what others need, the most telling first."""


@dataclass(frozen=True)
class Need:
    """What some limits need of another one, and what that allows, in its unit."""

    others: tuple[Limit, ...]
    amount: float
    unit: str
    cap: Limit
    allowed: float


@dataclass(frozen=True)
class Conflict:
    """Limits that cannot hold together though all but any one of them could. need: why, where it can be counted.

    cut: a search was stopped before it was done, so that fewer of them may conflict already.
    """

    limits: tuple[Limit, ...]
    years: tuple[int, ...]
    need: Need | None = None
    cut: bool = False

    @property
    def sentence(self) -> str:
        """Which, and why, in English."""
        return self._why() + (" The search was cut short: fewer of these may conflict already." if self.cut else "")

    def _why(self) -> str:
        when = f"{self.years[0]}" if len(self.years) == 1 else f"{self.years[0]}-{self.years[-1]}"
        hubs = [limit for limit in self.limits if limit.kind == "hub"]
        if hubs:
            others = _joined(limit for limit in self.limits if limit.kind != "hub")
            return (
                f"{when}: {others or 'the plan'} needs {_joined(hubs)}, but no candidate site that may open offers it."
            )
        if need := self.need:
            verb = "needs" if len(need.others) == 1 else "need"
            amount = _amount(need.amount, need.unit)
            return f"{when}: {_joined(need.others)} {verb} {amount}; {need.cap} allows {need.allowed:,.0f}."
        return f"{when}: {_joined(self.limits)} cannot hold together."


@dataclass(frozen=True)
class Repair:
    """A limit that gives way in the least change that makes a plan possible. by: in its unit; to: its new figure."""

    limit: Limit
    year: int
    by: float
    unit: str
    to: float = float("nan")

    @property
    def sentence(self) -> str:
        """The change in English."""
        limit, year = self.limit, self.year
        if limit.kind == "hub":
            return f"{limit.market} would have to do without {limit} in {year}: add a site, or ask for fewer hours."
        if self.unit == "markets":
            return f"{limit} {year}: would have to be given up."
        more = f"{_amount(abs(self.by), self.unit)} {'higher' if self.by > 0 else 'lower'}"
        if limit.kind in ("most people", "minimum presence"):
            return f"{limit} {year}: would have to be {more}."
        return f"{limit} {year}: would have to be {more} ({self.to:,.0f})."


class Infeasible(Fault, ValueError):
    """No plan keeps all limits. conflicts: sets of limits that cannot hold together; repairs: the least to give way.

    complete: all conflicts were found. repairs_gap: by which share the repairs may be larger than the least, where the
    search for them was cut short (NaN: not known); 0 otherwise.
    """

    def __init__(
        self,
        conflicts: tuple[Conflict, ...],
        repairs: tuple[Repair, ...],
        complete: bool = True,
        repairs_gap: float = 0.0,
    ) -> None:
        self.conflicts, self.repairs, self.complete, self.repairs_gap = conflicts, repairs, complete, repairs_gap
        lines = [f"- {conflict.sentence}" for conflict in conflicts]
        if conflicts and not complete:
            lines.append("- There may be more: the search for them was cut short.")
        if repairs:
            lines.append(_least(repairs_gap))
            lines += [f"- {repair.sentence}" for repair in repairs]
        elif repairs_gap:
            lines.append("What would have to give was not found in the time allowed.")
        reasons = "".join(f"\n{line}" for line in lines)
        if not conflicts:
            super().__init__(
                "No plan keeps all limits; which of them conflict was not found in the time allowed:{reasons}",
                reasons=reasons,
            )
        elif len(conflicts) == 1:
            super().__init__("No plan keeps all limits; 1 conflict:{reasons}", reasons=reasons)
        else:
            super().__init__(
                "No plan keeps all limits; {count} conflicts:{reasons}", count=len(conflicts), reasons=reasons
            )


def _least(gap: float) -> str:
    """What the repairs are, in English."""
    if not gap:
        return "The least change that would make a plan possible:"
    most = "by how much is not known" if np.isnan(gap) else f"by up to {gap:.1%}"
    return (
        f"A change that would make a plan possible; it may be larger than the least ({most}: the search was cut short):"
    )


def refuse_impossible(system: System) -> None:
    """Raises Infeasible where no plan keeps all limits; does not look at gain."""
    nothing = (system.low <= 0) & (system.high >= 0)
    if nothing.all():
        return
    everything = range(len(system.limits))
    if _feasible(system, list(everything)):
        return
    start = time.perf_counter()
    repairs, gap = _repairs(system)
    conflicts, left, complete = [], set(everything), True
    while not _feasible(system, sorted(left)):
        core = None
        if len(conflicts) < MAX_CONFLICTS and time.perf_counter() - start <= PATIENCE_S:
            core = _core(system, sorted(left))
        if core is None:
            complete = False
            break
        conflicts.append(core)
        left -= set(core.rows)
    raise Infeasible(_told(system, conflicts), repairs, complete, gap)


def cheapest(system: System) -> Found:
    """People, money, markets and hubs that keep every limit at the least cost; no x where there are none."""
    budgets = [n for n, limit in enumerate(system.limits) if limit.kind == "budget"]
    loss = np.asarray(system.matrix[budgets].sum(axis=0)).ravel()
    loss = loss + 1e-6 * (system.integer > 0)
    return _solve(system, list(range(len(system.limits))), loss)


def _solve(system: System, chosen: list[int], loss: np.ndarray) -> Found:
    """The least loss under some of the limits, as far as PATIENCE_S let it be found."""
    rows = [optimize.LinearConstraint(system.matrix[chosen], system.low[chosen], system.high[chosen])] if chosen else []
    if system.rules.shape[0]:
        rows.append(optimize.LinearConstraint(system.rules, -np.inf, system.rules_most))
    return search_end.found(
        optimize.milp(
            loss,
            constraints=rows,
            bounds=optimize.Bounds(0, system.upper),
            integrality=system.integer,
            options={"time_limit": PATIENCE_S, "mip_rel_gap": 1e-3},
        )
    )


def _feasible(system: System, chosen: list[int]) -> bool:
    """Is there a plan? Where HiGHS ran out of time, there may be."""
    result = _solve(system, chosen, np.zeros(len(system.upper)))
    return result.x is not None or result.cut


def _elastic(system: System, chosen: list[int], firm: set[int]) -> Found:
    """Smallest scaled slack of each limit (too much is above 0); no x when the firm ones conflict by themselves.

    Slack counts relative to the limit, so that 10 % of a budget weighs as much as 10 % of the people; a lock of open or
    a hub counts whole.
    """
    count, width = len(chosen), len(system.upper)
    eye = sparse.eye_array(count)
    matrix = sparse.hstack([system.matrix[chosen], -eye, eye])
    edge = np.where(np.isfinite(system.high[chosen]), system.high[chosen], system.low[chosen])
    people = np.array([system.limits[n].unit != "USD" for n in chosen])
    unit = np.where(people, 1.0, max(1e-3, 0.01 * max(system.problem.budget_usd) / MILLION))
    free = np.array([0.0 if n in firm else np.inf for n in chosen])
    weight = 1 / np.maximum(np.abs(edge), unit)
    rules = sparse.hstack([system.rules, sparse.csr_array((system.rules.shape[0], 2 * count))])
    rows = [optimize.LinearConstraint(matrix, system.low[chosen], system.high[chosen])]
    if rules.shape[0]:
        rows.append(optimize.LinearConstraint(rules, -np.inf, system.rules_most))
    result = search_end.found(
        optimize.milp(
            np.concatenate([np.zeros(width), weight, weight]),
            constraints=rows,
            bounds=optimize.Bounds(0, np.concatenate([system.upper, free, free])),
            integrality=np.concatenate([system.integer, np.zeros(2 * count)]),
            options={"time_limit": PATIENCE_S, "mip_rel_gap": 1e-3},
        )
    )
    if result.x is None:
        return result
    return Found(result.x[width : width + count] - result.x[width + count :], result.cut, result.gap)


def _repairs(system: System) -> tuple[tuple[Repair, ...], float]:
    """What gives way, and by which share that may be more than the least."""
    result = _elastic(system, list(range(len(system.limits))), set())
    if result.x is None:
        return (), result.gap
    found = []
    for n in np.flatnonzero(np.abs(result.x) > 1e-5):
        limit = system.limits[n]
        by = float(result.x[n]) * MILLION if limit.unit == "USD" else _whole(float(result.x[n]))
        edge = limit.high if by > 0 else limit.low
        found.append(Repair(limit.limit, limit.year, by, limit.unit, edge + by))
    return tuple(found), result.gap


def _whole(count: float) -> float:
    """A number of people as the solver means it: 2.9999999 is 3."""
    return float(round(count)) if abs(count - round(count)) < NEAR_WHOLE else count


@dataclass(frozen=True)
class _Core:
    """Rows that cannot hold together. cut: a search was stopped, so that fewer may conflict already."""

    rows: list[int]
    cut: bool


def _core(system: System, chosen: list[int]) -> _Core | None:
    """A smallest set of limits that conflict, among those chosen, which do; None where no search could prove one."""
    firm: set[int] = set()
    while (slack := _elastic(system, chosen, firm)).x is not None:
        stretched = {chosen[n] for n in np.flatnonzero(np.abs(slack.x) > 1e-7)} - firm
        if not stretched:
            break
        firm |= stretched
    core, cut = sorted(firm), False
    if (slack.x is not None or slack.cut) and _feasible(system, core):
        return None
    for n in sorted(core, key=lambda n: (system.limits[n].kind in ("lock", "bound"), n)):
        rest = [other for other in core if other != n]
        result = _solve(system, rest, np.zeros(len(system.upper)))
        if result.x is None and not result.cut:
            core = rest
        cut = cut or result.cut
    return _Core(core, cut)


def _told(system: System, cores: list[_Core]) -> tuple[Conflict, ...]:
    """The conflicts; those that repeat year after year are told once."""
    grouped: dict[tuple[Limit, ...], tuple[_Core, set[int]]] = {}
    for core in cores:
        limits = _limits(system, core.rows)
        grouped.setdefault(limits, (core, set()))[1].update(system.limits[n].year for n in core.rows)
    return tuple(
        Conflict(limits, tuple(sorted(years)), _need(system, core.rows), core.cut)
        for limits, (core, years) in grouped.items()
    )


def _limits(system: System, rows: Iterable[int]) -> tuple[Limit, ...]:
    """What the rows are about, each once."""
    return tuple(dict.fromkeys(system.limits[n].limit for n in rows))


def _need(system: System, core: list[int]) -> Need | None:
    """What the others need of the most telling cap of a conflict; None where no sum says it."""
    if any(system.limits[n].kind == "hub" for n in core):
        return None
    caps = [n for n in core if np.isfinite(system.high[n]) and system.limits[n].kind in CAPS]
    caps = [n for n in caps if np.isfinite(system.limits[n].high) and system.limits[n].kind != "most people"] or caps
    for cap in sorted(caps, key=lambda n: CAPS.index(system.limits[n].kind)):
        limit, others = system.limits[cap], [n for n in core if n != cap]
        if limit.kind == "most people":
            continue
        needed = _solve(system, others, np.asarray(system.matrix[[cap]].toarray()).ravel())
        if needed.x is None or needed.cut:  # what they need at least is then not known
            continue
        scale = MILLION if limit.unit == "USD" else 1.0
        least = float((system.matrix[[cap]] @ needed.x)[0]) * scale
        return Need(_limits(system, others), least, limit.unit, limit.limit, limit.high)
    return None


def _amount(figure: float, unit: str) -> str:
    words = f"{figure:,.0f}" if figure >= 1 or figure == 0 else f"{figure:,.2g}"
    return f"{words} {'person' if unit == 'people' and words == '1' else unit}"


def _joined(limits: Iterable[Limit]) -> str:
    names = list(map(str, limits))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""
