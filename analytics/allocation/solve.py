"""Where money and people go, market by market and year by year: the best plan, how near to the best, and what binds.

A mixed-integer programme (milp.py), solved with HiGHS to a gap that is shown. Rivals: baselines.py; why there is no
plan: infeasibility.py.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, sparse

from analytics.allocation import baselines, greedy, infeasibility, milp, response_curve, search_end
from analytics.allocation.constraints import System, serves
from analytics.allocation.infeasibility import Infeasible
from analytics.allocation.limits import Choice
from analytics.allocation.milp import Model, objective_of, optimise, planning_draws
from analytics.allocation.problem import Problem, check
from analytics.scales import HIGH, LOW, MILLION
from data.faults import Fault

POLISH = 0.2
"""Of the gap asked for: that to which headcount and money are settled once it is known where we are open."""
SEARCH = 0.9
"""Of the time, for the search; the rest is for settling headcount and money."""

__all__ = ["Infeasible", "OutOfTime", "Plan", "compare", "evaluate", "frontier", "solve"]
compare = baselines.compare
evaluate = baselines.evaluate


class OutOfTime(Fault, TimeoutError):
    """No plan was found within the time allowed."""


@dataclass(frozen=True)
class Plan:
    """The plan and how good it is.

    rows: market, industry, year, people, programme_usd, cost_usd (wages and programme), gain_usd (expected that year,
    not discounted), low_usd and high_usd (5th and 95th percentile of the draws); only where people are.
    opened: market, year, entry_cost_usd. hubs: site, year, cost_usd. served_by: market, year, hub.
    years: year, people, wages_usd, programme_usd, entry_usd, hubs_usd, gain_usd.
    limits: limit (a Limit), kind, year, unit, used, available, binding, shadow_price, meaning.
    objective, bound: USD, discounted; what the solver maximised, and what no plan exceeds. gap: (bound - objective) /
    objective. mean_usd, cvar_usd: of the discounted gain on the draws planned with, by the curve itself.
    curve_error: largest distance of a straight piece from its curve, share of what is attainable; pieces lie below, so
    that the objective promises no more than the curve. status: how the search ended, in words; reached: the gap asked
    for was.
    """

    problem: Problem
    choice: Choice
    rows: pd.DataFrame
    opened: pd.DataFrame
    hubs: pd.DataFrame
    served_by: pd.DataFrame
    years: pd.DataFrame
    limits: pd.DataFrame
    objective: float
    bound: float
    gap: float
    seconds: float
    reached: bool
    status: str
    mean_usd: float
    cvar_usd: float
    curve_error: float


@dataclass(frozen=True)
class _Found:
    choice: Choice
    objective: float
    bound: float
    seconds: float
    status: str
    reached: bool


def solve(problem: Problem) -> Plan:
    """The best plan, or the best found in problem.time_limit_s; then its status and gap say so.

    The same problem gives the same plan unless the time limit strikes. Raises DocumentError for a problem that does not
    fit together and Infeasible, which names the limits that conflict, where no plan keeps all of them.
    """
    check(problem)
    start = time.perf_counter()
    model = milp.build(problem)
    infeasibility.refuse_impossible(model.system)
    return _plan(model, _search(model, problem.risk, start), problem)


def frontier(problem: Problem, points: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0)) -> pd.DataFrame:
    """What less risk costs: for each position of the dial, the mean and the CVaR (USD) of its plan; constraints reused.

    Columns: risk, mean_usd, cvar_usd, gap, markets, reached. Each position takes the best of all plans found, so that
    along the dial the mean never rises and the CVaR never falls. Each may take problem.time_limit_s.
    """
    check(problem)
    if not len(points) or not all(0 <= point <= 1 for point in points):
        raise ValueError("Positions of the risk dial lie between 0 (mean) and 1 (bad cases); give at least one.")
    model = milp.build(problem)
    infeasibility.refuse_impossible(model.system)
    found = [_search(model, float(risk), time.perf_counter()) for risk in points]
    draws = planning_draws(problem)
    told = [evaluate(problem, one.choice, draws) for one in found]
    rows = []
    for risk, own in zip(points, found, strict=True):
        best = max(range(len(found)), key=lambda n: (1 - risk) * told[n].mean_usd + risk * told[n].cvar_usd)
        rows.append(
            {
                "risk": float(risk),
                "mean_usd": told[best].mean_usd,
                "cvar_usd": told[best].cvar_usd,
                "gap": _gap(own.objective, own.bound),
                "markets": int(found[best].choice.opened[:, -1].sum()),
                "reached": own.reached,
            }
        )
    return pd.DataFrame(rows)


def _search(model: Model, risk: float, start: float) -> _Found:
    problem = model.system.problem
    loss = objective_of(model, risk)
    lower, upper = model.lower.copy(), model.upper.copy()
    if risk == 0:  # nothing then holds these; they would be free to wander
        lower[model.at["eta"]], upper[model.at["eta"]] = 0.0, 0.0

    def left() -> float:
        return problem.time_limit_s - (time.perf_counter() - start)

    result = optimise(model, loss, upper, lower, problem.gap, SEARCH * left())
    if result.status == search_end.INFEASIBLE:  # refuse_impossible could not tell in its time
        raise Infeasible((), (), complete=False, repairs_gap=np.nan)
    if result.status not in (search_end.OPTIMAL, search_end.LIMIT):
        raise RuntimeError(f"HiGHS gave up on an allocation that has a plan: {result.message}. Please report the file.")
    choice, own, bound = None, "", np.inf
    if result.mip_dual_bound is not None:
        bound = -float(result.mip_dual_bound)
    if result.x is not None:
        choice = _choice(model, result.x)
        if left() > 0.2 and result.mip_gap > POLISH * problem.gap:
            better = optimise(model, loss, *_fixed(model, choice), POLISH * problem.gap, left())
            if better.x is not None and better.fun < result.fun:
                choice = _choice(model, better.x)
    if result.status == search_end.LIMIT:
        choice, own = _fallback(model, choice, risk)
        if not np.isfinite(bound):
            bound = -float(optimise(model, loss, upper, lower, problem.gap, np.inf, whole=False).fun)
    hidden = milp.THRIFT * 2 * float(np.dot(problem.budget_usd, problem.discount)) / MILLION
    choice = greedy.tidy(model.system, choice)
    objective = _promised(model, choice, risk)
    bound = max(bound + hidden, objective)
    gap = _gap(objective, bound)
    seconds = time.perf_counter() - start
    reached = result.status == search_end.OPTIMAL or gap <= problem.gap
    if reached:
        status = f"within {gap:.2%} of the best there can be (asked for: {problem.gap:.2%})"
    else:
        status = (
            f"stopped by the time limit of {problem.time_limit_s:g} s: keeps every limit, but may be {gap:.1%} below "
            f"the best there can be (asked for: {problem.gap:.2%}){own}. Raise time_limit_s for a better one"
        )
    return _Found(choice, objective * MILLION, bound * MILLION, seconds, status, reached)


def _fallback(model: Model, choice: Choice | None, risk: float) -> tuple[Choice, str]:
    """Where time ran out: the greedy plan if it is better than what the search had found, and words for it."""
    other = baselines.greedy(model.system.problem)
    if other is None and choice is None:
        seconds = model.system.problem.time_limit_s
        raise OutOfTime(
            "No plan was found within {seconds} s. Raise time_limit_s, or leave markets out.", seconds=f"{seconds:g}"
        )
    if other is None or (choice is not None and _promised(model, choice, risk) >= _promised(model, other, risk)):
        return choice, ""
    return other, "; the search had found none better, so this is the greedy plan"


def _gap(objective: float, bound: float) -> float:
    return 0.0 if bound <= objective else (bound - objective) / max(abs(objective), 1e-9)


def _choice(model: Model, x: np.ndarray) -> Choice:
    people, programme, opened, hubs = model.system.split(x)
    people = np.round(people).astype(int)
    wage = np.array([m.wage_usd for m in model.system.problem.markets])[model.curves.market]
    usable = model.system.problem.response.programme_ratio * wage[:, None] * people
    programme = np.clip(programme * MILLION, 0, usable)
    return Choice(people, np.where(programme < 0.01, 0.0, programme), opened > 0.5, hubs > 0.5)


def _fixed(model: Model, choice: Choice) -> tuple[np.ndarray, np.ndarray]:
    """Bounds (upper, lower) under which markets and hubs are as chosen."""
    upper, lower = model.upper.copy(), model.lower.copy()
    pairs, _, _, years = model.system.counts
    span = slice(2 * pairs * years, len(model.system.upper))
    upper[span] = lower[span] = np.concatenate([choice.opened.ravel(), choice.hubs.ravel()])
    shut = np.repeat(~choice.opened[model.curves.market].ravel()[None], 2, axis=0).ravel()
    upper[: 2 * pairs * years][shut] = 0.0
    return upper, lower


def _promised(model: Model, choice: Choice, risk: float) -> float:
    """The objective by straight pieces, M USD: reckoned from the choice, not read off the solver."""
    problem = model.system.problem
    stock = greedy.stock(problem, choice)[..., None]
    share = np.minimum((model.pieces.intercept + model.pieces.slope * stock).min(axis=-1), model.pieces.top)
    share = np.where((stock[..., 0] > 0) & choice.opened[model.curves.market], share, 0.0)
    totals = model.weights @ (share @ problem.discount)
    value = (1 - risk) * totals.mean() + risk * response_curve.cvar(totals, problem.cvar_tail)
    if problem.objective == "net":
        value -= greedy.costs(problem, choice).sum(axis=0) @ problem.discount / MILLION
    return float(value)


def _plan(model: Model, found: _Found, problem: Problem) -> Plan:
    choice, years = found.choice, problem.years
    draws = planning_draws(problem)
    told = evaluate(problem, choice, draws)
    won = problem.response.attainable_share * model.curves.share(greedy.stock(problem, choice))
    low, high = np.quantile(draws, [LOW, HIGH], axis=0)
    mean = draws.mean(axis=0)
    rows = []
    for j, offer in enumerate(problem.opportunities):
        wage = problem.markets[model.curves.market[j]].wage_usd
        for t, year in enumerate(years):
            if people := int(choice.people[j, t]):
                programme = float(choice.programme_usd[j, t])
                gain = (won[j, t] * figure for figure in (mean[j], low[j], high[j]))
                cost = people * wage + programme
                rows.append((offer.market, offer.industry, year, people, programme, cost, *map(float, gain)))
    columns = ["market", "industry", "year", "people", "programme_usd", "cost_usd", "gain_usd", "low_usd", "high_usd"]
    frame = pd.DataFrame(rows, columns=columns).astype(
        {name: float if name.endswith("_usd") else int if name in ("year", "people") else str for name in columns}
    )
    cost = greedy.costs(problem, choice)
    first = [
        (market, int(choice.opened[m].argmax())) for m, market in enumerate(problem.markets) if choice.opened[m, -1]
    ]
    opened = [(market.market, years[t], 0.0 if market.is_open else market.entry_cost_usd) for market, t in first]
    hubs = [
        (hub.site, years[int(choice.hubs[k].argmax())], hub.cost_usd)
        for k, hub in enumerate(problem.hubs)
        if choice.hubs[k, -1]
    ]
    by_year = pd.DataFrame(
        {
            "year": years,
            "people": choice.people.sum(axis=0),
            **dict(zip(("wages_usd", "programme_usd", "entry_usd", "hubs_usd"), cost, strict=True)),
            "gain_usd": (won * mean[:, None]).sum(axis=0),
        }
    )
    return Plan(
        problem=problem,
        choice=choice,
        rows=frame,
        opened=pd.DataFrame(opened, columns=["market", "year", "entry_cost_usd"]),
        hubs=pd.DataFrame(hubs, columns=["site", "year", "cost_usd"]),
        served_by=_served(model.system, choice),
        years=by_year,
        limits=_limits(model, choice),
        objective=found.objective,
        bound=found.bound,
        gap=_gap(found.objective, found.bound),
        seconds=found.seconds,
        reached=found.reached,
        status=found.status,
        mean_usd=told.mean_usd,
        cvar_usd=told.cvar_usd,
        curve_error=float(model.pieces.error.max(initial=0.0)),
    )


def _served(s: System, choice: Choice) -> pd.DataFrame:
    """market, year, hub: itself where it is one, else the open hub that shares most hours, then the first by name."""
    problem, rows = s.problem, []
    for m, t in zip(*np.nonzero(choice.opened), strict=True):
        near = [k for k in range(len(problem.hubs)) if choice.hubs[k, t] and serves(problem, s.hub_hours, m, k)]
        if near:
            market = problem.markets[m].market
            best = min(near, key=lambda k: (problem.hubs[k].site != market, -s.hub_hours[m, k], problem.hubs[k].site))
            rows.append((market, problem.years[t], problem.hubs[best].site))
    return pd.DataFrame(rows, columns=["market", "year", "hub"])


def _limits(model: Model, choice: Choice) -> pd.DataFrame:
    """Every limit that can bind: what it holds, what is used, and what giving way by one unit would be worth.

    The shadow price is that of the linear programme left when markets and hubs stay as chosen and people may be split:
    for small changes, and not counting that another market might open.
    """
    s = model.system
    x = np.concatenate(
        [choice.people.ravel(), choice.programme_usd.ravel() / MILLION, choice.opened.ravel(), choice.hubs.ravel()]
    ).astype(float)
    pairs, _, _, years = s.counts
    opened = np.zeros(len(x))
    opened[2 * pairs * years :] = x[2 * pairs * years :]
    prices = _prices(model, choice)
    used, moved = s.matrix @ x, s.matrix @ opened
    rows = []
    for n, limit in enumerate(s.limits):
        presence = limit.kind in ("most people", "minimum presence")
        if limit.kind in ("hub", "hub lock") or (presence and not moved[n]):
            continue
        scale = MILLION if limit.unit == "USD" else 1.0
        own = used[n] - moved[n] if presence else used[n]
        rest = moved[n] if presence else 0.0
        edges = [edge - rest for edge in (s.low[n], s.high[n]) if np.isfinite(edge)]
        near = 1e-6 * max(1.0, *(abs(edge) for edge in edges)) + (1e-6 if limit.unit == "USD" else 0.5)
        edge = min(edges, key=lambda edge: abs(own - edge))
        price = float(prices[n]) * (1.0 if limit.unit == "USD" else MILLION)
        is_open_lock = limit.unit == "markets"
        rows.append(
            {
                "limit": limit.limit,
                "kind": limit.kind,
                "year": limit.year,
                "unit": limit.unit,
                "used": float(own * scale),
                "available": float(edge * scale),
                "binding": bool(abs(own - edge) < near),
                "shadow_price": None if is_open_lock or abs(price) < 1e-9 else price,
                "meaning": "" if is_open_lock else _meaning(limit.unit, limit.low, limit.high),
            }
        )
    return pd.DataFrame(rows)


def _meaning(unit: str, low: float, high: float) -> str:
    what = "USD" if unit == "USD" else "person"
    if low == high:
        return f"USD of the objective for each {what} more in the lock"
    return f"USD of the objective for each {what} {'more allowed' if np.isfinite(high) else 'less required'}"


def _prices(model: Model, choice: Choice) -> np.ndarray:
    """Of each limit: objective (M USD) for a unit by which it gives way; for an equality, by which it rises."""
    s, problem = model.system, model.system.problem
    upper, lower = _fixed(model, choice)
    if problem.risk == 0:
        lower[model.at["eta"]], upper[model.at["eta"]] = 0.0, 0.0
    # A market's own people limits must price people, so that the tighter bounds of the search are left out here.
    pairs, _, _, years = s.counts
    upper[: 2 * pairs * years] = np.inf
    upper[model.at["share"]] = np.repeat(model.curves.attainable > 0, years)  # the last piece goes on beyond its end
    same = model.low == model.high
    below, above = np.isfinite(model.high) & ~same, np.isfinite(model.low) & ~same
    rows = model.matrix.tocsr()
    result = optimize.linprog(
        objective_of(model, problem.risk),
        A_ub=sparse.vstack([rows[below], -rows[above]]),
        b_ub=np.concatenate([model.high[below], -model.low[above]]),
        A_eq=rows[same] if same.any() else None,
        b_eq=model.high[same] if same.any() else None,
        bounds=np.column_stack([lower, upper]),
        method="highs",
    )
    prices = np.zeros(len(model.high))
    if result.status != search_end.OPTIMAL:
        prices[:] = np.nan
        return prices[: len(s.limits)]
    prices[below] = -result.ineqlin.marginals[: below.sum()]
    prices[above] += -result.ineqlin.marginals[below.sum() :]
    if same.any():
        prices[same] = -result.eqlin.marginals
    return prices[: len(s.limits)]
