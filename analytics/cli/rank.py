"""python -m analytics rank and robustness: who comes first, and how sure that is."""

import argparse
import json
import sys

import pandas as pd

from analytics.index import candidates, composite, recipe
from analytics.index.candidates import Candidacy
from analytics.index.composite import Ranking
from analytics.robustness import rank_intervals
from data import store

COLUMNS = ("iso3", "market", "score", "rank", "coverage")
ROBUSTNESS = ("iso3", "market", "rank", "low", "high", "p_top10")


def add_arguments(commands: argparse._SubParsersAction) -> None:
    ranking = commands.add_parser("rank", help="rank the markets under a recipe", description="Rank the markets.")
    ranking.add_argument("--recipe", default="general", help=", ".join(recipe.NAMES))
    ranking.add_argument("--year", type=int, help="what was known by this year (default: the latest well covered)")
    ranking.add_argument("--format", choices=("csv", "json"), default="csv")
    robust = commands.add_parser(
        "robustness",
        help="rank intervals under other weights, imputations, normalisations, treatments and aggregations",
        description="Rank, its 5th and 95th percentile and the chance of being among the first 10, market by market.",
    )
    robust.add_argument("--recipe", default="general", help=", ".join(recipe.NAMES))
    robust.add_argument("--year", type=int, help="what was known by this year (default: the latest well covered)")
    robust.add_argument("--draws", type=int, default=10_000, help="indices to build (default: 10000)")
    robust.add_argument("--seed", type=int, default=0, help="the same seed gives the same numbers (default: 0)")
    robust.add_argument("--json", action="store_true", help="JSON instead of CSV")
    for command in (ranking, robust):
        command.add_argument("--all", action="store_true", help="rank home, present, small and little-known ones too")


def rank(options: argparse.Namespace) -> int:
    """Print the ranking, and to standard error what is missing and who is left out."""
    result, names, year = _ranking(options)
    rounded = {"score": result.scores["score"].round(2), "coverage": result.scores["coverage"].round(3)}
    _print(result.scores.assign(market=names, **rounded), COLUMNS, options.format == "json")
    for ingredient in result.missing:
        print(f"not in the store: {ingredient.title} ({ingredient.measures[0].code})", file=sys.stderr)
    for ingredient in result.proxies:
        print(f"stand-in for {ingredient.title}: {' / '.join(result.measures[ingredient.key].codes)}", file=sys.stderr)
    print(
        f"{len(result.scores)} markets ranked, {len(result.unranked)} with too little data, by {year}", file=sys.stderr
    )
    for reason, left_out in result.aside.groupby("reason"):
        print(f"left out ({reason}): {', '.join(left_out.index)}; --all ranks them too", file=sys.stderr)
    return 0


def robustness(options: argparse.Namespace) -> int:
    """Print rank intervals, market by market."""
    result, names, year = _ranking(options)
    found = rank_intervals.monte_carlo(result, options.seed, options.draws)
    _print(found.ranks.round(4).assign(market=names), ROBUSTNESS, options.json)
    print(f"{len(result.scores)} markets, {found.draws} draws, seed {found.seed}, by {year}", file=sys.stderr)
    return 0


def candidacy_of(connection: store.Connection) -> Candidacy:
    """Who may be ranked by the settings in the store."""
    return candidates.from_settings(store.settings(connection), store.population(connection))


def _ranking(options: argparse.Namespace) -> tuple[Ranking, pd.Series, int]:
    """The ranking asked for, the markets' English names and the year."""
    chosen = recipe.load(options.recipe)
    store.ensure()
    connection = store.connect()
    latest = composite.default_year(store.coverage(connection, chosen.codes), chosen)
    year = options.year if options.year is not None else latest or store.status(connection)["last_year"]
    groups = store.markets(connection).set_index("iso3")["income_group"]
    result = composite.score(
        store.market_panel(connection, chosen.codes, year, chosen.window),
        chosen,
        groups=groups if groups.notna().any() else None,
        candidacy=None if options.all else candidacy_of(connection),
    )
    return result, store.market_names(connection, "en").set_index("iso3")["name"], year


def _print(table: pd.DataFrame, columns: tuple[str, ...], as_json: bool) -> None:
    table = table.reset_index(names="iso3")[list(columns)]
    if as_json:
        print(json.dumps(table.to_dict("records"), ensure_ascii=False))
    else:
        print(table.to_csv(index=False, lineterminator="\n"), end="")
