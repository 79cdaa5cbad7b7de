"""Rankings, and how sure they are, from the command line: python -m analytics rank --recipe healthcare --year 2023."""

import argparse
import json
import sys

import pandas as pd

from analytics import allocation_cli, candidates, index, potential_cli, recipe, scenario_cli, sensitivity, whatif
from analytics.candidates import Candidacy
from analytics.documents import DocumentError
from analytics.index import Ranking
from analytics.panel import PotentialError
from data import store

COLUMNS = ("iso3", "market", "score", "rank", "coverage")
ROBUSTNESS = ("iso3", "market", "rank", "low", "high", "p_top10")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0 when done, 1 when the data do not allow it, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m analytics", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
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
    potential_cli.add_arguments(commands)
    scenario_cli.add_arguments(commands)
    allocation_cli.add_arguments(commands)
    options = parser.parse_args(arguments)
    run = {
        "rank": _rank,
        "robustness": _robustness,
        "potential": _potential,
        "scenario": _scenario,
        "allocate": allocation_cli.run,
    }[options.command]
    try:
        return run(options)
    except (
        store.StoreError,
        store.DatabaseError,
        recipe.RecipeError,
        index.NotRanked,
        index.DesignError,
        PotentialError,
        DocumentError,
        whatif.ScenarioError,
        *allocation_cli.FAULTS,
        OSError,
    ) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1


def _rank(options: argparse.Namespace) -> int:
    result, names, year = _ranking(options)
    rounded = {"score": result.scores["score"].round(2), "coverage": result.scores["coverage"].round(3)}
    _print(result.scores.assign(market=names, **rounded), COLUMNS, options.format == "json")
    for ingredient in result.missing:
        print(f"not in the store: {ingredient.title} ({ingredient.measures[0].code})", file=sys.stderr)
    for ingredient in result.stand_ins:
        print(f"stand-in for {ingredient.title}: {' / '.join(result.measures[ingredient.key].codes)}", file=sys.stderr)
    print(
        f"{len(result.scores)} markets ranked, {len(result.unranked)} with too little data, by {year}", file=sys.stderr
    )
    for reason, left_out in result.aside.groupby("reason"):
        print(f"left out ({reason}): {', '.join(left_out.index)}; --all ranks them too", file=sys.stderr)
    return 0


def _robustness(options: argparse.Namespace) -> int:
    result, names, year = _ranking(options)
    found = sensitivity.monte_carlo(result, options.seed, options.draws)
    _print(found.ranks.round(4).assign(market=names), ROBUSTNESS, options.json)
    print(f"{len(result.scores)} markets, {found.draws} draws, seed {found.seed}, by {year}", file=sys.stderr)
    return 0


def _potential(options: argparse.Namespace) -> int:
    store.ensure()
    connection = store.connect()
    return potential_cli.run(options, lambda codes: store.series(connection, codes), store.markets(connection))


def _scenario(options: argparse.Namespace) -> int:
    store.ensure()
    connection = store.connect()

    def before(snapshot: str) -> str | None:
        return store.snapshot_after(connection, snapshot) if snapshot else None

    return scenario_cli.run(
        options,
        lambda codes, year, window, at: store.market_panel(connection, codes, year, window, before(at)),
        lambda codes, at: store.series(connection, codes, None, before(at)),
        store.markets(connection),
        _candidacy(connection),
    )


def _candidacy(connection: store.Connection) -> Candidacy:
    return candidates.from_settings(store.settings(connection), store.population(connection))


def _ranking(options: argparse.Namespace) -> tuple[Ranking, pd.Series, int]:
    """The ranking asked for, the markets' English names and the year."""
    chosen = recipe.load(options.recipe)
    store.ensure()
    connection = store.connect()
    latest = index.default_year(store.coverage(connection, chosen.codes), chosen)
    year = options.year if options.year is not None else latest or store.status(connection)["last_year"]
    groups = store.markets(connection).set_index("iso3")["income_group"]
    result = index.score(
        store.market_panel(connection, chosen.codes, year, chosen.window),
        chosen,
        groups=groups if groups.notna().any() else None,
        candidacy=None if options.all else _candidacy(connection),
    )
    return result, store.market_names(connection, "en").set_index("iso3")["name"], year


def _print(table: pd.DataFrame, columns: tuple[str, ...], as_json: bool) -> None:
    table = table.reset_index(names="iso3")[list(columns)]
    if as_json:
        print(json.dumps(table.to_dict("records"), ensure_ascii=False))
    else:
        print(table.to_csv(index=False, lineterminator="\n"), end="")


if __name__ == "__main__":
    sys.exit(main())
