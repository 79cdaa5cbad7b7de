"""A plan against simpler ones, on draws it was not made with: budget by size, the best next dollar, today's plan."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import optimize, sparse

from analytics.allocation import response_curve, search_end
from analytics.allocation.constraints import System, system
from analytics.allocation.greedy import GreedyState, as_choice, costs, stock, tidy, wages
from analytics.allocation.limits import Choice, Violation, violations
from analytics.allocation.problem import Problem
from analytics.allocation.search_end import Found
from analytics.scales import MILLION

ANOTHER_SEED = 1_000_003
"""Added to the seed for the held-out draws."""
NEAREST_S = 10.0
"""For the search of the plan nearest to today's."""
EQUAL = 0.001
"""Two plans win the same in a draw when they differ by no more than this share of it."""


@dataclass(frozen=True)
class Note:
    """How a rival was made; str() says it in English.

    kind: optimised, proportional, greedy, as given, moved, none, cut. largest: among how many markets a proportional
    one is split. broken: what today's plan would not keep. gap: 0, or where the search it is from was cut short, by
    which share it may be off the best: today's plan may be moved that much less, the start of the others be that much
    cheaper; NaN where it is not known.
    """

    kind: str
    largest: int = 0
    broken: tuple[Violation, ...] = ()
    gap: float = 0.0

    def __str__(self) -> str:
        more = " …" if len(self.broken) > TOLD else ""
        said = _NOTES[self.kind].format(largest=self.largest, broken="; ".join(map(str, self.broken[:TOLD])) + more)
        if not self.gap or self.kind == "cut":
            return said
        far = "not known how far from the best" if np.isnan(self.gap) else f"up to {self.gap:.1%} from the best"
        return f"{said}; its search was cut short ({far})"


TOLD = 5
"""Broken limits that a note names."""
_NOTES = {
    "optimised": "",
    "proportional": "budget by untapped amount among the {largest} largest markets, as far as the limits let it; the "
    "best such",
    "greedy": "always the step that wins most per dollar, until no step keeps the limits",
    "as given": "as given",
    "moved": "moved to keep: {broken}",
    "none": "none was found that keeps the limits",
    "cut": "none was found in the time allowed",
}


@dataclass(frozen=True)
class Evaluation:
    """mean_usd, cvar_usd: of totals, (draws,) discounted gain in USD by the response curves, nothing taken off."""

    totals: np.ndarray
    mean_usd: float
    cvar_usd: float


@dataclass(frozen=True)
class Comparison:
    """Plans on the same held-out draws.

    table: plan -> mean_usd and its standard error, cvar_usd, cost_usd (all discounted), people, markets, p_plan_beats
    (share of draws in which the optimised plan wins more) and its standard error, p_equal (share of draws in which both
    win the same within EQUAL of it), difference_usd (the plan's mean minus this one's) and its standard error, note (a
    Note). p_beats_today: that chance against today's plan, None without one.
    """

    table: pd.DataFrame
    choices: dict[str, Choice]
    draws: int
    seed: int
    p_beats_today: float | None


def evaluate(problem: Problem, choice: Choice, draws: np.ndarray) -> Evaluation:
    """What a choice wins in each draw. draws: (draws, opportunities), untapped USD a year."""
    share = response_curve.curves(problem).share(stock(problem, choice))
    totals = draws @ (problem.response.attainable_share * share @ problem.discount)
    return Evaluation(totals, float(totals.mean()), response_curve.cvar(totals, problem.cvar_tail))


def compare(problem: Problem, plan: Any) -> Comparison:
    """The plan, the proportional and the greedy one, and today's if given, on problem.held_out draws of another seed.

    plan: a Plan or a Choice. Rivals keep the same limits: the simple ones are built within them, today's is moved to
    the nearest plan that keeps them (least sum of USD moved), which its note says.
    """
    chosen = getattr(plan, "choice", plan)
    seed = problem.seed + ANOTHER_SEED
    draws = response_curve.draws(problem, problem.held_out, seed)
    rivals = {
        "optimised": (chosen, Note("optimised")),
        "proportional": proportional(problem),
        "greedy": _greedy(problem),
    }
    if problem.today:
        rivals["today"] = today(problem)
    own = evaluate(problem, chosen, draws)
    rows, choices = {}, {}
    for name, (choice, note) in rivals.items():
        if choice is None:
            rows[name] = {"note": note}
            continue
        told = evaluate(problem, choice, draws)
        ahead = own.totals - told.totals
        equal = np.abs(ahead) <= EQUAL * np.maximum(np.abs(own.totals), np.abs(told.totals))
        wins = (ahead > 0) & ~equal
        root = np.sqrt(len(draws))
        rows[name] = {
            "mean_usd": told.mean_usd,
            "mean_se_usd": float(told.totals.std(ddof=1) / root),
            "cvar_usd": told.cvar_usd,
            "cost_usd": float(costs(problem, choice).sum(axis=0) @ problem.discount),
            "people": int(choice.people[:, -1].sum()),
            "markets": int(choice.opened[:, -1].sum()),
            "note": note,
        }
        if name != "optimised":
            rows[name] |= {
                "p_plan_beats": float(wins.mean()),
                "p_plan_beats_se": float(wins.std(ddof=1) / root),
                "p_equal": float(equal.mean()),
                "difference_usd": float(ahead.mean()),
                "difference_se_usd": float(ahead.std(ddof=1) / root),
            }
        choices[name] = choice
    table = pd.DataFrame.from_dict(rows, orient="index")
    chance = rows.get("today", {}).get("p_plan_beats")
    return Comparison(table, choices, len(draws), seed, chance)


