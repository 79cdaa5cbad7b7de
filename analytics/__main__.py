"""Rankings from the command line: python -m analytics rank --recipe healthcare --year 2023 --format csv."""

import argparse
import json
import sys

from analytics import index, recipe
from data import store

COLUMNS = ("iso3", "market", "score", "rank", "coverage")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0 when done, 1 when the data do not allow it, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m analytics", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    ranking = commands.add_parser("rank", help="rank the markets under a recipe", description="Rank the markets.")
    ranking.add_argument("--recipe", default="general", help=", ".join(recipe.NAMES))
    ranking.add_argument("--year", type=int, help="what was known by this year (default: the latest well covered)")
    ranking.add_argument("--format", choices=("csv", "json"), default="csv")
    options = parser.parse_args(arguments)
    try:
        return _rank(options)
    except (store.StoreError, store.DatabaseError, recipe.RecipeError, index.MissingIndicators, OSError) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1


def _rank(options: argparse.Namespace) -> int:
    chosen = recipe.load(options.recipe)
    store.ensure()
    connection = store.connect()
    latest = index.default_year(store.coverage(connection, chosen.codes), chosen)
    year = options.year if options.year is not None else latest or store.status(connection)["last_year"]
    result = index.score(store.market_panel(connection, chosen.codes, year, chosen.window), chosen)
    names = store.market_names(connection, "en").set_index("iso3")["name"]
    rounded = {"score": result.scores["score"].round(2), "coverage": result.scores["coverage"].round(3)}
    table = result.scores.assign(market=names, **rounded).reset_index()[list(COLUMNS)]
    if options.format == "json":
        print(json.dumps(table.to_dict("records"), ensure_ascii=False))
    else:
        print(table.to_csv(index=False, lineterminator="\n"), end="")
    for ingredient in result.missing:
        print(f"not in the store: {ingredient.title} ({ingredient.measures[0].code})", file=sys.stderr)
    for ingredient in result.stand_ins:
        print(f"stand-in for {ingredient.title}: {' / '.join(result.measures[ingredient.key].codes)}", file=sys.stderr)
    print(f"{len(table)} markets ranked, {len(result.unranked)} with too little data, by {year}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
