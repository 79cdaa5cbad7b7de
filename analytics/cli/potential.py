"""python -m analytics potential --recipe healthcare --json: what each market could be, and how sure that is."""

import argparse
import json
import math
import sys
from pathlib import Path

import pandas as pd

from analytics.index import recipe
from analytics.potential import fit as potential
from analytics.potential import panel

COLUMNS = ("actual", "predicted", "low", "high", "untapped")


def add_arguments(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "potential",
        help="what each market could be, given what similar markets are",
        description="Untapped potential of each market, predicted from what was known years earlier.",
    )
    parser.add_argument("--recipe", default="general", help=", ".join(recipe.NAMES))
    parser.add_argument("--year", type=int, help="the outcome's year (default: the latest well covered)")
    parser.add_argument(
        "--horizon", type=int, default=5, help="features are known this many years earlier (default: 5)"
    )
    parser.add_argument("--learner", default="best", help="best (default), or a learner's name such as ridge")
    parser.add_argument("--outcome", type=Path, metavar="FILE", help="CSV with iso3,value: your own outcome")
    parser.add_argument("--features", help="codes, separated by commas, instead of the recipe's features")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same numbers (default: 0)")
    parser.add_argument("--json", action="store_true", help="JSON with all measures instead of CSV")


def run(options: argparse.Namespace, history_of, markets: pd.DataFrame) -> int:
    """history_of(codes) gives observations; markets: the store's. Prints the estimate; raises PotentialError."""
    chosen = recipe.load(options.recipe)
    codes = [code.strip() for code in options.features.split(",")] if options.features else None
    history = history_of([*potential.history_codes(chosen), *(codes or ())])
    own = None
    if options.outcome:
        own = panel.own_outcome(_read(options.outcome), list(markets["iso3"]))
    year = options.year
    if year is None:
        year = (
            int(history["year"].max()) if own is not None and len(history) else potential.default_year(history, chosen)
        )
    table = markets.set_index("iso3")
    groups = pd.DataFrame({"region": table["wb_region"].fillna(table["region"]), "income_group": table["income_group"]})
    found = potential.fit(history, chosen, year, groups, options.horizon, options.learner, options.seed, own, codes)
    if options.json:
        print(json.dumps(summary(found), ensure_ascii=False, allow_nan=False))
    else:
        known = found.estimates[found.estimates["trained"]]
        print(known[list(COLUMNS)].map(_round).to_csv(lineterminator="\n"), end="")
    print(
        f"{found.n} markets, {found.outcome_title} {found.year}, {found.learner}; verdict {found.verdict}",
        file=sys.stderr,
    )
    for row in found.left_out.itertuples():
        print(f"left out: {row.feature}: {row.reason}", file=sys.stderr)
    return 0


def summary(fit: potential.PotentialFit) -> dict:
    """The fit as plain numbers; what could not be measured is null."""
    row = fit.comparison.loc[fit.learner]
    regions = fit.coverage_by[fit.coverage_by["kind"] == "region"]
    income = fit.coverage_by[fit.coverage_by["kind"] == "income_group"]
    known = fit.estimates["trained"]
    return {
        "recipe": fit.recipe.name,
        "outcome": fit.outcome_title,
        "unit": fit.outcome_unit,
        "year": fit.year,
        "features_by": fit.year - fit.horizon,
        "n": fit.n,
        "model": fit.learner,
        "features": list(fit.features.columns),
        "r2_random": _round(row["r2_random"]),
        "r2_leave_region_out": _round(row["r2_leave_region_out"]),
        "r2_time_split": _round(row["r2_time_split"]),
        "r2_growth": _round(fit.r2_growth),
        "coverage_90": _round(fit.coverage_90),
        "coverage_from": fit.coverage_from,
        "coverage_by_region": {r.group: {"n": r.n, "coverage": _round(r.coverage)} for r in regions.itertuples()},
        "coverage_by_income_group": {r.group: {"n": r.n, "coverage": _round(r.coverage)} for r in income.itertuples()},
        "verdict": fit.verdict,
        "checks": [
            {"name": c.name, "verdict": c.verdict, "figure": _round(c.figure), "advice": c.advice} for c in fit.checks
        ],
        "comparison": [
            {"learner": name, **{key: _round(value) for key, value in line.items()}}
            for name, line in fit.comparison.to_dict("index").items()
        ],
        "markets": _markets(fit.estimates[known], (*COLUMNS, "untapped_usd")),
        "without_outcome": _markets(fit.estimates[~known], ("predicted", "low", "high")),
    }


def _markets(estimates: pd.DataFrame, columns: tuple[str, ...]) -> list[dict]:
    return [
        {"iso3": iso3, **{column: _round(line[column], 6) for column in columns}}
        for iso3, line in estimates[list(columns)].to_dict("index").items()
    ]


def _round(value: object, digits: int = 4) -> object:
    """Rounded to significant digits; None for what is not a finite number."""
    if isinstance(value, str):
        return value
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{digits}g}")


def _read(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file, encoding="utf-8-sig", keep_default_na=False, dtype=str)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise panel.PotentialError(
            "{file} is not a CSV file with the columns iso3 and value: {error}", file=file.name, error=str(error)
        ) from error
