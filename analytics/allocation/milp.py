"""An allocation as a mixed-integer programme: what HiGHS is given to solve.

Gain is linear in an opportunity's untapped amount and concave in its effort; draws of the amounts give the risk. Cf.
Rockafellar and Uryasev (2000), J. Risk 2(3), for the CVaR as a linear programme; Guenluek and Linderoth (2010), Math.
Program. 124, for why each piece's intercept is multiplied by "open".
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from analytics.allocation import response_curve
from analytics.allocation.constraints import System, system
from analytics.allocation.problem import Problem
from analytics.allocation.response_curve import Curves, Pieces
from analytics.scales import MILLION

THRIFT = 1e-7
"""Of the cost, taken off while solving, so that nothing is opened or spent for no gain at all."""


@dataclass(frozen=True)
class Model:
    """Variables: the system's, share of each opportunity and year, their discounted sum by opportunity, the CVaR's.

    weights: (draws, opportunities), M USD a year when all that is attainable is won.
    """

    system: System
    curves: Curves
    pieces: Pieces
    weights: np.ndarray
    matrix: sparse.csc_array
    low: np.ndarray
    high: np.ndarray
    upper: np.ndarray
    lower: np.ndarray
    integer: np.ndarray
    cost: np.ndarray
    at: dict[str, slice]


def planning_draws(problem: Problem) -> np.ndarray:
    """(draws, opportunities) USD a year: those the plan is made with."""
    return response_curve.draws(problem, problem.draws, problem.seed, matched=True)


def build(problem: Problem) -> Model:
    """The programme of a problem; its objective apart, so that the risk dial can move (objective_of)."""
    s = system(problem)
    curves = response_curve.curves(problem)
    pairs, _, _, years = s.counts
    wage = np.array([market.wage_usd for market in problem.markets])[curves.market]
    heads = _most_heads(problem)[curves.market]
    money = problem.response.programme_ratio * wage[:, None] * heads
    spend = np.minimum(heads * wage[:, None] + money, np.array(problem.budget_usd))
    kept = np.tril(problem.carry_over ** np.abs(np.subtract.outer(np.arange(years), np.arange(years))).astype(float))
    pieces = curves.pieces(spend @ kept.T, problem.response.segments)
    weights = planning_draws(problem) * problem.response.attainable_share / MILLION

    width = s.matrix.shape[1]
    sizes = {"system": width, "share": pairs * years, "total": pairs, "eta": 1, "short": problem.draws}
    ends = np.cumsum([0, *sizes.values()])
    at = {name: slice(ends[n], ends[n + 1]) for n, name in enumerate(sizes)}
    upper = np.full(ends[-1], np.inf)
    upper[: pairs * years] = heads.ravel()
    upper[pairs * years : 2 * pairs * years] = money.ravel() / MILLION
    upper[2 * pairs * years : width] = 1.0
    upper[at["eta"]] = weights.sum(axis=1).max() * problem.discount.sum()
    upper[at["share"]] = np.where(curves.attainable[:, None] > 0, pieces.top, 0.0).ravel()
    lower = np.zeros(ends[-1])
    lower[at["eta"]] = -np.inf
    integer = np.zeros(ends[-1])
    integer[:width] = s.integer

    def wide(block: sparse.sparray, first: int = 0) -> sparse.csr_array:
        block = block.tocoo()
        return sparse.csr_array((block.data, (block.row, block.col + first)), shape=(block.shape[0], ends[-1]))

    discounted = sparse.kron(sparse.eye_array(pairs), problem.discount[None])
    sums = wide(sparse.eye_array(pairs), at["total"].start) - wide(discounted, at["share"].start)
    ones = sparse.csr_array(np.ones((problem.draws, 1)))
    tail = (
        wide(ones, at["eta"].start)
        - wide(sparse.eye_array(problem.draws), at["short"].start)
        - wide(sparse.csr_array(weights), at["total"].start)
    )
    hypograph = wide(_hypograph(s, curves, pieces, kept, wage))
    blocks = [wide(s.matrix), wide(s.rules), hypograph, sums, tail]
    free = sum(block.shape[0] for block in blocks[1:])
    budgets = [n for n, limit in enumerate(s.limits) if limit.kind == "budget"]
    cost = np.zeros(ends[-1])
    cost[:width] = problem.discount @ s.matrix[budgets]
    return Model(
        s,
        curves,
        pieces,
        weights,
        sparse.vstack(blocks).tocsc(),
        np.concatenate([s.low, np.full(free, -np.inf)]),
        np.concatenate([s.high, s.rules_most, np.zeros(free - len(s.rules_most))]),
        upper,
        lower,
        integer,
        cost,
        at,
    )


def _most_heads(problem: Problem) -> np.ndarray:
    """(markets, years) the most people that single limits allow: tighter than max_people, never too tight."""
    heads = np.empty((len(problem.markets), len(problem.budget_usd)))
    for m, market in enumerate(problem.markets):
        region = problem.region_limits.get(market.region)
        for t, budget in enumerate(problem.budget_usd):
            most = [market.max_people, problem.people[t], _affordable(budget, market.wage_usd)]
            if region and region.people is not None:
                most.append(region.people)
            if region and region.budget_usd is not None:
                most.append(_affordable(region.budget_usd, market.wage_usd))
            if market.language in problem.language_capacity:
                most.append(problem.language_capacity[market.language])
            heads[m, t] = min(most)
    return heads


def _affordable(budget_usd: float, wage_usd: float) -> float:
    """Whole people that a budget pays for. Floor division alone takes three wages of 0.1 for two in 0.3."""
    return np.floor(budget_usd / wage_usd * (1 + 1e-9))


def _hypograph(s: System, curves: Curves, pieces: Pieces, kept: np.ndarray, wage: np.ndarray) -> sparse.csr_array:
    """share - intercept * open - slope * stock <= 0 for each opportunity, year and segment.

    Times open, because a market that is a fifth open has a fifth of everything: that is what makes the relaxation
    tight. stock of a year = sum of efforts until then, each times carry_over^years since.
    """
    pairs, _, _, years = s.counts
    width = s.matrix.shape[1]
    segments = pieces.slope.shape[-1]
    pair, year, segment = np.indices((pairs, years, segments)).reshape(3, -1)
    here = curves.attainable[pair] > 0
    pair, year, segment = pair[here], year[here], segment[here]
    number = np.arange(len(pair))
    slope = pieces.slope[pair, year, segment] * MILLION
    opened = 2 * pairs * years + curves.market[pair] * years + year
    rows = [number, number]
    columns = [width + pair * years + year, opened]
    values = [np.ones(len(pair)), -pieces.intercept[pair, year, segment]]
    for since in range(years):
        of = (year >= since) & (kept[year, since] > 0)
        each = slope[of] * kept[year[of], since]
        place = pair[of] * years + since
        rows += [number[of], number[of]]
        columns += [place, pairs * years + place]
        values += [-each * wage[pair[of]] / MILLION, -each]
    values = np.concatenate(values)
    values[np.abs(values) < 1e-12] = 0.0
    shape = (len(pair), width + pairs * years)
    matrix = sparse.csr_array((values, (np.concatenate(rows), np.concatenate(columns))), shape=shape)
    matrix.eliminate_zeros()
    return matrix


def objective_of(model: Model, risk: float) -> np.ndarray:
    """To be minimised, M USD."""
    problem = model.system.problem
    loss = np.zeros(len(model.upper))
    loss[model.at["total"]] = -(1 - risk) * model.weights.mean(axis=0)
    loss[model.at["eta"]] = -risk
    loss[model.at["short"]] = risk / (problem.cvar_tail * problem.draws)
    if problem.objective == "net":
        loss += model.cost
    return loss


def optimise(
    model: Model, loss: np.ndarray, upper: np.ndarray, lower: np.ndarray, gap: float, seconds: float, whole: bool = True
) -> optimize.OptimizeResult:
    """The least loss (M USD) within bounds, to a relative gap or until time is up. whole: people cannot be split."""
    thrifty = loss + THRIFT * model.cost
    thrifty[: len(model.system.upper)] += THRIFT * 1e-2 * (model.system.upper == 1)
    return optimize.milp(
        thrifty,
        constraints=optimize.LinearConstraint(model.matrix, model.low, model.high),
        bounds=optimize.Bounds(lower, upper),
        integrality=model.integer if whole else None,
        options={"mip_rel_gap": gap, "time_limit": max(0.1, seconds)},
    )
