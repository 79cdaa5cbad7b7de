"""python -m analytics scenario FILE.json --json: what a scenario does to every market, and how sure that is."""

import argparse
import json
import math
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from analytics import json_documents
from analytics.index import recipe
from analytics.index.candidates import Candidacy
from analytics.potential import fit as potential
from analytics.potential.panel import PotentialError
from analytics.scenario import base as bases
from analytics.scenario import document as scenarios
from analytics.scenario import forecast, propagation, sweeps
from analytics.scenario import outcome as outcomes
from analytics.scenario.forecast import ForecastError

SUMMARY = (
    "potential",
    "low",
    "high",
    "rank_before",
    "rank_after",
    "rank_low",
    "rank_high",
    "p_improves",
    "extrapolates",
)


def add_arguments(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "scenario",
        help="what a scenario does to potential and rank of every market",
        description="Carries out a scenario (docs/schemas/scenario.schema.json) on the store.",
    )
    parser.add_argument("file", type=Path, help="the scenario, JSON")
    parser.add_argument("--without-potential", action="store_true", help="ranks only: seconds instead of a minute")
    parser.add_argument("--json", action="store_true", help="JSON with everything instead of CSV")


def read(file: Path) -> scenarios.Scenario:
    """The scenario of a file. Raises DocumentError, OSError."""
    if file.stat().st_size > json_documents.MAX_BYTES:
        raise json_documents.DocumentError(
            "{file} is larger than a scenario can be ({most} bytes).",
            file=file.name,
            most=f"{json_documents.MAX_BYTES:,}",
        )
    return scenarios.from_json(file.read_bytes())


def run(
    options: argparse.Namespace,
    panel_of: Callable,
    history_of: Callable,
    markets: pd.DataFrame,
    candidacy: Candidacy | None = None,
) -> int:
    """panel_of(codes, year, window, snapshot), history_of(codes, snapshot): observations as they were after a snapshot.

    Prints the outcome. Raises DocumentError, ScenarioError, RecipeError, NotRanked.
    """
    wanted = read(options.file)
    base, chosen = wanted.base, recipe.load(wanted.base.recipe)
    history = history_of(tuple(dict.fromkeys((*chosen.codes, *potential.history_codes(chosen)))), base.snapshot)
    fit, why_not = None, "" if not options.without_potential else "left out on request"
    if not options.without_potential:
        known = history[history["year"] <= base.year]
        table = markets.set_index("iso3")
        groups = pd.DataFrame(
            {"region": table["wb_region"].fillna(table["region"]), "income_group": table["income_group"]}
        )
        try:
            year = potential.default_year(known, chosen)
            fit = potential.fit(known, chosen, year, groups, learner=base.learner, seed=wanted.seed)
        except PotentialError as error:
            why_not = str(error)
    carried = None
    if wanted.horizon:
        try:
            carried = forecast.forecast(history, chosen.codes, base.year, wanted.horizon, chosen.window, wanted.seed)
        except ForecastError as error:
            raise bases.ScenarioError.of(error) from error
    ground = bases.build_base(
        panel_of(chosen.codes, base.year, chosen.window, base.snapshot),
        chosen,
        markets.set_index("iso3")["region"],
        history,
        base.year,
        propagation.estimate(history, chosen, base.year),
        fit,
        carried,
        candidacy,
    )
    outcome = outcomes.run(ground, wanted)
    document = summary(ground, outcome, why_not)
    if options.json:
        print(json.dumps(document, ensure_ascii=False, allow_nan=False))
    else:
        table = pd.DataFrame(document["markets"]).set_index("iso3")
        print(table[list(SUMMARY)].to_csv(lineterminator="\n"), end="")
    for note in document["notes"]:
        print(f"note: {note['kind']}: {note['target']} {note['market']}".rstrip(), file=sys.stderr)
    if why_not:
        print(f"no potential: {why_not}", file=sys.stderr)
    return 0


def summary(ground: bases.ScenarioBase, outcome: outcomes.ScenarioResult, why_not: str = "") -> dict[str, Any]:
    """The outcome as docs/schemas/outcome.schema.json describes it; what is not known is null."""
    wanted = outcome.scenario
    simulated = sweeps.simulate(ground, wanted) if wanted.uncertain else None
    parts = outcomes.contributions(ground, wanted) if wanted.shocks else pd.DataFrame(index=outcome.markets.index)
    markets = []
    for iso3, row in outcome.markets.sort_values(["rank", "rank_before"], kind="stable").iterrows():
        entry = {
            "iso3": iso3,
            "potential": _plain(row["potential"]),
            "low": _plain(row["potential_low"]),
            "high": _plain(row["potential_high"]),
            "potential_before": _plain(row["potential_before"]),
            "score_before": _plain(row["score_before"]),
            "score": _plain(row["score"]),
            "rank_before": int(row["rank_before"]),
            "rank_after": int(row["rank"]),
            "rank_low": int(row["rank_low"]),
            "rank_high": int(row["rank_high"]),
            "p_improves": _plain(row["p_improves"]),
            "contributions": [_plain(value) for value in parts.loc[iso3]],
            "extrapolates": bool(row["outside"]),
            "nearest": list(row["nearest"]) if isinstance(row["nearest"], tuple) else [],
        }
        if simulated is not None:
            drawn = simulated.markets.loc[iso3]
            entry["simulated"] = {key: _plain(drawn[key]) for key in drawn.index}
        markets.append(entry)
    fit = None if ground.estimate is None else ground.estimate.fit
    return {
        "version": scenarios.VERSION,
        "scenario": json.loads(scenarios.to_json(wanted)),
        "potential": {"why_not": why_not}
        if fit is None
        else {"outcome": fit.outcome_title, "unit": fit.outcome_unit, "year": fit.year, "learner": fit.learner},
        "draws": outcome.draws,
        "markets": markets,
        "moved": [
            {
                "iso3": r.iso3,
                "indicator": r.indicator,
                "before": _plain(r.before),
                "after": _plain(r.after),
                "how": r.how,
            }
            for r in outcome.moved.itertuples()
        ],
        "propagated_by": [
            {
                "source": e.source,
                "target": e.target,
                "coefficient": _plain(e.coefficient),
                "standard_error": _plain(e.standard_error),
            }
            for e in ground.elasticities
        ],
        "carried_forward": None if ground.outlook is None else _methods(ground.outlook),
        "notes": [
            {"kind": n.kind, "target": n.target, "market": n.market, "wanted": _plain(n.wanted), "used": _plain(n.used)}
            for n in outcome.notes
        ],
    }


def _methods(carried: "forecast.Forecast") -> list[dict[str, Any]]:
    return [
        {
            "indicator": code,
            "method": row["method"],
            "mae_damped": _plain(row["mae_damped"]),
            "mae_last": _plain(row["mae_last"]),
        }
        for code, row in carried.methods.to_dict("index").items()
    ]


def _plain(value: float, digits: int = 6) -> float | None:
    """Rounded to significant digits; None for what is not a finite number."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None
