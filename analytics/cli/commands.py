"""The commands of python -m analytics: which there are, and what each is given of the store."""

import argparse
import sys

from analytics.cli import allocate, rank
from analytics.cli import potential as potential_cli
from analytics.cli import scenario as scenario_cli
from analytics.index.composite import NotRanked
from analytics.index.design import DesignError
from analytics.index.recipe import RecipeError
from analytics.json_documents import DocumentError
from analytics.potential.panel import PotentialError
from analytics.scenario.base import ScenarioError
from data import store

ABOUT = (
    "Rankings, and how sure they are, from the command line: python -m analytics rank --recipe healthcare --year 2023."
)


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Returns 0 when done, 1 when the data do not allow it, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m analytics", description=ABOUT)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    rank.add_arguments(commands)
    potential_cli.add_arguments(commands)
    scenario_cli.add_arguments(commands)
    allocate.add_arguments(commands)
    options = parser.parse_args(arguments)
    run = {
        "rank": rank.rank,
        "robustness": rank.robustness,
        "potential": _potential,
        "scenario": _scenario,
        "allocate": allocate.run,
    }[options.command]
    try:
        return run(options)
    except (
        store.StoreError,
        store.DatabaseError,
        RecipeError,
        NotRanked,
        DesignError,
        PotentialError,
        DocumentError,
        ScenarioError,
        *allocate.FAULTS,
        OSError,
    ) as error:
        print(f"{options.command}: {error}", file=sys.stderr)
        return 1


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
        rank.candidacy_of(connection),
    )
