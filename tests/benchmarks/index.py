"""How fast the robustness of a ranking is computed, against a loop over the same functions, and how steady it is."""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from stores import SHARED, import_in_own_process, row

from analytics.index import aggregate, impute, normalise, recipe, treat
from analytics.index.composite import Ranking, rescore, score
from analytics.index.recipe import Ingredient, Measure, Recipe
from analytics.robustness import draws, rank_intervals, smallest_weight_change, sobol
from data import store

MARKETS, INDICATORS, DIMENSIONS, GAPS = 217, 30, 6, 0.1
DRAWS, LOOPED, PREVIEW, SEEDS = 10_000, 60, 1000, 4

MEMORY = """
import json, resource, sys
sys.path.insert(0, sys.argv[1])
from analytics import sensitivity
from index import made_up
sensitivity.monte_carlo(made_up(), 0, pairs=True)
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
"""


def robustness() -> list[dict]:
    """10,000 draws over all five choices, the loop, a moved weight, other seeds, and where the ranks come from."""
    ranking = made_up()
    rank_intervals.monte_carlo(ranking, 0, PREVIEW)
    seconds = np.median([_seconds(lambda: rank_intervals.monte_carlo(ranking, 0, DRAWS, pairs=True)) for _ in range(5)])
    looped = _seconds(lambda: loop(ranking, LOOPED)) / LOOPED * DRAWS
    size = f"{DRAWS:,} draws x {MARKETS} markets x {INDICATORS} indicators"
    return [
        row(f"{size}, with P(A before B)", float(seconds), "s", 2),
        row("the same in a loop over the same functions", looped, "s"),
        row("all at once / loop", float(seconds) / looped, "x", 1 / 50),
        row("peak memory of that process", _memory(), "MB", 500),
        row("server CPU from a moved weight to rank intervals", _slider(ranking), "ms", 150),
        row("largest move of P(top 10) among seeds", _seed_noise(ranking), "", 0.02),
        row("largest difference of two runs with one seed", _repeat(ranking), "", 0),
        row("Sobol shares, overall and per market", _seconds(lambda: sobol.shares(ranking, 0)), "s"),
        row("one flip point", _seconds(lambda: _flip(ranking)) * 1000, "ms"),
        *_on_the_shared_panel(),
    ]


def made_up(seed: int = 0) -> Ranking:
    """217 markets and 30 related indicators, a third of them skewed, a tenth of the values missing; four groups."""
    random = np.random.default_rng(seed)
    level = random.normal(size=(MARKETS, 1))
    values = 0.6 * level + 0.8 * random.normal(size=(MARKETS, INDICATORS))
    values[:, ::3] = np.exp(1.5 * values[:, ::3])
    values[random.random(values.shape) < GAPS] = np.nan
    keys = [f"i{n:02d}" for n in range(INDICATORS)]
    frame = pd.DataFrame(values, pd.Index([f"M{n:03d}" for n in range(MARKETS)], name="iso3"), keys)
    parts = [Ingredient(key, key, f"d{n % DIMENSIONS}", 1, 1.0, (Measure(key),)) for n, key in enumerate(keys)]
    even = {f"d{n}": 1.0 for n in range(DIMENSIONS)}
    thirty = Recipe("thirty", "Thirty", "Which?", "i00", even, tuple(parts), minimum_coverage=0.5)
    panel = frame.melt(ignore_index=False, var_name="indicator").dropna().reset_index().assign(year=2023)
    return score(panel, thirty, groups=pd.Series(np.arange(MARKETS) % 4, frame.index))


def loop(ranking: Ranking, count: int) -> pd.DataFrame:
    """Ranks draw by draw with the functions one would call: treat, impute, normalise, weigh, aggregate, rank."""
    choices = draws.Choices.around(ranking)
    plan = draws.balanced(ranking, choices, count, count, 0)
    values, found = ranking.values.sort_index(), {}
    for draw in range(count):
        treatment = treat.treat(values, choices.treatments[plan.treatment[draw]])
        method = choices.imputations[plan.imputation[draw]]
        filled = pd.DataFrame(
            impute.copies(treatment.values, method, 1, draw, ranking.groups)[0], values.index, values.columns
        )
        design = replace(ranking.design, normalisation=choices.normalisations[plan.normalisation[draw]])
        scores = normalise.normalise(treatment, filled, ranking.directions, design).to_numpy()
        rules = choices.aggregations[plan.aggregation[draw]]
        total = aggregate.index_scores(scores, plan.weights[[draw]], ranking.members, *rules)[0]
        found[draw] = pd.Series(total, values.index).round(9).rank(ascending=False, method="min")
    return pd.DataFrame(found)


def _slider(ranking: Ranking) -> float:
    prepared = rank_intervals.prepare(ranking, 0)
    spent = []
    for turn in range(12):
        start = time.process_time()
        moved = rescore(ranking, weights={"d0": 1 + turn / 4})
        rank_intervals.monte_carlo(moved, 0, PREVIEW, prepared=prepared)
        spent.append((time.process_time() - start) * 1000)
    return float(np.median(spent[2:]))


def _seed_noise(ranking: Ranking) -> float:
    found = [rank_intervals.monte_carlo(ranking, seed, DRAWS).ranks["p_top10"] for seed in range(SEEDS)]
    return float(np.ptp(found, axis=0).max())


def _repeat(ranking: Ranking) -> float:
    first, second = (rank_intervals.monte_carlo(ranking, 7, PREVIEW, pairs=True) for _ in range(2))
    ranks = (first.ranks - second.ranks).abs().max(axis=None)
    return float(max(ranks, (first.beats - second.beats).abs().max(axis=None)))


def _flip(ranking: Ranking) -> smallest_weight_change.Flip:
    return smallest_weight_change.overtake(ranking, ranking.scores.index[9], ranking.scores.index[0])


def _on_the_shared_panel() -> list[dict]:
    if not SHARED.exists():
        print("  left out: needs ../shared", file=sys.stderr)
        return []
    general = recipe.load("general")
    with tempfile.TemporaryDirectory() as folder:
        import_in_own_process(SHARED, Path(folder))
        os.environ["ATLAS_HOME"] = folder
        connection = store.connect()
        groups = store.markets(connection).set_index("iso3")["income_group"]
        ranking = score(store.market_panel(connection, general.codes, 2022, general.window), general, groups=groups)
        connection.close()
    return [
        row(
            "general recipe, shared panel: 10,000 draws",
            _seconds(lambda: rank_intervals.monte_carlo(ranking, 0)),
            "s",
            2,
        ),
        row("largest move of P(top 10) among seeds, there", _seed_noise(ranking), "", 0.02),
    ]


def _memory() -> float:
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(Path(__file__).parent)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def _seconds(run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start
