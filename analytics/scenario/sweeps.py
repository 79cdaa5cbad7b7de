"""One assumption after another: tornado, two-way table, and many uncertain inputs at once."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analytics.robustness import draws as many
from analytics.scales import HIGH, LOW
from analytics.scenario import base as bases
from analytics.scenario import history as histories
from analytics.scenario import outcome as outcomes
from analytics.scenario import shocks as scenario_shocks
from analytics.scenario.base import ScenarioBase, ScenarioError
from analytics.scenario.document import Scenario, Shock, Uncertain

MEASURES = ("score", "rank", "potential")
SIMULATED = 400
MIN_CHANGES = 5


def tornado(ground: ScenarioBase, scenario: Scenario, market: str) -> pd.DataFrame:
    """Each figure of a market one historical standard deviation down and up, the others as in the scenario.

    By indicator: value (in the scenario), sd, own (False: the median of other markets stands in), and score_down,
    score_up, rank_down, rank_up, potential_down, potential_up; the widest swing of the score first. Figures held within
    what the unit allows. Indicators without a figure or a record are left out. Raises ScenarioError.
    """
    figures = scenario_shocks.point(ground, scenario).figures
    bases.refuse_unranked(ground, market)
    rows = {}
    for code, value in figures.loc[market].dropna().items():
        if (market, code) not in ground.record.index:
            continue
        known = ground.record.loc[(market, code)]
        if not known["sd"] > 0:
            continue
        row = {"value": value, "sd": known["sd"], "own": bool(known["own"])}
        for side, name in ((-1, "down"), (1, "up")):
            moved = _also(scenario, Shock("indicator", code, "set", value + side * known["sd"], (market,)))
            found = outcomes.read(ground, moved, market)
            row |= {f"{measure}_{name}": getattr(found, measure) for measure in MEASURES}
        rows[code] = row
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("indicator")
    swing = (table["score_up"] - table["score_down"]).abs() if len(table) else pd.Series(dtype=float)
    return table.loc[swing.sort_values(ascending=False, kind="stable").index]


def _also(scenario: Scenario, shock: Shock) -> Scenario:
    """With one more shock, which may move what another one moved before."""
    return replace(scenario, shocks=(*scenario.shocks, shock))


def two_way(
    ground: ScenarioBase,
    scenario: Scenario,
    market: str,
    first: tuple[str, np.ndarray],
    second: tuple[str, np.ndarray],
    measure: str = "score",
) -> pd.DataFrame:
    """A measure of a market for every pair of values of two figures: (values of the first, values of the second).

    first, second: an indicator's code and the values it is set to. measure: score, rank or potential.
    """
    if first[0] == second[0]:
        raise ScenarioError(
            "A two-way table needs two figures; {target} was named twice. Choose another one.", target=first[0]
        )
    cells = [
        [
            getattr(
                outcomes.read(
                    ground,
                    _also(
                        _also(scenario, Shock("indicator", first[0], "set", float(one), (market,))),
                        Shock("indicator", second[0], "set", float(other), (market,)),
                    ),
                    market,
                ),
                measure,
            )
            for other in second[1]
        ]
        for one in first[1]
    ]
    return pd.DataFrame(cells, pd.Index(first[1], name=first[0]), pd.Index(second[1], name=second[0]))


@dataclass(frozen=True)
class Simulation:
    """Many draws of the uncertain inputs, the elasticities and the weights together.

    markets: score_low, score_median, score_high, rank_low, rank_median, rank_high (5, 50, 95 %), p_improves (share of
    the draws in which it ranks better than without the scenario under the same weights), p_top10; by iso3. ranks:
    (draws, markets). inputs: (draws, uncertain), the values drawn. importance: (uncertain, markets), Spearman's rank
    correlation of an input with a market's score; NaN where the input does not move it.
    """

    markets: pd.DataFrame
    ranks: np.ndarray
    inputs: pd.DataFrame
    importance: pd.DataFrame
    draws: int
    seed: int


def simulate(ground: ScenarioBase, scenario: Scenario, draws: int = SIMULATED) -> Simulation:
    """Draw every uncertain input of a scenario, and carry it out each time under other weights.

    An input's draw holds for all the markets it names alike. Raises ScenarioError when nothing is uncertain, or for a
    bootstrap without enough past.
    """
    if not scenario.uncertain:
        raise ScenarioError("Nothing in the scenario is uncertain. Give at least one figure a range.")
    random = np.random.default_rng(scenario.seed)
    inputs = pd.DataFrame(
        {number: _draw(ground, entry, draws, random) for number, entry in enumerate(scenario.uncertain)}
    )
    factors = ground.factors[np.arange(draws) % len(ground.factors)]
    links = random.standard_normal((draws, max(len(ground.elasticities), 1)))
    drift = random.standard_normal((draws, len(ground.figures))) * ground.drift if ground.outlook is not None else 0.0
    start = ground.start
    own = scenario_shocks.own_weights(ground.recipe, scenario)
    before = np.empty((draws, len(ground.figures)))
    after = np.empty_like(before)
    for number in range(draws):
        more = tuple(
            Shock("indicator", entry.target, entry.how, float(inputs.iat[number, at]), entry.markets, entry.regions)
            for at, entry in enumerate(scenario.uncertain)
        )
        shocked = scenario_shocks.shock(ground, (*scenario.shocks, *more))
        end = start.at(scenario_shocks.spread(ground, shocked, links[number]), own)
        before[number] = start.weighed(factors[[number]])[0]
        after[number] = end.weighed(factors[[number]])[0]
    before, after = ((drawn + drift)[:, ground.ranked] for drawn in (before, after))
    ranks_before, ranks = many.ranks(before), many.ranks(after)
    quantiles = {
        f"{name}_{level}": np.quantile(drawn, share, axis=0, method="nearest")
        for name, drawn in (("score", after), ("rank", ranks))
        for level, share in (("low", LOW), ("median", 0.5), ("high", HIGH))
    }
    markets = pd.DataFrame(
        quantiles | {"p_improves": (ranks < ranks_before).mean(axis=0), "p_top10": (ranks <= 10).mean(axis=0)},
        ground.ranking.scores.index,
    )
    return Simulation(markets, ranks, inputs, _importance(inputs, after, ground), draws, scenario.seed)


def _importance(inputs: pd.DataFrame, scores: np.ndarray, ground: ScenarioBase) -> pd.DataFrame:
    ranked = pd.DataFrame(scores).rank().to_numpy()
    given = inputs.rank().to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        ranked = (ranked - ranked.mean(axis=0)) / ranked.std(axis=0)
        given = (given - given.mean(axis=0)) / given.std(axis=0)
    return pd.DataFrame(given.T @ ranked / len(given), inputs.columns, ground.ranking.scores.index)


def _draw(ground: ScenarioBase, entry: Uncertain, draws: int, random: np.random.Generator) -> np.ndarray:
    """(draws,) values of one uncertain input."""
    given = entry.parameters
    if entry.distribution == "triangular":
        return random.triangular(given["low"], given["mode"], given["high"], draws)
    if entry.distribution == "normal":
        drawn = random.normal(given["mean"], given["sd"], draws)
        return np.maximum(drawn, 0.0) if entry.how == "scale" else drawn
    fitting = "scale" if histories.is_amount(entry.target) else "add"
    if entry.how != fitting:
        raise ScenarioError(
            "The past changes of {target} are drawn with {fitting}, not {how}. Change it.",
            target=entry.target,
            fitting=repr(fitting),
            how=repr(entry.how),
        )
    rows, _ = bases.rows_of(ground, entry.markets, entry.regions)
    year = int(ground.ranking.years.max(axis=None))
    known = histories.changes(ground.history, entry.target, year)
    mine = known.loc[known["iso3"].isin(ground.figures.index[rows]), "change"]
    if len(mine) < MIN_CHANGES:
        raise ScenarioError(
            "{target} has {count} yearly changes on record for these markets, and a bootstrap needs {least}. Name more "
            "markets, or give it a triangular or normal distribution.",
            target=entry.target,
            count=len(mine),
            least=MIN_CHANGES,
        )
    picked = random.choice(mine.to_numpy(), (draws, int(given["years"])))
    return picked.prod(axis=1) if entry.how == "scale" else picked.sum(axis=1)
