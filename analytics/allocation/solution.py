"""A plan with everything there is to tell of it: against its rivals, on held-out draws, and its offices."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.allocation import hubs, response_curve
from analytics.allocation import problem as allocation_problem
from analytics.allocation import solve as allocation
from analytics.allocation.baselines import Comparison
from analytics.allocation.hubs import HubLayout
from analytics.allocation.problem import Problem
from analytics.allocation.solve import Plan
from analytics.scales import HIGH, LOW


@dataclass(frozen=True)
class Answer:
    """mean_usd, low_usd, high_usd, cvar_usd: discounted gain over all years on the comparison's held-out draws.

    low and high: their 5th and 95th percentile; cvar: the mean of the worst share of them (problem.cvar_tail).
    """

    plan: Plan
    comparison: Comparison
    layout: HubLayout
    mean_usd: float
    low_usd: float
    high_usd: float
    cvar_usd: float

    @property
    def problem(self) -> Problem:
        return self.plan.problem


@dataclass(frozen=True)
class Refusal:
    """Why there is no plan: limits that conflict (Infeasible), or no time (TimeoutError)."""

    reason: allocation.Infeasible | TimeoutError


def answer(problem: Problem) -> Answer | Refusal:
    """The plan of a problem. Raises DocumentError for one that does not fit together, or that no file could hold."""
    problem = allocation_problem.checked(problem)
    try:
        plan = allocation.solve(problem)
    except (allocation.Infeasible, TimeoutError) as reason:
        return Refusal(reason)
    return assembled(plan, allocation.compare(problem, plan), hubs.lay_out(problem, plan))


def assembled(plan: Plan, comparison: Comparison, placed: HubLayout) -> Answer:
    """A plan with its gain on the comparison's draws."""
    draws = response_curve.draws(plan.problem, comparison.draws, comparison.seed)
    told = allocation.evaluate(plan.problem, plan.choice, draws)
    low, high = np.quantile(told.totals, [LOW, HIGH])
    return Answer(plan, comparison, placed, told.mean_usd, float(low), float(high), told.cvar_usd)


def frontier(problem: Problem) -> pd.DataFrame:
    """What less risk costs (`allocation.frontier`)."""
    return allocation.frontier(allocation_problem.checked(problem))


def spent(plan: Plan, by: str = "market") -> pd.DataFrame:
    """(market or industry, years), US$: wages, programme and entry; offices as "hubs", entry by industry as "entry"."""
    table = plan.rows.pivot_table(index=by, columns="year", values="cost_usd", aggfunc="sum")
    years = list(plan.problem.years)
    table = table.reindex(columns=years).fillna(0.0)
    for row in plan.opened[plan.opened["entry_cost_usd"] > 0].itertuples():
        key = row.market if by == "market" else "entry"
        if key not in table.index:
            table.loc[key] = 0.0
        table.loc[key, row.year] += row.entry_cost_usd
    offices = plan.years.set_index("year")["hubs_usd"].reindex(years)
    if offices.sum() > 0:
        table.loc["hubs"] = offices.to_numpy()
    return table


def staffed(plan: Plan, by: str = "market") -> pd.DataFrame:
    """(market or industry, years), people."""
    table = plan.rows.pivot_table(index=by, columns="year", values="people", aggfunc="sum")
    return table.reindex(columns=list(plan.problem.years)).fillna(0).astype(int)


def gained(plan: Plan) -> pd.Series:
    """Expected gain of each market over all years, US$, the largest first."""
    return plan.rows.groupby("market")["gain_usd"].sum().sort_values(ascending=False, kind="stable")


def prices(plan: Plan) -> pd.DataFrame:
    """Binding limits by name, the most worth first: kind, unit, years, prices (tuples, US$ per unit), worth.

    worth: what giving way by a tenth in each of these years would win, for small changes; 0 where a price is unknown.
    Only years in which the limit binds and has a price.
    """
    limits = plan.limits
    rows = []
    binding = limits[limits["binding"] & limits["shadow_price"].notna()]
    for name, group in binding.groupby("limit", sort=False):
        worth = float((group["shadow_price"] * group["available"].abs().clip(lower=1.0)).sum() / 10)
        first = group.iloc[0]
        rows.append(
            {
                "limit": name,
                "kind": first["kind"],
                "unit": first["unit"],
                "less": bool(first["meaning"].endswith("required")),
                "locked": bool(first["meaning"].endswith("lock")),
                "years": tuple(int(year) for year in group["year"]),
                "prices": tuple(float(price) for price in group["shadow_price"]),
                "worth": worth,
            }
        )
    table = pd.DataFrame(rows, columns=["limit", "kind", "unit", "less", "locked", "years", "prices", "worth"])
    return table.sort_values("worth", ascending=False, kind="stable", ignore_index=True)


def moves(before: Plan, after: Plan) -> pd.DataFrame:
    """What another plan changes, by market: people and gain_usd (over all years) before and after; most moved first."""
    last = before.problem.years[-1]
    columns = {}
    for name, plan in (("before", before), ("after", after)):
        rows = plan.rows[plan.rows["year"] == last]
        columns[f"people_{name}"] = rows.groupby("market")["people"].sum()
        columns[f"gain_{name}"] = plan.rows.groupby("market")["gain_usd"].sum()
    table = pd.DataFrame(columns).fillna(0.0)
    order = (table["people_after"] - table["people_before"]).abs().sort_values(ascending=False, kind="stable").index
    return table.loc[order]