def greedy(problem: Problem) -> Choice | None:
    """Always the step that wins most expected, discounted gain per dollar, from the cheapest start that keeps locks.

    A step is one person with or without programme money, programme money for a person, or a market opened with one, two
    or four times its minimum presence and, if need be, a hub. None where no plan keeps the limits.
    """
    return _greedy(problem)[0]


def _greedy(problem: Problem) -> tuple[Choice | None, Note]:
    work, start = GreedyState.begin(problem)
    if work is None:
        return None, _nothing(start)
    while work.step(work.marginal_gain()):
        pass
    return tidy(work.system, work.choice()), Note("greedy", gap=start.gap)


def _nothing(found: Found) -> Note:
    """Why there is no rival: none keeps the limits, or none was found in time."""
    return Note("cut", gap=found.gap) if found.cut else Note("none")


def proportional(problem: Problem) -> tuple[Choice | None, Note]:
    """Budget in proportion to what is untapped, among the largest markets; how many of them is chosen by the mean.

    Returns the plan and a note; no plan where none keeps the limits.
    """
    amounts = response_curve.expected_usd(problem)
    owner = response_curve.curves(problem).market
    by_market = np.bincount(owner, amounts, len(problem.markets))
    order = np.argsort(-by_market, kind="stable")
    counts = sorted({min(len(order), n) for n in (1, 2, 3, 5, 8, 12, 16, 20, 30, 45, 60, 100, len(order))})
    best: tuple[float, Choice, int] | None = None
    exact = amounts[None]
    begun, start = GreedyState.begin(problem)
    if begun is None:
        return None, _nothing(start)
    for count in counts:
        work = begun.copy()
        for m in order[:count]:
            work.enter(m)
        work.fill(np.where(np.isin(owner, order[:count]), amounts, 0.0))
        choice = tidy(work.system, work.choice())
        mean = evaluate(problem, choice, exact).mean_usd
        if best is None or mean > best[0]:
            best = (mean, choice, count)
    return best[1], Note("proportional", best[2], gap=start.gap)


def today(problem: Problem) -> tuple[Choice | None, Note]:
    """Today's plan, moved as little as the limits ask for; and what was moved."""
    wish_people = np.zeros((len(problem.opportunities), len(problem.budget_usd)))
    wish_money = np.zeros_like(wish_people)
    at = {(row.market, row.industry): j for j, row in enumerate(problem.opportunities)}
    for row in problem.today:
        span = slice(None) if row.year is None else problem.years.index(row.year)
        wish_people[at[row.market, row.industry], span] = row.people
        wish_money[at[row.market, row.industry], span] = row.programme_usd
    s = system(problem)
    found = _nearest(s, wish_people, wish_money)
    if found.x is None:
        return None, _nothing(found)
    choice = tidy(s, as_choice(s, found.x))
    same = np.array_equal(choice.people, wish_people) and np.allclose(choice.programme_usd, wish_money, atol=1.0)
    if same:
        return choice, Note("as given")
    opened = np.maximum.accumulate(
        np.array(
            [
                wish_people[response_curve.curves(problem).market == m].sum(axis=0) > 0
                for m in range(len(problem.markets))
            ]
        ),
        axis=1,
    )
    broken = violations(problem, Choice(wish_people, wish_money, opened, choice.hubs))
    return choice, Note("moved", broken=tuple(broken), gap=found.gap)


def _nearest(s: System, people: np.ndarray, money: np.ndarray) -> Found:
    problem = s.problem
    width, count = len(s.upper), 2 * people.size
    wage = np.repeat(wages(problem) / MILLION, people.shape[1])
    worth = np.concatenate([wage, np.ones(people.size)])
    budgets = [n for n, limit in enumerate(s.limits) if limit.kind == "budget"]
    loss = np.concatenate([1e-6 * (np.asarray(s.matrix[budgets].sum(axis=0)).ravel() + (s.upper == 1)), worth])
    wish = np.concatenate([people.ravel(), money.ravel() / MILLION])
    near = sparse.eye_array(count, width)
    eye = sparse.eye_array(count)

    def wide(block: sparse.sparray) -> sparse.sparray:
        return sparse.hstack([block, sparse.csr_array((block.shape[0], count))])

    result = optimize.milp(
        loss,
        constraints=[
            optimize.LinearConstraint(wide(s.matrix), s.low, s.high),
            optimize.LinearConstraint(wide(s.rules), -np.inf, s.rules_most),
            optimize.LinearConstraint(sparse.hstack([near, -eye]), -np.inf, wish),
            optimize.LinearConstraint(sparse.hstack([near, eye]), wish, np.inf),
        ],
        bounds=optimize.Bounds(0, np.concatenate([s.upper, np.full(count, np.inf)])),
        integrality=np.concatenate([s.integer, np.zeros(count)]),
        options={"time_limit": NEAREST_S, "mip_rel_gap": 1e-4},
    )
    return search_end.found(result)
